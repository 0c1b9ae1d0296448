"""Acts on the processes of the in-memory machine: signals, waiting for them to work, and starting one."""

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from msgspec import structs

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import Caller, Note, Platform, Signal, Touch, same_process, same_start
from ghostfix.model.process import Process, ProcessId, ProcessState
from ghostfix.model.snapshot import FileKind
from tests.fake_processes import FakeProcess, FakeProcesses

_ENDING = (Signal.TERM, Signal.INT, Signal.HUP, Signal.QUIT, Signal.USR1, Signal.USR2)


class FakeProcessActs(FakeProcesses):
    """Signals as a kernel delivers them: a stopped process hears TERM only when it goes on."""

    def __init__(self, platform: Platform, caller: Caller | None, now: float) -> None:
        super().__init__(platform, caller, now)
        self.on_spawn: list[Callable[[FakeProcess], None]] = []
        """Called with each process that ``spawn`` started: what it listens on, whether it lives."""
        self._pinned: dict[ProcessId, int] = {}
        self._note: Note | None = None
        self._noted: set[ProcessId] = set()

    def pin(self, process: Process) -> None:
        found = self.table.get(process.pid)
        if found is not None and (self._is_the_one(found, process) or self._looks_like(found, process)):
            self._pinned.setdefault(process.id, found.serial)

    def unpin(self) -> None:
        self._pinned.clear()

    @contextmanager
    def noting(self, note: Note) -> Iterator[None]:
        self._note, self._noted = note, set()
        try:
            yield
        finally:
            self._note = None

    def note_held(self, processes: Sequence[Process]) -> None:
        fresh = tuple(process for process in processes if process.id not in self._noted)
        if self._note is not None and fresh:
            self._note(Touch.HELD, fresh)
            self._noted.update(process.id for process in fresh)

    def signal(self, process: Process, signal: Signal) -> None:
        if signal is Signal.STOP:
            self.note_held((process,))
        pid = process.pid
        if pid <= 1 or pid in self._caller.own_pids:
            raise ChangedError(f"pid {pid} is never signalled")
        found = self.table.get(pid)
        if found is None or not found.record.alive or not self._is_the_one(found, process):
            raise ChangedError(f"pid {pid} is gone, or is another process")
        if self._pinned.get(process.id, found.serial) != found.serial:
            raise ChangedError(f"pid {pid} is another process")
        if self._caller.uid not in (0, found.record.uid):
            raise StepError(f"pid {pid}: Operation not permitted")
        self._did("signal", str(pid), signal.value)
        self._deliver(found, signal)

    def wait_gone(self, process: Process, seconds: float) -> bool:
        serial = self._pinned.get(process.id)
        if serial is None:
            return self._wait_until(lambda: not self._is_there(process), seconds)

        def ended() -> bool:
            found = self.table.get(process.pid)
            return found is None or found.serial != serial or not found.record.alive

        return self._wait_until(ended, seconds)

    def wait_state(self, process: Process, stopped: bool, seconds: float) -> bool:
        def met() -> bool:
            found = self._found(process)
            return found is not None and (found.record.state is ProcessState.STOPPED) is stopped

        return self._wait_until(met, seconds)

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
        if self.files.get(self.resolve(cwd)) is None:
            raise StepError(f"{cwd}: No such file or directory")
        if self.program(posixpath.join(cwd, argv[0]) if "/" in argv[0] else argv[0]) is None:
            raise StepError(f"{argv[0]}: No such file or directory")
        self.make_folder(posixpath.dirname(log))
        self._writable(log)
        node = self.files.get(self._parent_resolved(log))
        if node is None:
            self._new(log, b"", 0o644)
        elif node.kind is FileKind.FOLDER:
            raise StepError(f"{log}: Is a directory")
        if note:
            self.append(log, note, 0o644)
        self._did("spawn", " ".join(argv), cwd)
        uid = next((number for number, name in self.users.items() if name == user), None)
        pid = self.next_pid()
        own = {mark: f"{variables[mark]}:{pid}"} if mark else {}
        environment = {**self.variables, **variables, **own}
        process = self.add_process(pid, argv, cwd=cwd, uid=uid, started=self.now(), variables=environment)
        process.detail = structs.replace(process.detail, open_files=(self.resolve(log),))
        record = process.record
        for spawned in tuple(self.on_spawn):
            spawned(process)
        if self._note is not None:
            self._note(Touch.STARTED, (record,))
        return record

    # within

    def _is_the_one(self, found: FakeProcess, process: Process) -> bool:
        """By its argv, too, unless it was pinned."""
        return same_process(found.record, process) or self._pinned.get(process.id) == found.serial

    def _looks_like(self, found: FakeProcess, process: Process) -> bool:
        """Whether only its argv is another, and it executes the same file as it did."""
        executable = None if process.detail is None else process.detail.executable
        return (
            executable is not None
            and found.detail.executable == executable
            and same_start(found.record, process)
        )

    def _is_there(self, process: Process) -> bool:
        found = self.table.get(process.pid)
        return found is not None and found.record.alive and same_start(found.record, process)

    def _found(self, process: Process) -> FakeProcess | None:
        found = self.table.get(process.pid)
        if found is None or not found.record.alive or not self._is_the_one(found, process):
            return None
        return None if self._pinned.get(process.id, found.serial) != found.serial else found

    def _deliver(self, found: FakeProcess, signal: Signal) -> None:
        state = found.record.state
        if state is ProcessState.UNINTERRUPTIBLE:
            found.waiting.append(signal)
        elif signal is Signal.KILL:
            self._end(found)
        elif signal is Signal.STOP:
            found.record = structs.replace(found.record, state=ProcessState.STOPPED)
        elif signal is Signal.CONT:
            self._go_on(found)
        elif state is ProcessState.STOPPED:
            found.waiting.append(signal)
        elif signal in _ENDING and not found.ignores_term:
            self._ask_to_end(found)

    def _go_on(self, found: FakeProcess) -> None:
        if found.record.state is ProcessState.STOPPED:
            found.record = structs.replace(found.record, state=ProcessState.SLEEPING)
        waiting, found.waiting = found.waiting, []
        for signal in waiting:
            if found.pid in self.table:
                self._deliver(found, signal)

    def _ask_to_end(self, found: FakeProcess) -> None:
        if found.ends_after > 0:
            self._endings.append((self.monotonic() + found.ends_after, found.serial))
        else:
            self._end(found)
