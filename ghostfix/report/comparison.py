"""Comparison: which findings of two diagnoses are new, gone or unchanged (pure)."""

from collections.abc import Sequence

from msgspec import Struct

from ghostfix.model.report import FindingReport, Report
from ghostfix.report.advice import findings


class FindingChange(Struct, frozen=True, kw_only=True):
    """One finding, of one service; as it is now, or as it was last."""

    service: str
    finding: FindingReport


class Comparison(Struct, frozen=True, kw_only=True):
    new: tuple[FindingChange, ...]
    gone: tuple[FindingChange, ...]
    unchanged: tuple[FindingChange, ...]

    @property
    def same(self) -> bool:
        """Whether both diagnoses have the same findings."""
        return not self.new and not self.gone


def compare(before: Sequence[Report], after: Sequence[Report]) -> Comparison:
    """What changed from ``before`` to ``after``. A finding is known by service, code and subject."""
    old, now = _findings(before), _findings(after)
    return Comparison(
        new=tuple(change for key, change in now.items() if key not in old),
        gone=tuple(change for key, change in old.items() if key not in now),
        unchanged=tuple(change for key, change in now.items() if key in old),
    )


def _findings(reports: Sequence[Report]) -> dict[tuple[str, str, str, str], FindingChange]:
    return {
        (report.service.name, finding.code, finding.subject.kind, finding.subject.name): FindingChange(
            service=report.service.name, finding=finding
        )
        for report in reports
        for finding in findings(report)
    }
