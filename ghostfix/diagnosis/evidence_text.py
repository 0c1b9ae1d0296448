"""Evidence text: how findings put processes, jobs, numbers and times into words."""

import posixpath
from collections.abc import Iterable

from ghostfix.model.finding import Evidence
from ghostfix.model.job import Job, Place
from ghostfix.model.process import Process, ProcessTree
from ghostfix.model.safe_text import as_typed
from ghostfix.model.snapshot import Snapshot
from ghostfix.model.text_units import lasting

_SHOWN = 10
_COMMAND = 300


def bounded(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """The first ten, and how many more there are."""
    seen = tuple(evidence)
    if len(seen) <= _SHOWN:
        return seen
    return (*seen[:_SHOWN], Evidence(f"and {len(seen) - _SHOWN} more"))


def pids(processes: Iterable[Process]) -> str:
    """``pid 4711``, ``pids 4711, 4712``; the first ten."""
    numbers = [process.pid for process in processes]
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    word = "pid" if len(numbers) == 1 else "pids"
    return f"{word} {', '.join(str(number) for number in numbers[:_SHOWN])}{more}"


def command_of(process: Process) -> str:
    """Its command line in a shell's quotes, cut at 300 characters; its name when it has none."""
    return as_typed(process.argv, _COMMAND) or process.name


def described(process: Process, snapshot: Snapshot) -> str:
    """``pid 4711: python -m x, started 5 min before this look, child of cron (pid 12)``."""
    age = lasting(snapshot.taken_at - process.id.started)
    parent = _parent(process, snapshot)
    return f"pid {process.pid}: {command_of(process)}, started {age} before this look, {parent}"


def _parent(process: Process, snapshot: Snapshot) -> str:
    parent = snapshot.process(process.ppid)
    return f"parent pid {process.ppid}" if parent is None else f"child of {parent.name} (pid {parent.pid})"


def ancestry(process: Process, tree: ProcessTree) -> str:
    """From the first ancestor to the process: ``systemd (1) → sshd (80) → bash (90) → nc (99)``."""
    line = [*reversed(tree.ancestors(process.pid)), process]
    return " → ".join(f"{member.name} ({member.pid})" for member in line)


def job_name(job: Job) -> str:
    """How a job reads in a sentence: ``cron line 7``, ``watchdog.sh:214``, ``systemd ghost.service``."""
    if job.kind == "cron" and job.where is not None and job.where.line is not None:
        return f"cron line {job.where.line}"
    if job.kind == "watchdog" and job.where is not None:
        inside = [hop for hop in job.link.hops if hop.file == job.where.file]
        return place_name(inside[-1] if inside else job.where)
    return job.label


def job_trail(job: Job) -> str:
    """A job and the lines by which it leads to the service: ``cron line 7 → watchdog.sh:214``."""
    names = [job_name(job), *(place_name(hop) for hop in job.link.hops)]
    return " → ".join(dict.fromkeys(names))


def place_name(place: Place) -> str:
    name = posixpath.basename(place.file)
    return name if place.line is None else f"{name}:{place.line}"
