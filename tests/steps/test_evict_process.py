"""Stopping a stranger on the port."""

import pytest

from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem
from ghostfix.model.step import Refused, Unneeded
from ghostfix.steps.evict_process import EvictProcess
from tests.fake_system import FakeProcess, FakeSystem


def evict(process: FakeProcess) -> EvictProcess:
    return EvictProcess(reason="port-conflict", process=process.record, port=5555, ancestry="bash, pid 9")


def test_it_says_who_started_it() -> None:
    step = evict(FakeSystem().add_process(600, ("nc", "-l")))
    assert step.preview() == (
        "stop the stranger on port 5555: pid 600 (nc -l) of ghost, started by bash, pid 9"
    )
    assert step.on_request == "--evict"


@pytest.mark.parametrize("name", ["docker-proxy", "launchd", "systemd", "ControlCenter", "sshd"])
def test_who_holds_a_port_for_others_is_named_only(name: str) -> None:
    machine = FakeSystem()
    process = machine.add_process(600, (f"/usr/bin/{name}",), listens=(5555,), name=name)
    verdict = evict(process).precondition(machine)
    assert isinstance(verdict, Refused)
    assert name in verdict.reason


def test_who_has_let_go_of_the_port_is_left_alone() -> None:
    machine = FakeSystem()
    process = machine.add_process(600, ("nc", "-l"))
    assert isinstance(evict(process).precondition(machine), Unneeded)
    machine.problems["listeners"] = "not root"
    assert isinstance(evict(process).precondition(machine), Refused)


def test_a_child_that_holds_the_port_too_goes_with_it() -> None:
    machine = FakeSystem()
    process = machine.add_process(600, ("nc", "-l"), listens=(5555,))
    machine.add_process(601, ("nc", "-l"), ppid=600, listens=(("::1", 5555),))
    step = evict(process)
    assert step.precondition(machine) is None
    step.apply(machine)
    assert not {600, 601} & set(machine.table)


def test_another_holder_is_named() -> None:
    machine = FakeSystem()
    process = machine.add_process(600, ("nc", "-l"), listens=(5555,))
    machine.add_process(700, ("other",), listens=(("0.0.0.0", 5555),))
    acting: ActingSystem = machine
    with pytest.raises(StepError, match="port 5555 is held by pid 700 now"):
        evict(process).apply(acting)
    assert 700 in machine.table
