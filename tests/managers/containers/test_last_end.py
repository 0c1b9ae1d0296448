"""How containers ended."""

import pytest
from msgspec import structs

from ghostfix.managers.containers.jobs import RESTARTERS
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.reading import Reading
from tests.fake_system import FakeSystem, answered
from tests.managers.containers.container_answer import ID, inspected
from tests.managers.stage import SERVICE, look, machine

RESTARTER = next(each for each in RESTARTERS if each.kind == "docker")
NAMED = structs.replace(SERVICE, manager="docker:ghost_web_1")
FINISHED = "2026-03-02T09:00:59.5Z"
LOGS = ("docker", "logs", "--tail", "40", ID)


def machine_with(policy: str = "always", *, retries: int = 0, **state: object) -> FakeSystem:
    system = machine()
    system.add_program("docker")
    given = {"FinishedAt": FINISHED, **state}
    text = inspected(policy, running=bool(state.get("Running")), retries=retries, state=given)
    for key in ("ghost_web_1", ID):
        system.add_command(("docker", "inspect", "--type", "container", key), stdout=text)
    system.add_command(LOGS, answered(LOGS, 0, b"up\n", b"no database\n"))
    return system


def ends(system: FakeSystem) -> Reading[tuple[LastEnd, ...]]:
    assert RESTARTER.last_ends is not None
    return RESTARTER.last_ends(system, NAMED, look(system, RESTARTER, NAMED).value)


def only(system: FakeSystem) -> LastEnd:
    reading = ends(system)
    assert reading.complete, reading.problem
    (end,) = reading.value
    return end


def test_an_exit_has_its_code_its_time_and_what_was_written_last() -> None:
    end = only(machine_with(ExitCode=3))
    assert (end.kind, end.status, end.starts) == (EndKind.EXITED, 3, 3)
    assert end.at == pytest.approx(1772442059.5)
    assert [line.text for line in end.lines] == ["up", "no database"]
    assert (end.log, end.reported_by) == ("docker logs ghost_web_1", "docker inspect")


def test_what_had_no_memory_left_is_not_only_killed() -> None:
    end = only(machine_with(ExitCode=137, OOMKilled=True))
    assert (end.kind, end.signal, end.status) == (EndKind.OUT_OF_MEMORY, "KILL", None)
    assert only(machine_with(ExitCode=137)).kind is EndKind.SIGNALLED


def test_what_the_engine_could_not_start_is_told_in_its_words() -> None:
    error = 'exec: "python3": executable file not found in $PATH'
    end = only(machine_with(ExitCode=127, Error=error, FinishedAt="0001-01-01T00:00:00Z"))
    assert (end.kind, end.lines) == (EndKind.NOT_STARTED, ())
    assert error in end.words


def test_an_engine_gives_up_after_its_retries() -> None:
    assert only(machine_with("on-failure", retries=3, ExitCode=1)).given_up
    assert not only(machine_with("on-failure", retries=4, ExitCode=1)).given_up
    assert not only(machine_with("always", ExitCode=1)).given_up


def test_one_that_has_never_ended_has_no_end() -> None:
    assert ends(machine_with(Running=True, FinishedAt="0001-01-01T00:00:00Z")) == Reading(())


def test_lines_that_cannot_be_had_are_told() -> None:
    system = machine_with(ExitCode=3)
    system.add_command(LOGS, answered(LOGS, 1, b"", b"configured logging driver does not support reading\n"))
    reading = ends(system)
    assert not reading.complete
    assert [end.status for end in reading.value] == [3]
