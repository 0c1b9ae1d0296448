"""Respawn text: what was seen of a service while it was watched, in words."""

from collections.abc import Sequence

from ghostfix.model.job import Job
from ghostfix.model.observation import Observation, Respawn
from ghostfix.model.safe_text import safe
from ghostfix.model.text_units import counted


def starter(respawn: Respawn, jobs: Sequence[Job]) -> str:
    """The jobs that own it or stand above it; else its ancestors, the nearest first."""
    above = {process.id for process in respawn.ancestors}
    names = [
        f"{job.kind} {job.id}"
        for job in jobs
        if respawn.process.pid in job.starts or above.intersection(job.processes)
    ]
    chain = " < ".join(f"{process.name} (pid {process.pid})" for process in respawn.ancestors[:4])
    return safe(", ".join(names) or chain or "somebody who had ended by then")


def tally(observation: Observation) -> str:
    """``in 5 s of watching 16 instances ended and 17 were started``."""
    ended, started = len(observation.ended), len(observation.respawns)
    parts = [f"{counted(ended, 'instance')} ended"] if ended else []
    if started:
        were = "was" if started == 1 else "were"
        parts.append(f"{started if ended else counted(started, 'instance')} {were} started")
    return f"in {observation.seconds:.0f} s of watching {' and '.join(parts)}"
