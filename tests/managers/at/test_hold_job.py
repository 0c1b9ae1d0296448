import pytest
from msgspec import structs

from ghostfix.managers.at.at_job import PUT_BACK
from ghostfix.managers.at.hold_job import HoldAtJob
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import CommandAnswer
from ghostfix.model.step import Refused, Unneeded
from tests.fake_commands import Words
from tests.fake_system import FakeSystem, answered
from tests.managers.at.test_jobs import FOLDER, NAME, TEXT, waiting
from tests.managers.stage import do

STEP = HoldAtJob(reason="test", number=12, user="root", source=TEXT.encode())


class FakeAt:
    """An at that gives each job that it is handed a new number and a beginning of its own."""

    def __init__(self) -> None:
        self.system: FakeSystem = waiting()
        self.handed: list[Words] = []
        for name in ("at", "atrm"):
            self.system.add_program(name)
        self.system.add_programs(("at",), self.submit)
        self.system.add_programs(("atrm",), self.remove)

    def submit(self, words: Words, stdin: bytes) -> CommandAnswer:
        self.handed.append(words)
        beginning = "#!/bin/sh\n# atrun uid=0 gid=0\n# mail root 0\numask 22\ncd / || {\n\t exit 1\n}\n"
        self.system.add_file(f"{FOLDER}/a0000d01c89cb2", beginning.encode() + stdin + b"\n", 0o700, 0)
        return answered(words, 0, b"", b"job 13 at Mon Nov 23 22:10:00 2026\n")

    def remove(self, words: Words, _: bytes) -> CommandAnswer:
        for name in queue(self.system):
            if int(name[1:6], 16) == int(words[1]):
                self.system.remove_path(f"{FOLDER}/{name}")
        return answered(words)


def queue(system: FakeSystem) -> list[str]:
    return [name for name in system.names(FOLDER).value if not name.startswith(".")]


def test_it_is_saved_and_queued_again() -> None:
    at = FakeAt()
    captured = do(at.system, STEP)
    assert queue(at.system) == []
    assert isinstance(STEP.precondition(at.system), Unneeded)
    STEP.undo(at.system, captured)
    (name,) = queue(at.system)
    assert at.system.content(f"{FOLDER}/{name}").endswith(PUT_BACK.encode() + TEXT.encode() + b"\n")
    (words,) = at.handed
    assert words[:4] == ("at", "-q", "a", "-t")
    STEP.undo(at.system, captured)
    assert len(at.handed) == 1


def test_undo_of_what_was_not_begun() -> None:
    at = FakeAt()
    captured = STEP.capture(at.system)
    STEP.undo(at.system, captured)
    assert (queue(at.system), at.handed) == ([NAME], [])


def test_another_job_of_that_number_is_left() -> None:
    at = FakeAt()
    at.system.add_file(f"{FOLDER}/{NAME}", TEXT.replace("ghost", "other").encode(), 0o700, 0)
    assert isinstance(STEP.precondition(at.system), Refused)
    with pytest.raises(ChangedError):
        STEP.apply(at.system)
    assert queue(at.system) == [NAME]


def test_failures_are_said() -> None:
    at = FakeAt()
    captured = STEP.capture(at.system)
    at.system.add_command(("atrm", "12"), stderr="atrm: not your job\n", status=1)
    with pytest.raises(StepError, match="not your job"):
        STEP.apply(at.system)
    at.system.remove_path(f"{FOLDER}/{NAME}")
    at.system.add_programs(("at",), lambda words, _: answered(words, 1, b"", b"at: garbled time\n"))
    with pytest.raises(StepError, match="garbled time"):
        STEP.undo(at.system, captured)


def test_root_gives_no_job_back_of_which_it_does_not_know_whose_it_was() -> None:
    at = FakeAt()
    step = HoldAtJob(reason="test", number=12, user="", source=TEXT.encode())
    captured = do(at.system, step)
    with pytest.raises(StepError, match="whose at job 12 was is not known"):
        step.undo(at.system, captured)
    assert at.handed == []


def test_a_job_that_was_cut_on_its_way_back_is_queued_whole() -> None:
    at = FakeAt()
    captured = structs.replace(do(at.system, STEP), cut_off=True)
    at.submit(("at",), (PUT_BACK + TEXT[: len(TEXT) // 2]).encode())
    STEP.undo(at.system, captured)
    (name,) = queue(at.system)
    assert at.system.content(f"{FOLDER}/{name}").endswith(PUT_BACK.encode() + TEXT.encode() + b"\n")


def test_a_queue_that_cannot_be_read_is_given_no_second_job() -> None:
    at = FakeAt()
    captured = do(at.system, STEP)
    at.system.files[FOLDER].unreadable = True
    with pytest.raises(StepError, match="there is no atq"):
        STEP.undo(at.system, captured)
    assert at.handed == []
