"""Restarter: one manager that can start a service again, and how to hold and release its jobs."""

from collections.abc import Callable
from dataclasses import dataclass

from ghostfix.model.job import Job
from ghostfix.model.last_end import LastEnd
from ghostfix.model.machine import System
from ghostfix.model.process import ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.step import Step


@dataclass(frozen=True)
class Restarter:
    """One kind of manager. Reading only reads; holding and releasing *yield steps*, so a check may ask."""

    kind: str
    title: str
    jobs: Callable[[System, Service, ProcessTree], Reading[tuple[Job, ...]]]
    """All its jobs that lead to the service, held ones (``enabled`` false) included."""
    hold: Callable[[Job, str], tuple[Step, ...]]
    """The steps that keep a job from acting, reversibly; the text is the code of the finding."""
    restart: Callable[[Job, str], tuple[Step, ...]] | None = None
    """The steps by which the profile's own manager starts the service afresh; None: no order does."""
    last_ends: Callable[[System, Service, tuple[Job, ...]], Reading[tuple[LastEnd, ...]]] | None = None
    """How its jobs came to their last end, at most one for each job; None: it keeps nothing of that.

    It is given the jobs that ``jobs`` found, and itself adds the job that the profile's ``manager`` names
    where that is not among them (a unit that cannot be loaded, an app that is gone). A job that never ended
    has none.
    """
    counts_restarts: bool = False
    """Its last ends have the number of restarts (``LastEnd.starts``): without one nothing was restarted."""
