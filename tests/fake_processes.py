"""The processes of the in-memory machine: they are born, hear signals, listen, and leave orphans."""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import structs

from ghostfix.model.invocation import read_argv
from ghostfix.model.machine import Caller, Platform, Signal, same_process
from ghostfix.model.process import Birth, Listener, Process, ProcessDetail, ProcessId, ProcessState, Variable
from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import NetworkCounters, Resources
from tests.fake_file_acts import FakeFileActs

_FIRST_SPAWNED = 31_001


@dataclass
class FakeProcess:
    """One process, and how it behaves."""

    record: Process
    detail: ProcessDetail
    serial: int
    """Tells two processes apart that had the same PID at the same time stamp."""
    ignores_term: bool = False
    """Only KILL ends it."""
    ends_after: float = 0.0
    """Seconds from the signal that ends it to its end."""
    ends_children: bool = False
    """Asked to end, it ends its descendants too, as a master does its workers."""
    reaps: bool = True
    """Its children leave nothing behind; otherwise they become zombies."""
    waiting: list[Signal] = field(default_factory=list)
    """Signals that came while it was stopped."""

    @property
    def pid(self) -> int:
        return self.record.id.pid


@dataclass
class Measures:
    """What the machine's resources are, beside its processes."""

    cpu_load: float = 0.4
    cpu_count: int = 4
    memory_percent: float = 35.0
    swap_percent: float = 0.0
    disk_percent: float = 20.0
    user_process_limit: int | None = 4096
    net: NetworkCounters | None = field(default_factory=lambda: NetworkCounters(1000, 2000, 10, 20))


class FakeProcesses(FakeFileActs):
    """Processes and their listening sockets; they come, and they end."""

    def __init__(self, platform: Platform, caller: Caller | None, now: float) -> None:
        super().__init__(platform, caller, now)
        self.table: dict[int, FakeProcess] = {}
        self.sockets: list[Listener] = []
        self.measures = Measures()
        self.problems: dict[str, str] = {}
        self.elsewhere: set[int] = set()
        """PIDs of another PID namespace."""
        """Why ``processes``, ``listeners`` or ``resources`` cannot be read whole."""
        self.on_end: list[Callable[[Process], None]] = []
        """Called with each process that has ended."""
        self._endings: list[tuple[float, int]] = []
        self._serials = 0
        self._next_pid = _FIRST_SPAWNED
        self.after_each_tick.append(self._end_the_due)
        self._add_own()

    def _add_own(self) -> None:
        linux = self._platform is Platform.LINUX
        me = self._caller
        up = self.now() - 3 * 86_400
        self.add_process(1, ("/sbin/init",) if linux else ("/sbin/launchd",), ppid=0, uid=0, started=up)
        names = [("ghostfix", "diagnose"), ("-bash",), ("sshd: ghost@pts/0",)]
        chain = [me.pid, *me.ancestors]
        for pid, parent, argv in zip(chain, chain[1:], names, strict=False):
            if pid > 1:
                self.add_process(pid, argv, ppid=parent, uid=me.uid, started=self.now() - 60, cwd=me.cwd)

    # building

    def add_process(
        self,
        pid: int,
        argv: Sequence[str],
        ppid: int = 1,
        uid: int | None = None,
        cwd: str | None = None,
        started: float | None = None,
        listens: Sequence[int | tuple[str, int]] = (),
        state: ProcessState = ProcessState.SLEEPING,
        *,
        name: str | None = None,
        group: int | None = None,
        session: int | None = None,
        variables: Mapping[str, str] | None = None,
        detail: ProcessDetail | None = None,
        ignores_term: bool = False,
        ends_after: float = 0.0,
        ends_children: bool = False,
        reaps: bool = True,
    ) -> FakeProcess:
        """A process that runs; started a day ago unless told. Ports are on 127.0.0.1 unless told."""
        assert pid not in self.table, f"there is a process {pid} already"
        uid = self._caller.uid if uid is None else uid
        started = self.now() - 86_400 if started is None else started
        program = argv[0] if argv else "kthread"
        record = Process(
            id=ProcessId(pid, started),
            ppid=ppid,
            name=name or posixpath.basename(program.split(" ")[0])[:15],
            argv=() if state is ProcessState.ZOMBIE else tuple(argv),
            uid=uid,
            user=self.users.get(uid, str(uid)),
            state=state,
            group=pid if group is None else group,
            session=self._session(pid, ppid) if session is None else session,
            memory_bytes=0 if state is ProcessState.ZOMBIE else 20_000_000,
            birth=Birth(round((started - self._started) * 100), self.boot_id),
        )
        self._serials += 1
        self.table[pid] = FakeProcess(
            record,
            detail or self._detail(argv, cwd, variables or {}),
            self._serials,
            ignores_term,
            ends_after,
            ends_children,
            reaps,
        )
        for port in listens:
            self.listen(pid, port)
        return self.table[pid]

    def _session(self, pid: int, ppid: int) -> int:
        """A child is in its parent's, as fork(2) leaves it; what PID 1 has started leads one of its own."""
        parent = self.table.get(ppid)
        return pid if parent is None or ppid <= 1 else parent.record.session

    def add_zombie(self, pid: int, ppid: int, name: str = "sleep", uid: int | None = None) -> FakeProcess:
        """A dead child that its parent has not reaped; the parent does not reap from now on."""
        if ppid in self.table:
            self.table[ppid].reaps = False
        return self.add_process(pid, (), ppid=ppid, uid=uid, state=ProcessState.ZOMBIE, name=name)

    def listen(self, pid: int, port: int | tuple[str, int]) -> None:
        """Lets a process listen on a port (of 127.0.0.1, or of the address in front of it)."""
        address, number = ("127.0.0.1", port) if isinstance(port, int) else port
        uid = self.table[pid].record.uid if pid in self.table else None
        self._inodes += 1
        self.sockets.append(
            Listener(address=address, port=number, owners=(pid,), inode=self._inodes, uid=uid)
        )

    def end(self, pid: int) -> None:
        """Ends a process as if it had exited: its sockets close, its children become orphans."""
        self._end(self.table[pid])

    def reuse(self, pid: int, argv: Sequence[str], *, started: float | None = None) -> FakeProcess:
        """Ends a process and gives its PID to another one, by default at the very same time stamp."""
        former = self.table[pid].record
        self.table[pid].reaps = True
        self._end(self.table[pid], leave_zombie=False)
        at = former.id.started if started is None else started
        return self.add_process(pid, argv, uid=former.uid, started=at)

    def set_clock(self, seconds: float) -> None:
        """Sets the wall clock forward (or back): every start time is told by the clock as it is now."""
        self._started += seconds
        for one in self.table.values():
            moved = ProcessId(one.pid, one.record.id.started + seconds)
            one.record = structs.replace(one.record, id=moved)

    def start_again(self, boot_id: str) -> None:
        """Shuts the machine down and starts it again: no process is left but the first and ghostfix."""
        self.boot_id = boot_id
        self.table.clear()
        self.sockets.clear()
        self._endings.clear()
        self._add_own()

    def running(self, *words: str) -> tuple[Process, ...]:
        """The live processes whose argv ends with these words, by PID."""
        return tuple(
            one.record
            for _, one in sorted(self.table.items())
            if one.record.alive and one.record.argv[-len(words) :] == words
        )

    def next_pid(self) -> int:
        """A PID that no process has had."""
        self._next_pid += 1
        return self._next_pid - 1

    def _detail(self, argv: Sequence[str], cwd: str | None, variables: Mapping[str, str]) -> ProcessDetail:
        invocation = read_argv(argv)
        program = None if invocation is None else invocation.program
        path = self.program(program) if program is not None else None
        launcher = variables.get("__PYVENV_LAUNCHER__")  # of a framework build on macOS
        called = launcher or path or program
        interpreter = called if invocation is not None and invocation.is_python else None
        prefix = None if interpreter is None else self._prefix(interpreter)
        return ProcessDetail(
            executable=None if path is None and program is None else self.resolve(path or program or ""),
            cwd=self._caller.home if cwd is None else cwd,
            interpreter=interpreter,
            prefix=prefix,
            resolved_prefix=None if prefix is None else self.resolve(prefix),
            environment=tuple(Variable(name, value) for name, value in sorted(variables.items())),
            open_files=(),
            open_file_count=8,
            open_file_limit=1024,
            control_group="/" if self._platform is Platform.LINUX else None,
        )

    def _prefix(self, interpreter: str) -> str | None:
        folder = posixpath.dirname(interpreter)
        for candidate in (folder, posixpath.dirname(folder)):
            if self.resolve(f"{candidate}/pyvenv.cfg") in self.files:
                return candidate
        resolved = self.resolve(interpreter)
        return posixpath.dirname(posixpath.dirname(resolved)) if resolved in self.files else None

    # looking

    def processes(self) -> Reading[tuple[Process, ...]]:
        found = tuple(one.record for _, one in sorted(self.table.copy().items()))
        problem = self.problems.get("processes")
        return Reading(found, problem, complete=problem is None)

    def process(self, pid: int) -> Process | None:
        found = self.table.get(pid)
        return None if found is None else found.record

    def detail(self, process: Process) -> ProcessDetail:
        found = self.table.get(process.pid)
        if found is None or not found.record.alive or not same_process(found.record, process):
            return ProcessDetail()
        return found.detail

    def cwd(self, process: Process) -> str | None:
        return self.detail(process).cwd

    def is_elsewhere(self, process: Process) -> bool:
        return process.pid in self.elsewhere

    def environment(self, process: Process) -> tuple[Variable, ...] | None:
        return self.detail(process).environment

    def listeners(self) -> Reading[tuple[Listener, ...]]:
        problem = self.problems.get("listeners")
        return Reading(tuple(self.sockets), problem, complete=problem is None)

    def resources(self, directory: str) -> Reading[Resources | None]:
        problem = self.problems.get("resources")
        if problem is not None:
            return Reading(None, problem, complete=False)
        records = [one.record for one in self.table.copy().values()]
        measures = self.measures
        return Reading(
            Resources(
                cpu_load=measures.cpu_load,
                cpu_count=measures.cpu_count,
                memory_percent=measures.memory_percent,
                swap_percent=measures.swap_percent,
                disk_percent=measures.disk_percent,
                process_count=len(records),
                zombie_count=sum(record.state is ProcessState.ZOMBIE for record in records),
                user_process_count=sum(record.uid == self._caller.uid for record in records),
                user_process_limit=measures.user_process_limit,
                net=measures.net,
            )
        )

    # within

    def _end_the_due(self) -> None:
        due = {serial for at, serial in self._endings if at <= self.monotonic() + 1e-9}
        self._endings = [(at, serial) for at, serial in self._endings if serial not in due]
        for process in [one for one in self.table.values() if one.serial in due]:
            if self.table.get(process.pid) is process:
                self._end(process)

    def _end(self, found: FakeProcess, *, leave_zombie: bool = True) -> None:
        pid = found.pid
        children = [one for one in self.table.values() if one.record.ppid == pid]
        if found.ends_children:
            for child in children:
                if child.record.alive and child.pid in self.table:
                    self._end(child, leave_zombie=False)
        del self.table[pid]
        for child in [one for one in self.table.values() if one.record.ppid == pid]:
            if child.record.alive:
                child.record = structs.replace(child.record, ppid=1)
            else:
                del self.table[child.pid]  # PID 1 reaps it
        self._close_sockets(pid)
        parent = self.table.get(found.record.ppid)
        if leave_zombie and parent is not None and not parent.reaps and parent.record.alive:
            found.record = structs.replace(found.record, state=ProcessState.ZOMBIE, argv=())
            self.table[pid] = found
        for ended in tuple(self.on_end):
            ended(found.record)

    def _close_sockets(self, pid: int) -> None:
        kept = []
        for socket in self.sockets:
            owners = tuple(owner for owner in socket.owners if owner != pid)
            if owners or not socket.owners:
                kept.append(structs.replace(socket, owners=owners))
        self.sockets = kept
