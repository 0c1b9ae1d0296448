"""Starts exactly one instance of the service, detached from the terminal."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import structs

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, System, same_start
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.safe_text import shown_argv
from ghostfix.model.service import Service
from ghostfix.model.step import Captured, Fact, Phase, Refused, Step, Unneeded
from ghostfix.model.text_units import utc_stamp
from ghostfix.service.instance import is_service
from ghostfix.service.running_instances import running_instances
from ghostfix.service.trust import wrong_runner
from ghostfix.steps.terminate import end_tree, living

MARK = "GHOSTFIX_STARTED"
"""The environment variable by which an instance that ghostfix started is known again.

``SERVICE:GHOSTFIX:PID``; PID is that of the process that was started; one that inherits it has another.
"""

_SECONDS_TO_LISTEN = 10.0
_SECONDS_TO_LIVE = 2.0
_POLL_EVERY = 0.2
_TAIL = 8192
_LINES_SHOWN = 3
# The kernel's clock ticks, and boot time is an estimate: start times may read a little early.
_CLOCK_TOLERANCE = 2.0


class StartService(Step, frozen=True, kw_only=True, tag="start-service"):
    """Starts the profile's command in its directory, output to its log; sees it through its first seconds."""

    phase: ClassVar[Phase] = Phase.START
    title: ClassVar[str] = "Starts exactly one instance of the service"

    service: Service
    user: str = ""
    """The user as which root starts it; empty for the caller."""

    def preview(self) -> str:
        user = f" as {self.user}" if self.user else ""
        return (
            f"start {self.service.name}{user}: {shown_argv(self.service.start_command, 200)} "
            f"in {self.service.directory}, output to {self.service.start_log}"
        )

    def run_as(self, user: str) -> Step:
        return structs.replace(self, user=user)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        if self.service.manager != "none":
            return Refused(f"{self.service.manager} starts {self.service.name}, not ghostfix")
        processes = system.processes()
        own = system.caller().pid
        if not processes.complete and all(process.pid != own for process in processes.value):
            return Refused(f"it cannot be seen whether an instance runs: {processes.problem}")
        running = running_instances(system, self.service)
        if running:
            return Unneeded(f"an instance runs already: pid {', '.join(str(one.pid) for one in running)}")
        return (
            _missing(system, self.service, self.user or None)
            or _port_taken(system, self.service)
            or _not_ours(system, self.service, self.user)
        )

    def capture(self, system: System) -> Captured:
        facts = [Fact("mark", _mark(system, self.service)), Fact("after", repr(system.now()))]
        own = system.process(system.caller().pid)
        if own is not None and own.birth is not None:
            facts += [Fact("boot", own.birth.boot), Fact("ticks", str(own.birth.ticks))]
        return Captured(facts=tuple(facts))

    def apply(self, system: ActingSystem) -> str:
        service = self.service
        log = service.start_log
        status = system.status(log).value
        at = utc_stamp(system.now())
        note = f"--- ghostfix started {service.name} at {at} ---\n".encode()
        process = system.spawn(
            service.start_command,
            service.directory,
            _variables(system, service, self.user or None),
            log,
            user=self.user or None,
            note=note,
            mark=MARK,
        )
        return _see_through(system, service, process, len(note) + (0 if status is None else status.size))

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        mark = captured.fact("mark") or ""
        if self._other_boot(system, captured):
            return "the machine was started again since: the instance that was started ended with that"
        carriers = [process for process in system.processes().value if process.alive]
        known = {process.pid for process in living(system, (*captured.started, *captured.held))}
        ours = [one for one in carriers if one.pid in known or self._is_ours(system, one, mark, captured)]
        said = self._end(system, ours)
        left = [one for one in living(system, carriers) if _mark_of(system, one).startswith(f"{mark}:")]
        named = ", ".join(f"pid {one.pid} ({shown_argv(one.argv, 80)})" for one in left)
        return f"{said}; what it started goes on by itself: {named}" if named else said

    def _other_boot(self, system: System, captured: Captured) -> bool:
        boot = captured.fact("boot")
        return bool(boot and system.boot()) and boot != system.boot()

    def _is_ours(self, system: System, process: Process, mark: str, captured: Captured) -> bool:
        """Whether this step started it: it has the mark with its own PID, or is the instance left by that.

        A process that is merely started below inherits the mark, a daemon that the profile does not name
        perhaps. Raises ChangedError where it cannot be seen.
        """
        if not _came_after(process, captured):
            return False
        detail = system.detail(process)
        runs_service = is_service(self.service, structs.replace(process, detail=detail))
        if detail.environment is None and runs_service:
            raise ChangedError(
                f"pid {process.pid} runs {self.service.name}; whether ghostfix started it cannot be seen"
            )
        marked = detail.variable(MARK) or ""
        # The mark without a PID is that of a version before this one.
        return marked == f"{mark}:{process.pid}" or (
            runs_service and (marked == mark or marked.startswith(f"{mark}:"))
        )

    def _end(self, system: ActingSystem, ours: Sequence[Process]) -> str:
        """Ends each tree among them; its root may have ended in an undo that was cut short."""
        pids = {process.pid for process in ours}
        tops = [process for process in ours if process.ppid not in pids]
        below = [process for process in ours if process.ppid in pids]
        stop = self.service.stop
        accounts = [end_tree(system, top, below, stop.signal, stop.grace) for top in tops]
        return "; ".join(accounts) or "the instance that was started does not run any more"


def _missing(system: System, service: Service, user: str | None) -> Refused | None:
    """What is not there that the start needs."""
    if not service.start_command:
        return Refused(f"the profile does not say how to start {service.name}")
    program = service.start_command[0]
    if "/" in program:
        path = service.path(program)
        found = system.status(system.resolve(path)).value is not None
    else:
        found = system.program(program, user) is not None
    if not found and user is not None and "/" not in program:
        return Refused(
            f"{program}, which starts {service.name}, is not on the PATH of {user}'s programs "
            f"({system.search_path(user)}): name it in `start` with its folder"
        )
    if not found:
        return Refused(f"{program}, which starts {service.name}, is not there")
    if system.status(system.resolve(service.directory)).value is None:
        return Refused(f"{service.directory} is not there")
    return None


def _not_ours(system: System, service: Service, user: str) -> Refused | None:
    """Whether another user could change what is started, and with whose rights."""
    program = service.start_command[0]
    paths = (service.directory, service.path(program)) if "/" in program else (service.directory,)
    problem = wrong_runner(system, paths, user)
    return None if problem is None else Refused(problem)


def _port_taken(system: System, service: Service) -> Refused | None:
    for listener in system.listeners().value:
        if listener.port in service.ports:
            return Refused(f"port {listener.port} is taken by {_holder(system, listener.owners)}")
    return None


def _holder(system: System, owners: tuple[int, ...]) -> str:
    if not owners:
        return "a process that cannot be seen without more privilege"
    process = system.process(owners[0])
    return f"pid {owners[0]}" + ("" if process is None else f" ({shown_argv(process.argv, 80)})")


def _mark(system: System, service: Service) -> str:
    """One for each ghostfix: PIDs are given out again, but not with the same start in the same boot."""
    own = system.process(system.caller().pid)
    since = "" if own is None or own.birth is None else f":{own.birth.ticks}.{own.birth.boot[:8]}"
    return f"{service.name}:{system.caller().pid}{since}"


def _mark_of(system: System, process: Process) -> str:
    variables = system.environment(process) or ()
    return next((variable.value for variable in variables if variable.name == MARK), "")


def _came_after(process: Process, captured: Captured) -> bool:
    """Whether it is younger than the ghostfix of the act: in ticks, or by the wall clock of older data."""
    ticks = captured.fact("ticks")
    if ticks is not None and process.birth is not None:
        return process.birth.ticks >= int(ticks)
    return process.id.started >= float(captured.fact("after") or 0) - _CLOCK_TOLERANCE


def _variables(system: System, service: Service, user: str | None) -> dict[str, str]:
    variables = {MARK: _mark(system, service)}
    if service.environment.venv is not None:
        venv = service.path(service.environment.venv)
        path = system.search_path(user)
        variables["VIRTUAL_ENV"] = venv
        variables["PATH"] = f"{venv}/bin" if not path else f"{venv}/bin:{path}"
    return variables


def _see_through(system: ActingSystem, service: Service, process: Process, log_from: int) -> str:
    """Waits until it listens, or has lived for a moment where it has no port; StepError when it ends."""
    began = system.monotonic()
    while (passed := system.monotonic() - began) < _SECONDS_TO_LISTEN:
        current = _current(system, service, process)
        if current is None:
            raise StepError(f"{service.name} ended at once{_last_words(system, service.start_log, log_from)}")
        if service.ports and _listens(system, service, current):
            return f"pid {current.pid} runs and listens on {', '.join(str(port) for port in service.ports)}"
        if not service.ports and passed >= _SECONDS_TO_LIVE:
            return f"pid {current.pid} runs"
        system.wait(_POLL_EVERY)
    current = _current(system, service, process)
    if current is None:
        raise StepError(f"{service.name} ended{_last_words(system, service.start_log, log_from)}")
    ports = ", ".join(str(port) for port in service.ports)
    return f"pid {current.pid} runs, and does not listen on {ports} after {_SECONDS_TO_LISTEN:g} s"


def _current(system: System, service: Service, process: Process) -> Process | None:
    """What was started, or the instance that it left behind when it put itself into the background."""
    now = system.process(process.pid)
    if now is not None and now.alive and same_start(now, process):
        return now
    detached = [
        one
        for one in running_instances(system, service)
        if one.id.started >= process.id.started - 0.02
        and _mark_of(system, one).startswith(f"{_mark(system, service)}:")
    ]
    return detached[0] if detached else None


def _listens(system: System, service: Service, process: Process) -> bool:
    """On all of its ports, itself or below; a listener whose owner cannot be seen counts as its."""
    tree = ProcessTree(system.processes().value)
    ours = {process.pid, *(member.pid for member in tree.descendants(process.pid))}
    listening = {
        listener.port
        for listener in system.listeners().value
        if not listener.owners or ours.intersection(listener.owners)
    }
    return listening.issuperset(service.ports)


def _last_words(system: System, log: str, log_from: int) -> str:
    """The last lines that it wrote, as the end of a sentence."""
    status = system.status(log).value
    size = log_from if status is None else status.size
    text = system.read(log, _TAIL, max(log_from, size - _TAIL)).value.decode(errors="backslashreplace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f": {' / '.join(lines[-_LINES_SHOWN:])}" if lines else ", and wrote nothing"
