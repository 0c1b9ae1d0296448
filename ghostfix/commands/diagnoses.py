"""Diagnosing: the diagnoses that a command line asks for, of this machine or of a saved snapshot."""

from collections.abc import Callable, Collection, Iterator

from msgspec import Struct

from ghostfix.diagnosis.diagnosis import Diagnosis, judged
from ghostfix.diagnosis.judgement import exit_code
from ghostfix.diagnosis.presence import require_presence
from ghostfix.model.errors import ExitCode
from ghostfix.model.finding import Severity
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.observation import Observation
from ghostfix.model.service import Service
from ghostfix.report.output import Presentation
from ghostfix.service import profile
from ghostfix.survey.observe import observe
from ghostfix.survey.snapshot_file import load_snapshot
from ghostfix.survey.survey import TIMEOUT, survey

_PAUSE = 1.0
"""Seconds between two looks at a service that is not healthy yet."""


class DiagnosisOptions(Struct, frozen=True, kw_only=True):
    """What the user asked for; durations are seconds."""

    name: str | None
    config: str | None
    only: tuple[str, ...]
    skip: tuple[str, ...]
    fail_on: Severity
    observe: float | None
    wait_healthy: float
    probe_webhook: bool
    all_logs: bool
    timeout: float
    """How long one look may take; ``--observe`` and ``--wait-healthy`` are times between looks."""
    snapshot: str | None
    """The file of a saved snapshot, which is judged instead of this machine."""


def diagnose(
    system: System,
    service: Service,
    *,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    prober: ActingSystem | None = None,
    all_logs: bool = False,
    timeout: float = TIMEOUT,
    observation: Observation | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Takes one snapshot, for ``timeout`` seconds at most, and judges it; changes nothing.

    With ``prober``, the webhook's payload is sent; an ``observation`` of just before is judged as well.
    """
    snapshot = survey(
        system,
        service,
        prober=prober,
        all_logs=all_logs,
        timeout=timeout,
        observation=observation,
        progress=progress,
    )
    return judged(service, snapshot, only=only, skip=skip)


def diagnoses(
    system: ActingSystem, wishes: DiagnosisOptions, presentation: Presentation
) -> Iterator[Diagnosis]:
    """One diagnosis a service. With ``--observe`` it is watched once it is well, or its time is over."""
    if wishes.snapshot is not None:
        for look in load_snapshot(system, wishes.snapshot, wishes.name):
            yield judged(look.service, look.snapshot, only=wishes.only, skip=wishes.skip)
        return
    for service in profile.load(system, wishes.name, wishes.config):
        if wishes.observe is None or wishes.wait_healthy:
            diagnosis = _patiently(system, service, wishes, presentation)
        if wishes.observe is not None:
            with presentation.watch_progress(wishes.observe) as watched:
                observation = observe(system, service, wishes.observe, progress=watched)
            diagnosis = _look(system, service, wishes, presentation, observation)
        require_presence(diagnosis)
        yield diagnosis


def _patiently(
    system: ActingSystem, service: Service, wishes: DiagnosisOptions, presentation: Presentation
) -> Diagnosis:
    """Looks until nothing is found that counts, or until the time is over; the last look is what counts."""
    deadline = system.monotonic() + wishes.wait_healthy
    while True:
        diagnosis = _look(system, service, wishes, presentation)
        well = exit_code(diagnosis.results, wishes.fail_on) is ExitCode.HEALTHY
        if well or system.monotonic() >= deadline:
            return diagnosis
        system.wait(min(_PAUSE, max(deadline - system.monotonic(), 0.0)))


def _look(
    system: ActingSystem,
    service: Service,
    wishes: DiagnosisOptions,
    presentation: Presentation,
    observation: Observation | None = None,
) -> Diagnosis:
    with presentation.survey_progress(service.name) as progress:
        return diagnose(
            system,
            service,
            only=wishes.only,
            skip=wishes.skip,
            prober=system if wishes.probe_webhook else None,
            all_logs=wishes.all_logs,
            timeout=wishes.timeout,
            observation=observation,
            progress=progress,
        )
