"""Adoption plan: how a service gets one manager for good, and what the user must know of it."""

import posixpath
from collections.abc import Sequence

from msgspec import Struct, structs

from ghostfix.diagnosis.diagnosis import Diagnosis, judged
from ghostfix.diagnosis.repair_steps import hold, stop_all_but
from ghostfix.managers.adoption_target import Adopter, Offer, Unavailable
from ghostfix.managers.job_spec import JobWanted, job_wanted
from ghostfix.managers.register import adopters
from ghostfix.model.errors import RepairError
from ghostfix.model.machine import System
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service
from ghostfix.model.snapshot import FileKind
from ghostfix.model.step import Phase, Refused, Step
from ghostfix.repair.plan import Choices, Plan, each_once, runs_as
from ghostfix.repair.plan import plan as planned
from ghostfix.service.profile import BUILT_IN
from ghostfix.steps.difference import difference
from ghostfix.steps.make_folder import MakeFolder
from ghostfix.steps.name_manager import NameManager
from ghostfix.steps.probe_webhook import ProbeWebhook

REASON = "adopt"
_LIMIT = 1 << 20


class Adoption(Struct, frozen=True, kw_only=True):
    """What adopting a service would do."""

    service: Service
    """As it will be: with its manager."""
    plan: Plan
    notes: tuple[str, ...]


class DifferentJobError(RepairError):
    """The manager has a job of this name already that says something else; ``diff`` shows what."""

    def __init__(self, message: str, hint: str, diff: Sequence[str]) -> None:
        super().__init__(message, hint)
        self.diff = tuple(diff)


def adopt(
    system: System,
    diagnosis: Diagnosis,
    adopter: Adopter,
    ghostfix: tuple[str, ...],
    *,
    evict: bool = False,
    edit_profile: bool = True,
) -> Adoption:
    """The plan, from one survey of the machine; changes nothing.

    Raises RepairError when the service cannot be given to this manager, with the ways that there are.
    """
    service = diagnosis.service
    user = runs_as(diagnosis.snapshot, service)
    wanted = job_wanted(system, service, user, ghostfix)
    if isinstance(wanted, str):
        raise RepairError(f"{service.name} cannot be given to {adopter.title}: {wanted}")
    offer = adopter.offer(system, wanted)
    if isinstance(offer, Unavailable):
        hint = "\n  ".join(part for part in (offer.hint, _others(system, wanted, adopter)) if part)
        raise RepairError(f"{service.name} cannot be given to {adopter.title}: {offer.reason}", hint)
    _require_same(system, offer)
    verdict = offer.step.precondition(system)
    if isinstance(verdict, Refused):
        raise RepairError(f"{service.name} cannot be given to {adopter.title}: {verdict.reason}")
    managed = structs.replace(service, manager=offer.manager)
    profile_edit = _profile_edit(system, managed) if edit_profile else None
    return Adoption(
        service=managed,
        plan=_plan(system, diagnosis, managed, wanted, offer, adopter, user, profile_edit, evict=evict),
        notes=_notes(diagnosis, offer, adopter, wanted, profile_edit),
    )


def adopter_named(kind: str) -> Adopter:
    """The member of the family that a value of ``--with`` names."""
    return next(adopter for adopter in adopters() if adopter.kind == kind)


def adopters_there(system: System, wanted: JobWanted) -> tuple[str, ...]:
    """The values of ``--with`` that this machine offers for a service."""
    return tuple(adopter.kind for adopter in adopters() if isinstance(adopter.offer(system, wanted), Offer))


def _plan(
    system: System,
    diagnosis: Diagnosis,
    managed: Service,
    wanted: JobWanted,
    offer: Offer,
    adopter: Adopter,
    user: str,
    profile_edit: NameManager | None,
    *,
    evict: bool,
) -> Plan:
    """What a repair would mend, everything else held and stopped, and then the job."""
    snapshot = diagnosis.snapshot
    mending = planned(judged(managed, snapshot), Choices(start=False, evict=evict))
    kept = frozenset(pid for job in snapshot.jobs if offer.is_its(job) for pid in job.starts)
    steps: list[Step] = [
        *stop_all_but(REASON, snapshot, managed, kept),
        *(
            step
            for job in snapshot.jobs
            if job.enabled and job.confidence is not Confidence.POSSIBLE and not offer.is_its(job)
            for step in hold(job)
        ),
        *mending.steps,
    ]
    folder = posixpath.dirname(wanted.log)
    if system.status(system.resolve(folder)).value is None:
        steps.append(MakeFolder(reason=REASON, path=folder, user=user))
    steps.append(offer.step)
    if managed.webhook is not None:
        steps.append(ProbeWebhook(reason="webhook-failing", webhook=managed.webhook))
    if profile_edit is not None:
        steps.append(profile_edit)
    withheld = tuple(each for each in mending.withheld if each.step.phase is not Phase.START)
    return Plan(
        tuple(sorted(each_once(steps), key=lambda step: step.phase)),
        withheld,
        asked=("adopt", "--with", adopter.kind),
    )


def _profile_edit(system: System, managed: Service) -> NameManager | None:
    """The step that names the manager in the profile; None where that is the user's to write."""
    if managed.profile.startswith(BUILT_IN):
        return None
    step = NameManager(
        reason=REASON,
        profile=managed.profile,
        service=managed.name,
        manager=managed.manager,
        before=system.read(managed.profile, _LIMIT).value,
    )
    # Refused at the very end, it would make a failure of an adoption that went well.
    return None if isinstance(step.precondition(system), Refused) else step


def _notes(
    diagnosis: Diagnosis,
    offer: Offer,
    adopter: Adopter,
    wanted: JobWanted,
    profile_edit: NameManager | None,
) -> tuple[str, ...]:
    notes = list(offer.notes)
    limits = {
        "service_memory": wanted.memory,
        "service_open_files": wanted.open_files,
        "service_processes": wanted.processes,
    }
    notes += [
        f"{adopter.title} cannot enforce limits.{name}: `ghostfix diagnose` watches it"
        for name, limit in limits.items()
        if limit is not None and name not in adopter.enforces
    ]
    notes += [
        f"{job.kind} {job.id} may start {wanted.name} as well, which is not sure: it is left as it is"
        for job in diagnosis.snapshot.jobs
        if job.enabled and job.confidence is Confidence.POSSIBLE and not offer.is_its(job)
    ]
    if diagnosis.service.profile.startswith(BUILT_IN):
        notes.append(
            f"the built-in profile names no manager: `ghostfix init` makes one of yours, and "
            f'manager = "{offer.manager}" in [services.{wanted.name}] names it'
        )
    elif profile_edit is None:
        notes.append(
            f'write this line into [services.{wanted.name}] of {wanted.profile}: manager = "{offer.manager}"'
        )
    return tuple(notes)


def _require_same(system: System, offer: Offer) -> None:
    """Raises DifferentJobError when another text stands where the job's would."""
    status = system.status(offer.place).value if offer.place.startswith("/") else None
    if status is None or status.kind is not FileKind.REGULAR:
        return  # a link, to /dev/null perhaps: the step says what that means
    now = system.read(offer.place, _LIMIT).value
    if now == offer.after:
        return
    raise DifferentJobError(
        f"{offer.place} is there already, and says something else",
        f'name it in the profile if it is the one (manager = "{offer.manager}"), or move it away',
        difference(now, offer.after, offer.place),
    )


def _others(system: System, wanted: JobWanted, adopter: Adopter) -> str:
    there = [f"`--with {kind}`" for kind in adopters_there(system, wanted) if kind != adopter.kind]
    if there:
        return f"this machine offers: {', '.join(there)}"
    alone = f"`ghostfix run {wanted.name} --restart on-failure`"
    return f"no other one is there; {alone} needs none: one instance, and an end to a crash loop"
