"""Moving a PID file aside."""

from collections.abc import Callable

import pytest
from msgspec import structs

from ghostfix.model.errors import ChangedError
from ghostfix.model.machine import Platform
from ghostfix.model.service import Service
from ghostfix.model.snapshot import PidFile, PidFileState
from ghostfix.model.step import Refused, Unneeded
from ghostfix.steps.remove_pidfile import RemovePidFile
from tests.fake_system import FakeSystem, default_caller

PATH = "/srv/ghost/ghost.pid"
SERVICE = Service(name="ghost", profile="test", directory="/srv/ghost", module="ghost.main")


def a_machine() -> FakeSystem:
    machine = FakeSystem()
    machine.add_file(PATH, b"4711\n", 0o600, modified=machine.now() - 500)
    return machine


def step(machine: FakeSystem) -> RemovePidFile:
    status = machine.status(PATH).value
    pidfile = PidFile(path=PATH, state=PidFileState.READABLE, pid=4711, status=status, content=b"4711\n")
    return RemovePidFile(reason="stale-pidfile", pidfile=pidfile)


def test_there_and_back() -> None:
    machine = a_machine()
    before = machine.files[PATH]
    removal = step(machine)
    assert removal.precondition(machine) is None
    captured = removal.capture(machine)
    assert removal.apply(machine).startswith("moved to ghost.pid.")
    assert PATH not in machine.files
    assert before in machine.files.values()
    assert isinstance(removal.precondition(machine), Unneeded)
    assert removal.undo(machine, captured) == f"{PATH} is back in its place"
    assert machine.files[PATH] is before
    assert removal.undo(machine, captured) == f"{PATH} is in its place"


def _rewritten(machine: FakeSystem) -> None:
    machine.add_file(PATH, b"4711\n", 0o600)


def _other_content(machine: FakeSystem) -> None:
    machine.files[PATH].content = b"4712\n"


def _a_symlink(machine: FakeSystem) -> None:
    machine.remove_path(PATH)
    machine.add_symlink(PATH, "/etc/passwd")


def _another_owner(machine: FakeSystem) -> None:
    machine.files[PATH].uid = 1234


def _locked(machine: FakeSystem) -> None:
    machine.files[PATH].locked = True


def _its_process_runs(machine: FakeSystem) -> None:
    machine.add_process(4711, ("anything",), started=machine.now() - 600)


@pytest.mark.parametrize(
    "change", [_rewritten, _other_content, _a_symlink, _another_owner, _locked, _its_process_runs]
)
def test_what_is_not_as_it_was_stays(change: Callable[[FakeSystem], None]) -> None:
    machine = a_machine()
    removal = step(machine)
    change(machine)
    assert isinstance(removal.precondition(machine), Refused)
    if change not in (_locked, _its_process_runs):
        with pytest.raises(ChangedError):
            removal.apply(machine)
    assert PATH in machine.files


def test_a_stranger_that_got_the_pid_later_does_not_keep_the_file() -> None:
    machine = a_machine()
    machine.add_process(4711, ("anything",), started=machine.now() - 10)
    assert step(machine).precondition(machine) is None


def test_with_the_service_known_its_process_keeps_the_file_and_a_stranger_does_not() -> None:
    machine = a_machine()
    removal = structs.replace(step(machine), service=SERVICE)
    machine.add_process(4711, ("vim", "ghost.main"), started=machine.now() - 600)
    assert removal.precondition(machine) is None
    machine.end(4711)
    machine.add_process(4711, ("python3", "-m", "ghost.main"), cwd="/srv/ghost", started=machine.now() - 10)
    assert isinstance(removal.precondition(machine), Refused)


def test_a_fresh_file_wins_over_undo() -> None:
    machine = a_machine()
    removal = step(machine)
    captured = removal.capture(machine)
    removal.apply(machine)
    machine.add_file(PATH, b"9\n")
    machine.add_process(9, ("python3", "-m", "other"))
    with pytest.raises(
        ChangedError, match="was written again since, and stays; the former file is /srv/ghost/"
    ):
        removal.undo(machine, captured)
    assert machine.content(PATH) == b"9\n"


def test_a_file_that_was_taken_away_since_is_written_again() -> None:
    machine = a_machine()
    removal = step(machine)
    captured = removal.capture(machine)
    removal.apply(machine)
    machine.remove_path(next(path for path in machine.files if path.startswith(f"{PATH}.")))
    removal.undo(machine, captured)
    assert machine.content(PATH) == b"4711\n"
    assert machine.files[PATH].mode == 0o600


@pytest.mark.parametrize(
    ("owner", "folder", "moved"),
    [(1000, 0o1777, True), (0, 0o1777, True), (77, 0o1777, False), (77, 0o755, True), (77, 0o775, True)],
)
def test_where_anybody_may_write_only_the_service_s_own_file_is_moved(
    owner: int, folder: int, moved: bool
) -> None:
    """In any other folder its owner let whoever wrote it in."""
    machine = FakeSystem(caller=default_caller(Platform.LINUX, "root"))
    machine.add_folder("/srv/ghost", uid=1000)
    machine.add_folder("/run/lock", folder, 0)
    machine.add_file("/run/lock/a.pid", b"4711\n", 0o644, owner)
    status = machine.status("/run/lock/a.pid").value
    pidfile = PidFile(
        path="/run/lock/a.pid", state=PidFileState.READABLE, pid=4711, status=status, content=b"4711\n"
    )
    verdict = RemovePidFile(reason="r", pidfile=pidfile, service=SERVICE).precondition(machine)
    if moved:
        assert verdict is None
    else:
        reason = "/run/lock/a.pid is uid 77's, in a folder where anybody may write, and is not moved"
        assert verdict == Refused(reason)


def _of_a_process_that_has_ended(machine: FakeSystem) -> None:
    machine.add_process(812, ("python3", "-m", "ghost.main"), cwd="/srv/ghost")
    machine.add_file(PATH, b"812\n")
    machine.end(812)


def test_the_file_of_a_process_that_has_ended_stops_no_undo() -> None:
    """The service that the repair started wrote it, and the same undo has just ended that."""
    machine = a_machine()
    before = machine.files[PATH]
    removal = step(machine)
    captured = removal.capture(machine)
    removal.apply(machine)
    _of_a_process_that_has_ended(machine)
    said = removal.undo(machine, captured)
    assert machine.files[PATH] is before
    assert said.startswith(f"{PATH} is back in its place; the one of a process that has ended since is ")
    assert machine.files[f"{PATH}.ghostfix-2"].content == b"812\n"
    assert removal.undo(machine, captured) == f"{PATH} is in its place"


def test_a_locked_file_and_one_that_names_nobody_stay() -> None:
    for content, locked in ((b"812\n", True), (b"not a number\n", False)):
        machine = a_machine()
        removal = step(machine)
        captured = removal.capture(machine)
        removal.apply(machine)
        machine.add_file(PATH, content)
        machine.files[PATH].locked = locked
        with pytest.raises(ChangedError, match="was written again since, and stays"):
            removal.undo(machine, captured)
