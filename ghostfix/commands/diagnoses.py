"""Diagnoses: those that a command line asks for, of this machine or of a saved snapshot."""

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
"""Seconds between two surveys of a service that is not healthy yet."""


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
    """How long one survey may take; ``--observe`` and ``--wait-healthy`` are times between surveys."""
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
    system: ActingSystem, options: DiagnosisOptions, presentation: Presentation
) -> Iterator[Diagnosis]:
    """One diagnosis a service. With ``--observe`` it is watched once it is well, or its time is over."""
    if options.snapshot is not None:
        for saved in load_snapshot(system, options.snapshot, options.name):
            yield judged(saved.service, saved.snapshot, only=options.only, skip=options.skip)
        return
    for service in profile.load(system, options.name, options.config):
        if options.observe is None or options.wait_healthy:
            diagnosis = _until_healthy(system, service, options, presentation)
        if options.observe is not None:
            with presentation.watch_progress(options.observe) as watched:
                observation = observe(system, service, options.observe, progress=watched)
            diagnosis = _diagnose(system, service, options, presentation, observation)
        require_presence(diagnosis)
        yield diagnosis


def _until_healthy(
    system: ActingSystem, service: Service, options: DiagnosisOptions, presentation: Presentation
) -> Diagnosis:
    """Diagnoses until nothing is found that counts, or until the time is over; the last diagnosis counts."""
    deadline = system.monotonic() + options.wait_healthy
    while True:
        diagnosis = _diagnose(system, service, options, presentation)
        well = exit_code(diagnosis.results, options.fail_on) is ExitCode.HEALTHY
        if well or system.monotonic() >= deadline:
            return diagnosis
        system.wait(min(_PAUSE, max(deadline - system.monotonic(), 0.0)))


def _diagnose(
    system: ActingSystem,
    service: Service,
    options: DiagnosisOptions,
    presentation: Presentation,
    observation: Observation | None = None,
) -> Diagnosis:
    with presentation.survey_progress(service.name) as progress:
        return diagnose(
            system,
            service,
            only=options.only,
            skip=options.skip,
            prober=system if options.probe_webhook else None,
            all_logs=options.all_logs,
            timeout=options.timeout,
            observation=observation,
            progress=progress,
        )
