import pytest

from ghostfix.diagnosis.checks.recycled_pidfile import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.process import Process
from ghostfix.model.reading import Confidence
from ghostfix.model.snapshot import PidFile
from tests.diagnosis.checks.builders import (
    ghost_service,
    kinds,
    machine,
    only,
    pidfile,
    process,
    runner,
    watchdog_job,
    worker,
)


def test_somebody_who_started_after_the_file_was_written() -> None:
    snapshot = machine(runner(100), process(300, "sshd", age=60), pidfiles=[pidfile(300, age=600)])
    finding = only(CHECK, snapshot)
    assert (finding.severity, finding.confidence) == (Severity.ERROR, Confidence.CERTAIN)
    assert finding.summary.endswith("names pid 300, which is sshd, not the service")
    assert kinds(CHECK, finding, snapshot) == ["remove-pidfile"], "the innocent process is never touched"


@pytest.mark.parametrize(("age", "confidence"), [(601, Confidence.LIKELY), (597.5, Confidence.CERTAIN)])
def test_clocks_are_coarse(age: float, confidence: Confidence) -> None:
    snapshot = machine(runner(100), process(300, "sshd", age=age), pidfiles=[pidfile(300, age=600)])
    assert only(CHECK, snapshot).confidence is confidence


def test_a_stranger_who_was_there_when_the_file_was_written() -> None:
    snapshot = machine(runner(100), process(300, "sleep", "1000", age=700), pidfiles=[pidfile(300, age=600)])
    finding = only(CHECK, snapshot)
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.LIKELY)
    assert finding.doubt
    assert kinds(CHECK, finding, snapshot) == ["remove-pidfile"]


def test_a_fresh_file_of_a_stranger_is_left_alone() -> None:
    snapshot = machine(process(300, "bash", age=3), pidfiles=[pidfile(300, age=1)])
    finding = only(CHECK, snapshot)
    assert finding.confidence is Confidence.POSSIBLE
    assert kinds(CHECK, finding, snapshot) == []


def test_pid_1_is_above_every_process_and_no_wrapper_of_the_service() -> None:
    assert "pid 1, which is init" in only(CHECK, machine(runner(100), pidfiles=[pidfile(1)])).summary


@pytest.mark.parametrize(
    ("holder", "file"),
    [
        (runner(300, age=60), pidfile(300, age=600)),
        (worker(300), pidfile(300)),
        (process(300, "bash", "watchdog.sh"), pidfile(300)),
        (process(300, "nginx"), pidfile(300, path="/srv/ghost/pids/nginx.pid")),
        (process(300, "sshd", age=60), pidfile(300, locked=True)),
    ],
    ids=["ours", "an orphan of ours", "a restarter", "its own file", "locked"],
)
def test_these_are_not_recycled(holder: Process, file: PidFile) -> None:
    snapshot = machine(
        holder, pidfiles=[file], jobs=[watchdog_job(pids=[300])] if holder.name == "bash" else []
    )
    assert CHECK.find(snapshot, ghost_service()) == ()
