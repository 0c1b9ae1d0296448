import pytest

from ghostfix.diagnosis.checks.disk_full import CHECK
from ghostfix.model.finding import Severity
from tests.diagnosis.checks.builders import LOG, ghost_service, log, machine, only, resources


@pytest.mark.parametrize(("percent", "severity"), [(93.5, Severity.WARNING), (99.6, Severity.ERROR)])
def test_the_disk_is_nearly_full(percent: float, severity: Severity) -> None:
    finding = only(CHECK, machine(logs=[log()], resources_=resources(disk_percent=percent)))
    assert finding.severity is severity
    assert f"{percent} % full, above the limit of 90 %" in finding.summary
    assert LOG in finding.evidence[0].text


def test_there_is_room() -> None:
    assert CHECK.find(machine(resources_=resources(disk_percent=90)), ghost_service()) == ()
