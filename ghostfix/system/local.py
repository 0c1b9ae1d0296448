"""The machine at hand: what can be asked of it, and what can be done to it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from ghostfix.model.machine import CommandAnswer, Note, Signal, Touch
from ghostfix.model.manager_signs import ManagerSigns
from ghostfix.model.process import Process, ProcessId
from ghostfix.model.snapshot import HttpAnswer
from ghostfix.model.text_units import utc_text
from ghostfix.system import commands, file_writes, folders, locks, spawn
from ghostfix.system.folder_locks import FolderLocks
from ghostfix.system.read_only_system import ReadOnlySystem
from ghostfix.system.signals import Signaller


class _Notebook:
    """Whom the act that goes on has touched, as far as it is noted."""

    def __init__(self, note: Note) -> None:
        self.note = note
        self._held: set[ProcessId] = set()

    def held(self, processes: Sequence[Process]) -> None:
        fresh = tuple(process for process in processes if process.id not in self._held)
        if fresh:
            self.note(Touch.HELD, fresh)
            self._held.update(process.id for process in fresh)


class LocalSystem(ReadOnlySystem):
    """Implements ``machine.ActingSystem`` for Linux and macOS: what each member does stands there."""

    move_aside = staticmethod(file_writes.move_aside)
    move_back = staticmethod(file_writes.move_back)
    replace = staticmethod(file_writes.replace)
    create = staticmethod(file_writes.create)
    save = staticmethod(file_writes.save)
    remove = staticmethod(file_writes.remove)
    append = staticmethod(file_writes.append)
    remove_empty_folder = staticmethod(file_writes.remove_empty_folder)
    make_folder = staticmethod(folders.make_folder)
    make_private_folder = staticmethod(folders.make_private_folder)
    lock = staticmethod(locks.held)
    attach = staticmethod(commands.attach)

    def __init__(self, managers: Sequence[ManagerSigns] = ()) -> None:
        super().__init__(managers)
        self._signaller = signaller = Signaller(self._table, lambda: (os.getpid(), *self._ancestors()))
        self.pin, self.unpin = signaller.pin, signaller.unpin
        self.wait_gone, self.wait_state = signaller.wait_gone, signaller.wait_state
        self._notebook: _Notebook | None = None
        self._folder_locks = FolderLocks(self._named)
        self.lock_folder, self.lock_shared = self._folder_locks.own, self._folder_locks.common

    @contextmanager
    def noting(self, note: Note) -> Iterator[None]:
        """Has ``note`` called with whom an act touches, while the context lasts."""
        self._notebook = _Notebook(note)
        try:
            yield
        finally:
            self._notebook = None

    def note_held(self, processes: Sequence[Process]) -> None:
        """Has those of them noted that are not noted yet."""
        if self._notebook is not None:
            self._notebook.held(processes)

    def signal(self, process: Process, signal: Signal) -> None:
        """Signals this very process, or raises ChangedError or StepError."""
        if signal is Signal.STOP:
            self.note_held((process,))
        self._signaller.signal(process, signal)

    def spawn(
        self,
        argv: Sequence[str],
        cwd: str,
        variables: Mapping[str, str],
        log: str,
        *,
        user: str | None = None,
        note: bytes = b"",
        mark: str = "",
    ) -> Process:
        """Starts a command that outlives ghostfix, as ``user`` when we are root."""
        process = spawn.spawn(self._table, argv, cwd, variables, log, user=user, note=note, mark=mark)
        if self._notebook is not None:
            self._notebook.note(Touch.STARTED, (process,))
        return process

    def command(
        self,
        argv: Sequence[str],
        timeout: float,
        stdin: bytes = b"",
        cwd: str | None = None,
        user: str | None = None,
        *,
        to_its_end: bool = False,
    ) -> CommandAnswer:
        """Runs a command that may change the machine."""
        held = self._folder_locks.shared if to_its_end else ()
        return commands.run(argv, timeout, stdin=stdin, cwd=cwd, user=user, to_its_end=to_its_end, locks=held)

    def _named(self, pid: int) -> str:
        process = self._table.one(pid)
        if process is None:
            return f"process {pid}"
        since = utc_text(process.id.started)
        return f"process {pid} ({process.name}) of {process.user}, which runs since {since}"

    def post(
        self, url: str, body: bytes, timeout: float, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """POSTs a JSON body, bounded as ``get`` is."""
        from ghostfix.system import http

        wanted = {"Content-Type": "application/json", **(headers or {})}
        return http.request("POST", url, timeout, body=body, headers=wanted)
