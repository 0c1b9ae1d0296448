import pytest
from msgspec import structs

from ghostfix.diagnosis.checks.over_limit import CHECK
from ghostfix.model.service import Limits, Service
from ghostfix.model.snapshot import Snapshot
from tests.diagnosis.checks.builders import detail, ghost_service, kinds, machine, only, runner, worker

MIB = 1 << 20


def limited(**limits: object) -> Service:
    return ghost_service(limits=structs.replace(Limits(), **limits))


def snapshot() -> Snapshot:
    one = structs.replace(
        runner(500), memory_bytes=300 * MIB, detail=detail(open_file_count=90, open_file_limit=1024)
    )
    return machine(one, structs.replace(worker(501, ppid=500), memory_bytes=200 * MIB))


@pytest.mark.parametrize(
    ("limits", "summary"),
    [
        ({"service_memory": "400M"}, "ghost holds 500 MiB of memory, and its limit is 400M"),
        ({"service_processes": 1}, "ghost has 2 processes, and its limit is 1"),
        (
            {"service_open_files": 80},
            "ghost has a process with 90 open files, pid 500, and its limit is 80",
        ),
    ],
)
def test_each_limit(limits: dict[str, object], summary: str) -> None:
    finding = only(CHECK, snapshot(), limited(**limits))
    assert finding.summary == summary
    assert finding.evidence[0].text.startswith("pid 500")
    assert kinds(CHECK, finding, snapshot(), limited(**limits)) == []


@pytest.mark.parametrize(
    "limits",
    [
        {"service_memory": "500M", "service_processes": 2, "service_open_files": 90},
        {"service_memory": "2G"},
        {"service_processes": 10},
    ],
)
def test_within_the_limits(limits: dict[str, object]) -> None:
    assert CHECK.find(snapshot(), limited(**limits)) == ()


def test_without_a_limit_there_is_nothing_to_look_at() -> None:
    assert CHECK.applies(ghost_service()) == "the profile limits nothing of the service itself"
    assert CHECK.applies(limited(service_processes=1)) is None
    assert CHECK.find(snapshot(), ghost_service()) == ()


def test_what_is_not_the_service_s_does_not_count() -> None:
    crowd = [structs.replace(runner(500), memory_bytes=MIB), worker(900, ppid=1, cwd="/elsewhere")]
    assert CHECK.find(machine(*crowd), limited(service_processes=1)) == ()
