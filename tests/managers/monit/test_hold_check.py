import pytest

from ghostfix.managers.monit.hold_check import HoldMonitCheck
from ghostfix.model.errors import StepError
from ghostfix.model.machine import CommandAnswer
from ghostfix.model.step import Refused, Unneeded
from tests.fake_commands import Words
from tests.fake_system import FakeSystem, answered
from tests.managers.monit.test_jobs import CHECK, CONTROL, STATUS
from tests.managers.stage import do, machine

STEP = HoldMonitCheck(reason="test", check="ghost", control=CONTROL)
DEPENDENT = "check process leaf with pidfile /run/leaf.pid\n  depends on ghost\n"
OTHER = "check process other with pidfile /run/other.pid\n"


class FakeMonit:
    """A monit that does in its next cycle what it was told."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.system: FakeSystem = machine()
        self.system.add_program("monit")
        self.system.add_file(CONTROL, (CHECK + DEPENDENT + OTHER).encode(), 0o600, 0)
        self.monitored = {"ghost": True, "leaf": True, "other": True}
        self.orders: list[tuple[str, str]] = []
        self.deaf = deaf
        self.system.add_command(STATUS, self.status)
        self.system.add_programs(("monit", "-c", CONTROL), self.order)
        self.system.on_wait.append(lambda _: self.cycle())

    def status(self, words: Words, _: bytes) -> CommandAnswer:
        rows = [
            f"Process '{name}'\n  status                       OK\n"
            f"  monitoring status            {'Monitored' if monitored else 'Not monitored'}\n"
            for name, monitored in self.monitored.items()
        ]
        return answered(words, 0, "Monit 5.33.0 uptime: 3m\n\n" + "\n".join(rows))

    def order(self, words: Words, _: bytes) -> CommandAnswer:
        self.orders.append((words[3], words[4]))
        return answered(words)

    def cycle(self) -> None:
        for verb, name in [] if self.deaf else self.orders:
            self.monitored[name] = verb == "monitor"
            if name == "ghost" and verb == "unmonitor":
                self.monitored["leaf"] = False


def test_it_is_unmonitored_and_what_depended_on_it_comes_back_with_it() -> None:
    monit = FakeMonit()
    captured = do(monit.system, STEP)
    assert monit.monitored == {"ghost": False, "leaf": False, "other": True}
    assert isinstance(STEP.precondition(monit.system), Unneeded)
    STEP.undo(monit.system, captured)
    assert monit.monitored == {"ghost": True, "leaf": True, "other": True}
    STEP.undo(monit.system, captured)
    assert monit.monitored == {"ghost": True, "leaf": True, "other": True}


def test_an_order_that_waits_for_the_next_cycle_is_taken_back() -> None:
    monit = FakeMonit()
    captured = STEP.capture(monit.system)
    monit.system.command(("monit", "-c", CONTROL, "unmonitor", "ghost"), 1.0)
    STEP.undo(monit.system, captured)
    monit.cycle()
    assert monit.monitored == {"ghost": True, "leaf": True, "other": True}


def test_what_was_not_monitored_before_is_not_monitored_after() -> None:
    monit = FakeMonit()
    monit.monitored["leaf"] = False
    captured = do(monit.system, STEP)
    STEP.undo(monit.system, captured)
    assert monit.monitored == {"ghost": True, "leaf": False, "other": True}


def test_an_order_that_is_not_carried_out_is_no_hold() -> None:
    monit = FakeMonit(deaf=True)
    with pytest.raises(StepError, match="did not do it"):
        STEP.apply(monit.system)


def test_a_monit_that_does_not_answer_is_left_alone() -> None:
    monit = FakeMonit()
    monit.system.add_command(STATUS, stderr="monit: cannot connect\n", status=1)
    assert isinstance(STEP.precondition(monit.system), Refused)
    with pytest.raises(StepError):
        STEP.capture(monit.system)


def test_a_check_that_is_gone_needs_no_hold() -> None:
    monit = FakeMonit()
    del monit.monitored["ghost"]
    assert isinstance(STEP.precondition(monit.system), Unneeded)


def test_root_tells_a_user_s_monit_as_that_user() -> None:
    """A monit that root runs would do what the user's control file says."""
    monit = FakeMonit()
    monit.system.add_file("/etc/passwd", b"app:x:1000:1000::/home/app:/bin/sh\n", uid=0)
    monit.system.add_file(CONTROL, CHECK.encode(), 0o600, 1000)
    captured = STEP.capture(monit.system)
    STEP.apply(monit.system)
    STEP.undo(monit.system, captured)
    assert set(monit.system.asked_as) == {"app"}
    assert {act.detail for act in monit.system.acts if act.act == "command"} == {"app"}


def test_a_control_file_of_nobody_in_particular_is_not_used_by_root() -> None:
    monit = FakeMonit()
    monit.system.add_file(CONTROL, CHECK.encode(), 0o666, 0)
    verdict = STEP.precondition(monit.system)
    assert isinstance(verdict, Refused)
    assert "can be written by others" in verdict.reason
    with pytest.raises(StepError, match="was not told"):
        STEP.apply(monit.system)
    assert monit.orders == []
