import pytest

from ghostfix.model.errors import StepError
from ghostfix.model.machine import CommandAnswer
from ghostfix.model.step import Refused, Unneeded
from ghostfix.steps.make_folder import MakeFolder
from tests.fake_system import FakeSystem, answered

STEP = MakeFolder(reason="adopt", path="/srv/web/logs/web")


def machine() -> FakeSystem:
    system = FakeSystem()
    system.add_folder("/srv/web")

    def mkdir(words: tuple[str, ...], _: bytes) -> CommandAnswer:
        system.add_folder("/srv/web/logs")
        system.add_folder(words[-1])
        return answered(words)

    system.add_programs(("mkdir", "-p", "--"), mkdir)
    return system


def test_made_and_gone_again() -> None:
    system = machine()
    assert STEP.precondition(system) is None
    captured = STEP.capture(system)
    STEP.apply(system)
    assert isinstance(STEP.precondition(system), Unneeded)
    assert STEP.undo(system, captured) == "/srv/web/logs/web is gone again"
    assert system.status("/srv/web/logs").value is None
    assert system.status("/srv/web").value is not None


def test_what_was_written_into_it_stays() -> None:
    system = machine()
    captured = STEP.capture(system)
    STEP.apply(system)
    system.add_file("/srv/web/logs/web/a.log", b"x")
    assert "stays" in STEP.undo(system, captured)
    assert system.content("/srv/web/logs/web/a.log") == b"x"


def test_it_is_made_with_the_rights_of_the_service_s_user() -> None:
    system = machine()
    step = STEP.run_as("alice")
    assert step.preview() == "make the folder /srv/web/logs/web as alice"
    step.apply(system)
    assert system.acts[-1].detail == "alice"


def test_it_is_removed_with_those_rights_as_well() -> None:
    system = machine()

    def rmdir(words: tuple[str, ...], _: bytes) -> CommandAnswer:
        system.remove_path(words[-1])
        return answered(words)

    system.add_programs(("rmdir", "--"), rmdir)
    step = STEP.run_as("alice")
    captured = step.capture(system)
    step.apply(system)
    assert step.undo(system, captured) == "/srv/web/logs/web is gone again"
    removed = [(act.subject, act.detail) for act in system.acts if "rmdir" in act.subject]
    assert removed == [("rmdir -- /srv/web/logs/web", "alice"), ("rmdir -- /srv/web/logs", "alice")]
    assert not any(act.act == "remove_empty_folder" for act in system.acts)


def test_a_file_in_the_way() -> None:
    system = machine()
    system.add_file("/srv/web/logs/web", b"")
    assert isinstance(STEP.precondition(system), Refused)


def test_a_mkdir_that_fails() -> None:
    system = FakeSystem()
    system.add_programs(("mkdir",), lambda words, _: answered(words, 1, b"", "mkdir: Permission denied"))
    with pytest.raises(StepError, match="Permission denied"):
        STEP.run_as("alice").apply(system)


def test_who_needs_nobody_s_rights_starts_no_program_for_it() -> None:
    """It would follow whatever symlink lies on the way; the system's own way does not."""
    system = FakeSystem()
    system.add_folder("/srv/web")
    STEP.apply(system)
    assert [act.act for act in system.acts] == ["make_folder", "make_folder"]
