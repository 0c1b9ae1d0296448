"""Starting exactly one instance."""

import pytest
from msgspec import structs

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.process import ProcessDetail
from ghostfix.model.service import Service
from ghostfix.model.step import Captured, Fact, Refused, Unneeded
from ghostfix.steps.start_service import MARK, StartService
from tests.fake_system import FakeProcess, FakeSystem

SERVICE = Service(
    name="ghost",
    profile="test",
    directory="/srv/ghost",
    script="run.py",
    start=("/usr/bin/python3", "run.py"),
    ports=(5555,),
    logs=("logs/ghost.log",),
)
STEP = StartService(reason="not-running", service=SERVICE)
RUNS = ("/usr/bin/python3", "run.py")


def a_machine() -> FakeSystem:
    machine = FakeSystem()
    machine.add_program("python3")
    machine.add_folder("/srv/ghost", uid=1000)
    return machine


def comes_up(machine: FakeSystem) -> None:
    machine.on_spawn.append(lambda process: machine.listen(process.pid, 5555))


def test_it_runs_and_listens() -> None:
    machine = a_machine()
    comes_up(machine)
    assert STEP.precondition(machine) is None
    assert STEP.apply(machine) == "pid 31001 runs and listens on 5555"
    assert machine.content("/srv/ghost/logs/ghost.log").startswith(
        b"--- ghostfix started ghost at 2026-03-02T"
    )
    assert isinstance(STEP.precondition(machine), Unneeded)


def test_an_instance_elsewhere_is_another_service() -> None:
    machine = a_machine()
    machine.add_process(500, RUNS, cwd="/srv/other")
    assert STEP.precondition(machine) is None
    machine.add_process(501, RUNS, cwd="/srv/ghost")
    assert STEP.precondition(machine) == Unneeded("an instance runs already: pid 501")


def test_who_holds_the_port_is_named() -> None:
    machine = a_machine()
    machine.add_process(600, ("nc", "-l", "5555"), listens=(5555,))
    assert STEP.precondition(machine) == Refused("port 5555 is taken by pid 600 (nc -l 5555)")
    machine.sockets[0] = structs.replace(machine.sockets[0], owners=())
    verdict = STEP.precondition(machine)
    assert isinstance(verdict, Refused)
    assert "cannot be seen without more privilege" in verdict.reason


def test_what_is_missing_is_named() -> None:
    machine = a_machine()
    machine.remove_path("/usr/bin/python3")
    assert STEP.precondition(machine) == Refused("/usr/bin/python3, which starts ghost, is not there")
    silent = Service(name="ghost", profile="test", directory="/srv/ghost", match="ghost")
    verdict = StartService(reason="r", service=silent).precondition(machine)
    assert verdict == Refused("the profile does not say how to start ghost")


def test_a_service_of_a_manager_is_not_started_beside_it() -> None:
    managed = structs.replace(SERVICE, manager="systemd:ghost.service")
    verdict = StartService(reason="r", service=managed).precondition(a_machine())
    assert isinstance(verdict, Refused)


def test_one_that_ends_at_once_is_a_failure_with_its_last_words() -> None:
    machine = a_machine()

    def dies(process: FakeProcess) -> None:
        machine.files["/srv/ghost/logs/ghost.log"].content += b"Traceback\nModuleNotFoundError: psutil\n"
        machine.end(process.pid)

    machine.add_file("/srv/ghost/logs/ghost.log", b"an old error\n", uid=1000)
    machine.on_spawn.append(dies)
    with pytest.raises(StepError, match=r"ended at once: Traceback / ModuleNotFoundError: psutil$"):
        STEP.apply(machine)


def test_one_that_does_not_listen_yet_is_said_to_run() -> None:
    machine = a_machine()
    assert STEP.apply(machine) == "pid 31001 runs, and does not listen on 5555 after 10 s"


def test_one_that_puts_itself_into_the_background_is_found() -> None:
    machine = a_machine()

    def detaches(process: FakeProcess) -> None:
        inherited = {one.name: one.value for one in process.detail.environment or ()}
        machine.add_process(
            900, RUNS, cwd="/srv/ghost", started=machine.now(), variables=inherited, listens=(5555,)
        )
        machine.end(process.pid)

    machine.on_spawn.append(detaches)
    assert STEP.apply(machine) == "pid 900 runs and listens on 5555"


def test_undo_stops_what_it_started_and_nothing_else() -> None:
    machine = a_machine()
    comes_up(machine)
    captured = STEP.capture(machine)
    STEP.apply(machine)
    machine.wait(1.0)
    machine.add_process(700, RUNS, cwd="/srv/ghost", started=machine.now())
    assert STEP.undo(machine, captured) == "pid 31001 ended on TERM"
    assert 700 in machine.table
    assert STEP.undo(machine, captured) == "the instance that was started does not run any more"


def test_undo_leaves_a_daemon_that_only_inherited_the_mark_and_names_it() -> None:
    machine = a_machine()

    def comes_up_and_starts(process: FakeProcess) -> None:
        inherited = {one.name: one.value for one in process.detail.environment or ()}
        for pid, parent in ((900, 1), (901, process.pid)):
            machine.add_process(
                pid, ("agent", str(pid)), ppid=parent, started=machine.now(), variables=inherited
            )

    machine.on_spawn.append(comes_up_and_starts)
    captured = STEP.capture(machine)
    STEP.apply(machine)
    said = STEP.undo(machine, captured)
    assert 31001 not in machine.table
    assert 901 not in machine.table  # what is below it is its own
    assert 900 in machine.table
    assert said.endswith("what it started goes on by itself: pid 900 (agent 900)")


def test_undo_ends_an_instance_that_has_written_over_its_environment() -> None:
    """The journal names it, whatever it shows by now."""
    machine = a_machine()
    comes_up(machine)
    captured = STEP.capture(machine)
    STEP.apply(machine)
    started = machine.table[31001]
    started.detail = structs.replace(started.detail, environment=())
    assert "not run any more" in STEP.undo(machine, captured)
    assert "ended on TERM" in STEP.undo(machine, structs.replace(captured, started=(started.record,)))


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_undo_finds_what_it_started_after_the_clock_was_set(step: float) -> None:
    machine = a_machine()
    comes_up(machine)
    captured = STEP.capture(machine)
    STEP.apply(machine)
    machine.set_clock(step)
    assert STEP.undo(machine, captured) == "pid 31001 ended on TERM"


def test_undo_of_what_the_version_before_has_kept() -> None:
    machine = a_machine()
    variables = {MARK: "ghost:30003"}
    machine.add_process(700, RUNS, cwd="/srv/ghost", started=machine.now(), variables=variables)
    machine.add_process(701, ("agent",), started=machine.now(), variables=variables)
    kept = Captured(facts=(Fact("mark", "ghost:30003"), Fact("after", repr(machine.now()))))
    assert STEP.undo(machine, kept) == "pid 700 ended on TERM"
    assert 701 in machine.table


def test_after_another_boot_there_is_nothing_to_end() -> None:
    machine = a_machine()
    comes_up(machine)
    captured = STEP.capture(machine)
    STEP.apply(machine)
    machine.start_again("another")
    machine.add_process(31001, RUNS, cwd="/srv/ghost", started=machine.now())
    assert STEP.undo(machine, captured).startswith("the machine was started again since: ")
    assert 31001 in machine.table


def test_undo_leaves_an_instance_of_which_it_cannot_be_sure() -> None:
    machine = a_machine()
    captured = STEP.capture(machine)
    machine.add_process(
        700, RUNS, started=machine.now(), detail=ProcessDetail(cwd="/srv/ghost", environment=None)
    )
    with pytest.raises(ChangedError, match="whether ghostfix started it cannot be seen"):
        STEP.undo(machine, captured)


def test_the_venv_is_put_in_front() -> None:
    machine = a_machine()
    comes_up(machine)
    service = structs.replace(SERVICE, environment=structs.replace(SERVICE.environment, venv=".venv"))
    StartService(reason="r", service=service).apply(machine)
    detail = machine.table[31001].detail
    assert detail.variable("VIRTUAL_ENV") == "/srv/ghost/.venv"
    assert str(detail.variable("PATH")).startswith("/srv/ghost/.venv/bin:/usr/local/bin")
