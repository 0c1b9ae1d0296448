"""What is below a watchdog loop, told apart."""

import pytest

from ghostfix.managers.watchdog.loop_family import LoopFamily, loop_family
from ghostfix.model.process import ProcessState, ProcessTree
from tests.fake_system import FakeSystem

LOOP = ("bash", "keep.sh")


def machine(loop: tuple[str, ...] = LOOP) -> FakeSystem:
    system = FakeSystem()
    system.add_process(500, loop)
    return system


def told_apart(system: FakeSystem, *service: int) -> tuple[list[int], list[int]]:
    listening = {owner for listener in system.sockets for owner in listener.owners}
    family: LoopFamily = loop_family(
        ProcessTree(system.processes().value),
        system.table[500].record,
        [system.table[pid].record for pid in service],
        listening,
        system.now(),
    )
    return [one.pid for one in family.own], [one.pid for one in family.others]


def add(system: FakeSystem, pid: int, argv: str, ppid: int = 500, age: float = 1.0, **more: int) -> None:
    listens = (more["listens"],) if "listens" in more else ()
    session = more.get("session")
    system.add_process(
        pid, argv.split(), ppid=ppid, started=system.now() - age, listens=listens, session=session
    )


def test_what_the_loop_waits_for_is_its_own() -> None:
    system = machine()
    add(system, 501, "sleep 2")
    assert told_apart(system) == ([501], [])


def test_a_service_in_the_background_is_not_whether_or_not_it_listens() -> None:
    system = machine()
    add(system, 501, "python3 api.py", age=30.0, listens=18602)
    add(system, 502, "python3 worker.py", age=20.0)
    add(system, 503, "python3 part.py", ppid=502, age=19.0)
    add(system, 504, "sleep 2")
    assert told_apart(system) == ([504], [501, 502, 503])


def test_a_service_below_a_fork_of_the_shell_is_not_and_the_fork_is() -> None:
    """``curl ... || python3 api.py &``: bash forks itself for the list, and waits in that fork."""
    system = machine()
    add(system, 501, "bash keep.sh", age=30.0)
    add(system, 502, "python3 worker.py", ppid=501, age=30.0)
    add(system, 503, "sleep 2")
    assert told_apart(system) == ([501, 503], [502])


def test_a_service_for_which_the_loop_waits_is_not_when_it_lasts_or_listens() -> None:
    for age, port in ((90.0, None), (1.0, 18602)):
        system = machine()
        add(system, 501, "python3 api.py", age=age)
        if port is not None:
            system.listen(501, port)
        assert told_apart(system) == ([], [501])


def test_what_leads_to_the_service_is_the_loop_s_and_the_service_is_neither() -> None:
    system = machine()
    add(system, 501, "sh start.sh", age=3000.0)
    add(system, 502, "python3 web.py", ppid=501, age=3000.0, listens=18601)
    add(system, 503, "python3 part.py", ppid=502, age=2999.0)
    add(system, 504, "sleep 2")
    assert told_apart(system, 502) == ([501, 504], [])


def test_a_script_for_which_it_waits_is_its_own_however_long_that_takes() -> None:
    system = machine()
    add(system, 501, "sh start.sh", age=3000.0)
    add(system, 502, "sleep 10", ppid=501)
    assert told_apart(system) == ([501, 502], [])


def test_a_session_of_its_own_is_somebody_else_s_with_all_below_it() -> None:
    system = machine()
    add(system, 501, "sh agent.sh", session=501)
    add(system, 502, "sleep 10", ppid=501)
    assert told_apart(system) == ([], [501, 502])


@pytest.mark.parametrize("program", ["python3 worker.py", "curl -s localhost"])
def test_a_loop_that_is_no_shell_need_not_wait_for_its_youngest(program: str) -> None:
    system = machine(("python3", "keep.py"))
    add(system, 501, program)
    assert told_apart(system) == ([], [501])


def test_what_is_held_is_not_left_so() -> None:
    system = machine()
    system.add_process(501, ("sleep", "900"), ppid=500, state=ProcessState.STOPPED)
    add(system, 502, "sleep 2")
    assert told_apart(system) == ([501, 502], [])
