from ghostfix.diagnosis.checks.stale_pidfile import CHECK
from ghostfix.model.finding import Severity
from ghostfix.model.process import ProcessState
from ghostfix.model.reading import Confidence
from ghostfix.model.run_lock import own_content
from tests.diagnosis.checks.builders import (
    PIDFILE,
    ghost_service,
    kinds,
    machine,
    only,
    pidfile,
    process,
    runner,
)


def test_nobody_has_the_pid() -> None:
    snapshot = machine(runner(100), pidfiles=[pidfile(4711)])
    finding = only(CHECK, snapshot)
    assert finding.summary == f"{PIDFILE} names pid 4711, which does not exist"
    assert (finding.severity, finding.confidence) == (Severity.WARNING, Confidence.CERTAIN)
    assert kinds(CHECK, finding, snapshot) == ["remove-pidfile"]


def test_only_a_zombie_has_the_pid() -> None:
    zombie = process(4711, state=ProcessState.ZOMBIE)
    assert "is a zombie" in only(CHECK, machine(runner(100), zombie, pidfiles=[pidfile(4711)])).summary


def test_a_file_written_a_moment_ago_may_name_a_process_not_seen_yet() -> None:
    snapshot = machine(pidfiles=[pidfile(4711, age=0.3)])
    finding = only(CHECK, snapshot)
    assert finding.confidence is Confidence.POSSIBLE
    assert finding.doubt
    assert kinds(CHECK, finding, snapshot) == []


def test_each_file_is_a_finding_and_repaired_by_itself() -> None:
    files = [pidfile(4711, path="/srv/ghost/pids/a.pid"), pidfile(4712, path="/srv/ghost/pids/b.pid")]
    snapshot = machine(runner(100), pidfiles=files)
    first, second = CHECK.find(snapshot, ghost_service())
    assert first.subject != second.subject
    assert kinds(CHECK, first, snapshot) == ["remove-pidfile"]


def test_ours_locked_and_unreadable_ones_are_not_stale() -> None:
    multi_line = pidfile(100, content=b"100\n/srv/ghost\n5555\n")
    files = [multi_line, pidfile(4711, locked=True)]
    assert CHECK.find(machine(runner(100), pidfiles=files), ghost_service()) == ()
    assert CHECK.find(machine(runner(100), pidfiles=[pidfile(4711)], complete=False), ghost_service()) == ()


def test_what_ghostfix_run_left_is_a_note() -> None:
    """Its lock ended with the process: nobody is kept out, and the next start takes the file over."""
    snapshot = machine(runner(100), pidfiles=[pidfile(4711, content=own_content(4711))])
    finding = only(CHECK, snapshot)
    assert finding.severity is Severity.INFO
    assert "keeps nobody out" in finding.summary
    assert kinds(CHECK, finding, snapshot) == []
    for content, locked in ((own_content(4711), None), (b"4711\n", False), (b"4711\n\nx\n", False)):
        snapshot = machine(runner(100), pidfiles=[pidfile(4711, content=content, locked=locked)])
        assert only(CHECK, snapshot).severity is Severity.WARNING


def test_a_file_of_the_future_is_repaired() -> None:
    snapshot = machine(pidfiles=[pidfile(4711, age=-90_000)])
    finding = only(CHECK, snapshot)
    assert finding.confidence is Confidence.CERTAIN
    assert "after this look" in finding.evidence[0].text
    assert kinds(CHECK, finding, snapshot) == ["remove-pidfile"]
