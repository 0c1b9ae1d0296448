"""Jobs: the things that will start the service again, and how each leads to it."""

from enum import Enum

from msgspec import Struct

from ghostfix.model.process import Process, ProcessId
from ghostfix.model.reading import Confidence, Reading


class Place(Struct, frozen=True):
    """A line of a file: the evidence for something that was read."""

    file: str
    line: int | None = None
    text: str = ""

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class LinkKind(Enum):
    """How a job leads to the service."""

    RUNS = "runs"
    RUNS_SCRIPT = "runs-script"
    OWNS_PROCESS = "owns-process"


class Link(Struct, frozen=True):
    """How a job leads to the service, and each line that it goes through, the job's own excepted."""

    kind: LinkKind
    hops: tuple[Place, ...] = ()


class Job(Struct, frozen=True, kw_only=True):
    """A thing that will start the service again."""

    kind: str
    """The restarter's kind: cron, systemd, launchd, watchdog, ..."""
    id: str
    """Its name in its manager's own terms: a unit, a label, ``alice:7`` for line 7 of alice's crontab."""
    where: Place | None
    command: str
    trigger: str
    """What makes it act, in words: ``every 5 minutes``, ``when the process exits``."""
    enabled: bool
    restarts_on_exit: bool
    link: Link
    confidence: Confidence
    scope: str = ""
    """Whose it is, in its manager's terms: a user's name, ``system``, ``gui/501``."""
    processes: tuple[ProcessId, ...] = ()
    """The job's own live processes (a watchdog loop), not the service's."""
    starts: tuple[int, ...] = ()
    """PIDs of processes of the service that it was seen to have started or to own, its present ones first."""
    wanted: int = 1
    """How many instances it means to run: supervisord's ``numprocs``, a pm2 cluster's size."""
    socket_owners: tuple[ProcessId, ...] = ()
    """Processes of its manager that listen on the service's behalf (the daemon above a pm2 cluster)."""
    live: tuple[Process, ...] = ()
    """Those same processes in full, for the steps that stop them; the loop itself first."""
    spared: tuple[Process, ...] = ()
    """The service's processes below them, which their own steps stop."""
    others: tuple[Process, ...] = ()
    """What they started for others, which no step stops."""
    guarded: bool = False
    """It checks first whether the service runs, or takes a lock (``Trail.guarded``)."""
    due: tuple[float, ...] = ()
    """When a clock last started it, by its schedule: seconds since the epoch, the newest first."""
    output: tuple[str, ...] = ()
    """The files to which its manager or its own redirection sends what it prints, errors first.

    ``/dev/null`` is among them where it is thrown away.
    """
    namesake: bool = False
    """It has the name of a job in the scope that the profile means, and is another one: a user's unit."""
    keeps_socket: bool = False
    """It keeps a port of the service open, and starts it at the first connection."""
    source: bytes = b""
    """The exact bytes that define it, where a manager's file can be edited line by line."""

    @property
    def label(self) -> str:
        """``systemd web.service``, and whose it is where that is a user's: ``systemd web.service of dev``."""
        whose = f" of {self.scope.partition(':')[2]}" if self.scope.startswith("user:") else ""
        return f"{self.kind} {self.id}{whose}"

    @property
    def present(self) -> tuple[int, ...]:
        """Of ``starts``, those that it means to run; what is beyond is left of an earlier start."""
        return self.starts[: self.wanted]

    @property
    def logs(self) -> tuple[str, ...]:
        """The files of ``output`` in which what is written stays."""
        return tuple(path for path in self.output if not path.startswith("/dev/"))


class JobsOfKind(Struct, frozen=True):
    """All jobs of one restarter that lead to the service."""

    kind: str
    reading: Reading[tuple[Job, ...]]
