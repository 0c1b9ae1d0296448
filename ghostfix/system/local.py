"""The machine at hand: what can be asked of it, and what can be done to it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from ghostfix.model.errors import StepError
from ghostfix.model.machine import CommandAnswer, Note, Signal, Touch
from ghostfix.model.manager_signs import ManagerSigns
from ghostfix.model.process import Process, ProcessId
from ghostfix.model.snapshot import FileStatus, HttpAnswer
from ghostfix.model.text_units import utc_text
from ghostfix.system import commands, file_writes, folders, locks, spawn
from ghostfix.system.decoding import reason
from ghostfix.system.folder_locks import FolderLocks
from ghostfix.system.read_only_system import LookingSystem
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


class LocalSystem(LookingSystem):
    """Implements ``machine.ActingSystem`` for Linux and macOS."""

    def __init__(self, managers: Sequence[ManagerSigns] = ()) -> None:
        super().__init__(managers)
        self._signaller = Signaller(self._table, lambda: (os.getpid(), *self._ancestors()))
        self._notebook: _Notebook | None = None
        self._folder_locks = FolderLocks(self._named)

    def pin(self, process: Process) -> None:
        """Keeps hold of this process, where the kernel can."""
        self._signaller.pin(process)

    def unpin(self) -> None:
        """Lets go of every process that was pinned."""
        self._signaller.unpin()

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

    def wait_gone(self, process: Process, seconds: float) -> bool:
        """Waits until this process has ended."""
        return self._signaller.wait_gone(process, seconds)

    def wait_state(self, process: Process, stopped: bool, seconds: float) -> bool:
        """Waits until this process is stopped, or is not."""
        return self._signaller.wait_state(process, stopped, seconds)

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

    def attach(self, argv: Sequence[str], cwd: str, variables: Mapping[str, str]) -> int:
        """Runs a command with our own input and output; raises StepError when it cannot be started."""
        try:
            return commands.attach(argv, cwd, variables)
        except (OSError, ValueError, IndexError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            raise StepError(f"{argv[0] if argv else 'nothing'} cannot be started: {why}") from error

    def move_aside(self, path: str, expected: FileStatus, content: bytes | None = None) -> str:
        """Renames a file or folder to a free name beside it."""
        return file_writes.move_aside(path, expected, content)

    def move_back(self, aside: str, path: str) -> None:
        """Undoes ``move_aside``."""
        file_writes.move_back(aside, path)

    def replace(self, path: str, content: bytes, expected: FileStatus, before: bytes) -> None:
        """Replaces a file's content atomically."""
        file_writes.replace(path, content, expected, before)

    def create(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Creates a file that does not exist."""
        file_writes.create(path, content, mode)

    def remove_empty_folder(self, path: str) -> None:
        """Removes a folder that has nothing in it."""
        file_writes.remove_empty_folder(path)

    def save(self, path: str, content: bytes) -> None:
        """Writes a file that the user named."""
        file_writes.save(path, content)

    def remove(self, path: str, expected: FileStatus, content: bytes) -> None:
        """Removes a file that ghostfix itself made."""
        file_writes.remove(path, expected, content)

    def make_folder(self, path: str, mode: int = 0o755) -> None:
        """Makes a folder and its parents."""
        folders.make_folder(path, mode)

    def make_private_folder(self, path: str) -> None:
        """Makes a folder and its parents, closed to everybody else."""
        folders.make_private_folder(path)

    def append(self, path: str, content: bytes, mode: int = 0o600) -> None:
        """Appends to a file, durably."""
        file_writes.append(path, content, mode)

    def lock(self, path: str, note: bytes) -> AbstractContextManager[None]:
        """Holds a kernel lock on a file while the context lasts."""
        return locks.held(path, note)

    def lock_folder(self, path: str) -> AbstractContextManager[None]:
        """Holds a kernel lock on a folder while the context lasts."""
        return self._folder_locks.own(path)

    def lock_shared(self, path: str, user: str | None, seconds: float) -> AbstractContextManager[None]:
        """Holds a kernel lock on what several repairs may edit, while the context lasts."""
        return self._folder_locks.common(path, user, seconds)

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
