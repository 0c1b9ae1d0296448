"""Last end: how a job, or an instance, came to its last end, as a fact with the name of who says so."""

from enum import Enum

from msgspec import Struct

from ghostfix.model.job import Place


class EndKind(Enum):
    """How something ended, or why it never ran."""

    EXITED = "exited"
    """By itself, with a status."""
    SIGNALLED = "signalled"
    """By a signal that its manager or the kernel reports."""
    OUT_OF_MEMORY = "out-of-memory"
    """The kernel killed it, or a process of its control group, for want of memory."""
    TIMED_OUT = "timed-out"
    """Its manager waited in vain for its start, its stop or its sign of life, and ended it."""
    NOT_STARTED = "not-started"
    """Its manager failed before the program's own code ran: no program, no user, no folder, no sandbox."""
    NOT_LOADABLE = "not-loadable"
    """Its manager cannot read, or does not have, its definition."""
    REFUSED = "refused"
    """A condition of its definition was not met, so it was not started; its manager calls that no failure."""
    STOPPED = "stopped"
    """A person or another program asked its manager to stop it."""


class LastLine(Struct, frozen=True):
    """One of the last lines that it wrote, and when, in seconds since the epoch, where that is known."""

    text: str
    at: float | None = None


class LastEnd(Struct, frozen=True, kw_only=True):
    """The last end of one job."""

    kind: EndKind
    manager: str
    """The kind of the manager that has the job (``systemd``, ``pm2``), or ``kernel``."""
    job: str
    """The job's name in its manager's terms: a unit, a program, an app."""
    scope: str = ""
    """As in ``Job.scope``."""
    reported_by: str
    """Where the fact was read, as evidence: ``systemctl show``, ``supervisorctl status``."""
    words: str
    """What happened, in one sentence without the job's name: ``its program /srv/a does not exist (203)``."""
    at: float | None = None
    """Seconds since the epoch."""
    status: int | None = None
    """The exit status."""
    signal: str | None = None
    """The signal's name without SIG: ``KILL``."""
    culprit: str | None = None
    """The path, user, unit setting or module that is at fault, where it was looked up."""
    place: Place | None = None
    """The line of the job's definition that names the culprit."""
    command_phase: str | None = None
    """Which of the job's commands ended so, where that is not the main one: ``ExecStartPre``."""
    starts: int | None = None
    """How often its manager has started it again, by the manager's own counter."""
    given_up: bool = False
    """Its manager has stopped trying."""
    restarting: bool = False
    """Its manager is waiting to start it again, or is just doing so."""
    lines: tuple[LastLine, ...] = ()
    """The last lines that it wrote in its last life, the newest last."""
    log: str | None = None
    """Where those lines stand: a file, or the command that prints them."""
