from ghostfix.diagnosis.checks.duplicate_instance import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.reading import Confidence
from tests.diagnosis.checks.builders import (
    cron_job,
    ghost_service,
    kinds,
    listener,
    machine,
    only,
    pidfile,
    process,
    runner,
    unit_job,
    watchdog_job,
)


def test_three_instances_where_one_should_run() -> None:
    snapshot = machine(runner(100), runner(101), runner(102))
    finding = only(CHECK, snapshot)
    assert finding.summary == "3 instances of ghost run (pids 100, 101, 102), where 1 should"
    assert finding.short == "3 instances"
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.CERTAIN)
    assert len(finding.evidence) == 3
    assert "may stay" in finding.evidence[0].text


def test_the_evidence_is_bounded() -> None:
    finding = only(CHECK, machine(*(runner(100 + number) for number in range(40))))
    assert len(finding.evidence) == 11
    assert finding.evidence[-1].text == "and 30 more"


def test_one_more_than_the_manager_runs_started_by_hand() -> None:
    jobs = [unit_job(f"ghost@{number}.service", starts=(99 + number,)) for number in (1, 2)]
    snapshot = machine(runner(100), runner(101), runner(102), jobs=jobs)
    finding = only(CHECK, snapshot, ghost_service(manager="systemd:ghost@.service"))
    assert "where 2 should" in finding.summary


def test_what_a_unit_left_behind_in_its_control_group_is_one_too_many() -> None:
    """``KillMode=process`` and a wrapper without ``exec``: the old one stays in the group."""
    unit = unit_job("ghost.service", starts=(101, 100))
    snapshot = machine(runner(100), runner(101), listeners=[listener(5555, 101)], jobs=[unit])
    service = ghost_service(manager="systemd:ghost.service")
    finding = only(CHECK, snapshot, service)
    assert "where 1 should" in finding.summary
    assert "may stay" in finding.evidence[1].text
    steps = CHECK.repair(finding, snapshot, service)
    assert [(step.kind, step.pins()[0].pid) for step in steps] == [("stop-process", 100)]


def test_of_several_copies_without_a_port_the_one_that_the_pid_file_names_stays() -> None:
    """The youngest wrote it, and took the path of a unix socket over from the others."""
    service = ghost_service(ports=(), health=None)
    snapshot = machine(runner(100, age=900), runner(101), pidfiles=[pidfile(101)])
    steps = CHECK.repair(only(CHECK, snapshot, service), snapshot, service)
    assert [(step.kind, step.pins()[0].pid) for step in steps] == [("stop-process", 100)]


def test_the_repair_stops_all_but_the_one_that_serves() -> None:
    snapshot = machine(runner(100), runner(101), runner(102), listeners=[listener(5555, 101)])
    steps = CHECK.repair(only(CHECK, snapshot), snapshot, ghost_service())
    assert [(step.kind, step.pins()[0].pid) for step in steps] == [
        ("stop-process", 100),
        ("stop-process", 102),
    ]


def test_the_pid_file_of_an_instance_that_is_stopped_goes_with_it() -> None:
    snapshot = machine(runner(100), runner(101), pidfiles=[pidfile(101)])
    assert kinds(CHECK, only(CHECK, snapshot), snapshot) == ["stop-process", "remove-pidfile"]


def test_rogues_are_held_first_and_loops_ended_last() -> None:
    loop = process(50, "bash", "watchdog.sh")
    instances = [runner(100, ppid=50), runner(101, ppid=50)]
    snapshot = machine(*instances, loop, jobs=[cron_job(), watchdog_job(pids=[50])])
    order = kinds(CHECK, only(CHECK, snapshot), snapshot)
    assert order[0].startswith("hold-")
    assert order.index("stop-process") > order.index("hold-cron-line")
    assert order[-1] == "start-service", "the loop has the only instances in its hands, so none may stay"
