"""Process forest: the running instances under the process that started them (pure)."""

from msgspec import Struct

from ghostfix.model.report import InstanceReport, Report, RestarterReport


class Grove(Struct, frozen=True):
    """One starter and its instances; ``starter`` is its name when no restarter of the report is meant."""

    restarter: RestarterReport | None
    starter: str
    instances: tuple[InstanceReport, ...]


def groves(report: Report) -> tuple[Grove, ...]:
    """Every restarter, with or without an instance, then the instances that none of them started."""
    left = list(report.instances)
    found = []
    for job in report.restarters:
        names = {f"{job.kind}:{job.id}", f"{job.kind} {job.id}"}
        own = tuple(one for one in left if one.managed_by in names)
        left = [one for one in left if one not in own]
        found.append(Grove(job, f"{job.kind} {job.id}", own))
    starters = dict.fromkeys(one.managed_by or "" for one in left)
    others = (
        Grove(None, starter, tuple(one for one in left if (one.managed_by or "") == starter))
        for starter in starters
    )
    return (*found, *others)
