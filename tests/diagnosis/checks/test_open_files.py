import pytest
from msgspec import structs

from ghostfix.diagnosis.checks.open_files import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.process import Process
from tests.diagnosis.checks.builders import detail, ghost_service, machine, only, process, runner


def holding(pid: int, count: int | None, limit: int | None, **more: object) -> Process:
    return structs.replace(runner(pid), detail=detail(open_file_count=count, open_file_limit=limit), **more)


@pytest.mark.parametrize(("count", "severity"), [(900, Severity.WARNING), (1010, Severity.ERROR)])
def test_the_limit_is_near(count: int, severity: Severity) -> None:
    finding = only(CHECK, machine(holding(100, count, 1024)))
    assert finding.severity is severity
    assert f"{count} open files, {count / 1024 * 100:.0f} % of the limit of 1024" in finding.summary


def test_a_worker_counts_by_itself() -> None:
    assert only(CHECK, machine(runner(100), holding(101, 1000, 1024, ppid=100))).subject.name == "101"


def test_what_is_not_the_service_or_not_readable_does_not_count() -> None:
    stranger = process(300, "nginx", detail=detail(open_file_count=1000, open_file_limit=1024))
    for instance in (holding(100, 800, 1024), holding(100, None, 1024), holding(100, 5, None)):
        assert CHECK.find(machine(instance, stranger), ghost_service()) == ()
