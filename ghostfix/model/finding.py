"""What is wrong, how bad it is, how sure we are, and the checks that find it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from msgspec import Struct

from ghostfix.model.job import Place
from ghostfix.model.reading import Confidence, Source
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.step import Step

PREVENTION = "How to prevent it"
"""The heading of the last section of a check's page."""


class Severity(Enum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return (Severity.INFO, Severity.WARNING, Severity.ERROR).index(self)


class SubjectKind(Enum):
    SERVICE = "service"
    PROCESS = "process"
    JOB = "job"
    PORT = "port"
    FILE = "file"
    URL = "url"
    MACHINE = "machine"


class Subject(Struct, frozen=True, order=True):
    """What a finding is about: ``process 4711``, ``port 5555``, ``job cron alice:7``, ``file /run/x.pid``."""

    kind: SubjectKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}"


class Evidence(Struct, frozen=True):
    """One thing that was seen, and the line where it stands when it stands in a file."""

    text: str
    place: Place | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """One fault on this machine.

    ``summary`` is one line that says what is wrong, with numbers and names; ``cause`` why that is so or
    why it matters, in one sentence; ``doubt`` how the finding could be wrong, when it is not certain.
    ``short`` is how it reads as one link of a chain of causes: ``3 instances``, ``KeyError 'x' at a.py:2``.
    """

    code: str
    severity: Severity
    summary: str
    cause: str
    subject: Subject
    short: str
    confidence: Confidence = Confidence.CERTAIN
    doubt: str | None = None
    evidence: tuple[Evidence, ...] = ()


class Group(Enum):
    """The headings under which a report lists the checks, in their order."""

    INSTANCES = "Instances"
    RESTARTERS = "Restarters"
    PID_FILES = "PID files"
    PORT = "Port"
    ENVIRONMENT = "Environment"
    HEALTH = "Health"
    LOGS = "Logs"
    RESOURCES = "Resources"
    OTHER = "Other"
    """For the codes of another version, in a report that was saved or came from another host."""


@dataclass(frozen=True)
class Check:
    """One fault that ghostfix knows: how to find it in a snapshot, and which steps repair it.

    ``find`` and ``repair`` are pure: they get a snapshot, never a system. ``needs`` names the sources
    without which "nothing found" would mean nothing. ``applies`` says why the check has nothing to
    examine for this service (no port in its profile, say), or None when it does.
    """

    code: str
    title: str
    group: Group
    severity: Severity
    needs: tuple[Source, ...]
    find: Callable[[Snapshot, Service], tuple[Finding, ...]]
    repair: Callable[[Finding, Snapshot, Service], tuple[Step, ...]]
    applies: Callable[[Service], str | None]
    leads_to: tuple[str, ...]
    """The codes of the faults that this one can lead to. Whether it did, ``causes`` decides case by case."""
    page: str
    """The check's own module docstring: its page in ``docs/checks.md`` and ``ghostfix explain``."""

    @property
    def prevention(self) -> str:
        """What keeps the fault from coming back: the page's *How to prevent it*, in one line of Markdown."""
        section = self.page.partition(f"\n{PREVENTION}\n")[2]
        return " ".join(section.strip("-\n ").replace("``", "`").split())


class Outcome(Enum):
    CLEAR = "clear"
    FOUND = "found"
    SKIPPED = "skipped"
    CRASHED = "crashed"


class CheckResult(Struct, frozen=True, kw_only=True):
    """What became of one check. ``reason`` says why it was skipped or how it crashed.

    ``unread`` is true when it was skipped because a source that it needs could not be read: that is
    "could not look", not "not applicable".
    """

    check: str
    title: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reason: str | None = None
    unread: bool = False
