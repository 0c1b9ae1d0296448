import pytest

from ghostfix.diagnosis.checks.malformed_pidfile import CHECK
from ghostfix.model.snapshot import PidFile, PidFileState
from tests.diagnosis.checks.builders import ghost_service, kinds, machine, only, pidfile, runner


@pytest.mark.parametrize(
    ("state", "content", "says", "steps"),
    [
        (PidFileState.EMPTY, b"", "is empty", ["remove-pidfile"]),
        (PidFileState.MALFORMED, b"\xff\x00pid", "holds no PID", ["remove-pidfile"]),
        (PidFileState.SYMLINK, b"", "is a symlink", []),
        (PidFileState.NOT_A_FILE, b"", "is not a regular file", []),
    ],
)
def test_what_holds_no_pid(state: PidFileState, content: bytes, says: str, steps: list[str]) -> None:
    snapshot = machine(runner(100), pidfiles=[pidfile(None, state=state, content=content)])
    finding = only(CHECK, snapshot)
    assert says in finding.summary
    assert kinds(CHECK, finding, snapshot) == steps


def test_undecodable_bytes_are_shown_as_such() -> None:
    file = pidfile(None, state=PidFileState.MALFORMED, content=b"\xff\x00")
    assert "xff" in only(CHECK, machine(runner(100), pidfiles=[file])).evidence[0].text


@pytest.mark.parametrize(
    "file",
    [
        pidfile(100),
        pidfile(None, state=PidFileState.EMPTY, age=0.5),
        pidfile(None, state=PidFileState.EMPTY, locked=True),
        pidfile(None, state=PidFileState.UNREADABLE),
    ],
    ids=["fine", "being written", "a lock", "unreadable"],
)
def test_these_are_not_malformed(file: PidFile) -> None:
    assert CHECK.find(machine(runner(100), pidfiles=[file]), ghost_service()) == ()


def test_an_empty_file_of_the_future_is_not_just_being_written() -> None:
    """The clock was set back since, or the file server has another one."""
    file = pidfile(None, state=PidFileState.EMPTY, age=-90_000)
    assert "is empty" in only(CHECK, machine(runner(100), pidfiles=[file])).summary
