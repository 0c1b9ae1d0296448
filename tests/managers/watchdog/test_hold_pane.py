import pytest

from ghostfix.managers.watchdog.hold_loop import HoldWatchdog
from ghostfix.managers.watchdog.hold_pane import HoldPane, pane_of
from ghostfix.managers.watchdog.jobs import RESTARTER
from ghostfix.managers.watchdog.stop_loop import StopWatchdog
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import CommandAnswer, Platform
from ghostfix.model.process import Process
from ghostfix.model.step import Refused, Unneeded
from tests.fake_commands import Words
from tests.fake_system import FakeSystem, answered, default_caller
from tests.managers.stage import HOME, RUN, do, look

LOOP = ("bash", "-c", "while true; do python3 ghost.py; sleep 1; done")
SOCKET = "/tmp/tmux-1000/default"
TMUX = ("tmux", "-S", SOCKET)


class FakeTmux:
    """A tmux server with one pane, in which the loop runs."""

    def __init__(
        self, *, remain: str = "", parent: int = 400, root: bool = False, uid: int | None = None
    ) -> None:
        self.system = FakeSystem(caller=default_caller(Platform.LINUX, "root")) if root else FakeSystem()
        self.remain = remain
        self.system.add_program("tmux")
        self.system.add_program("bash")
        self.system.add_process(400, ("tmux", "new-session"), uid=uid, name="tmux: server")
        self.variables = {"TMUX": f"{SOCKET},400,0", "TMUX_PANE": "%3"}
        if parent != 400:
            self.system.add_process(parent, ("-bash",), 400, cwd=HOME)
        self.system.add_process(401, LOOP, parent, uid=uid, cwd=HOME, variables=self.variables)
        self.system.add_process(402, RUN, 401, uid=uid, cwd=HOME)
        self.pid = 401
        self.system.add_programs(TMUX, self.answer)

    def answer(self, words: Words, _: bytes) -> CommandAnswer:
        match words[3:]:
            case ("show-options", "-p", "-v", "-t", "%3", "remain-on-exit"):
                return answered(words, 0, f"{self.remain}\n" if self.remain else "")
            case ("set-option", "-p", "-t", "%3", "remain-on-exit", value):
                self.remain = value
            case ("set-option", "-p", "-u", "-t", "%3", "remain-on-exit"):
                self.remain = ""
            case ("display-message", "-p", "-t", "%3", "#{pane_dead}"):
                alive = self.system.process(self.pid) is not None
                return answered(words, 0, "0\n" if alive else "1\n")
            case ("respawn-pane", "-t", "%3"):
                assert self.remain == "on"
                self.pid = self.system.next_pid()
                self.system.add_process(self.pid, LOOP, 400, cwd=HOME, variables=self.variables)
            case _:
                raise AssertionError(words)
        return answered(words)

    def step(self) -> HoldPane:
        (job,) = look(self.system, RESTARTER).value
        (step,) = RESTARTER.hold(job, "test")
        assert isinstance(step, HoldPane)
        return step


def loop(system: FakeSystem) -> Process:
    process = system.process(401)
    assert process is not None
    return process


@pytest.mark.parametrize("remain", ["", "off", "on"])
def test_the_loop_ends_and_runs_in_its_pane_again(remain: str) -> None:
    tmux = FakeTmux(remain=remain)
    step = tmux.step()
    captured = do(tmux.system, step)
    assert tmux.system.process(401) is None
    assert tmux.system.process(402) is not None  # the service: a step of its own stops it
    assert isinstance(step.precondition(tmux.system), Unneeded)
    step.undo(tmux.system, captured)
    assert (tmux.pid > 402, tmux.remain) == (True, remain)
    again = tmux.pid
    step.undo(tmux.system, captured)
    assert (tmux.pid, tmux.remain) == (again, remain)


def test_undo_of_what_was_not_begun() -> None:
    tmux = FakeTmux()
    step = tmux.step()
    step.undo(tmux.system, step.capture(tmux.system))
    assert (tmux.pid, tmux.remain) == (401, "")


def test_a_loop_below_the_pane_s_shell_is_stopped_where_it_is() -> None:
    (job,) = look(FakeTmux(parent=410).system, RESTARTER).value
    assert [type(step) for step in RESTARTER.hold(job, "test")] == [HoldWatchdog, StopWatchdog]


def test_a_screen_s_loop_ends_and_is_started_outside() -> None:
    system = FakeSystem()
    system.add_program("bash")
    system.add_folder(HOME)
    system.add_process(400, ("SCREEN", "-dmS", "x"), name="screen")
    system.add_process(401, LOOP, 400, cwd=HOME, variables={"STY": "400.x", "WINDOW": "0"})
    step = pane_of(look(system, RESTARTER).value[0].live[0], "test", ())
    assert step is not None
    assert step.pane == ""
    captured = do(system, step)
    assert system.running(*LOOP) == ()
    step.undo(system, captured)
    step.undo(system, captured)
    assert len(system.running(*LOOP)) == 1


def test_a_tmux_that_does_not_answer_or_is_gone() -> None:
    tmux = FakeTmux()
    step = tmux.step()
    captured = do(tmux.system, step)
    tmux.system.add_programs(TMUX, lambda words, _: answered(words, 1, b"", b"no server running\n"))
    with pytest.raises(StepError, match="no server"):
        step.capture(tmux.system)
    with pytest.raises(ChangedError, match="no pane"):
        step.undo(tmux.system, captured)


def test_without_tmux_it_is_refused() -> None:
    tmux = FakeTmux()
    step = tmux.step()
    tmux.system.remove_path("/usr/bin/tmux")
    assert isinstance(step.precondition(tmux.system), Refused)


def test_root_speaks_to_the_tmux_of_another_user_as_that_user() -> None:
    tmux = FakeTmux(root=True, uid=1001)
    (step,) = RESTARTER.hold(look(tmux.system, RESTARTER).value[0], "test")
    captured = do(tmux.system, step)
    step.undo(tmux.system, captured)
    asked = {
        user for words, user in zip(tmux.system.asked, tmux.system.asked_as, strict=True) if "-S" in words
    }
    told = {act.detail for act in tmux.system.acts if act.subject.startswith("tmux")}
    assert asked | told == {"1001"}


def test_a_socket_of_another_user_is_not_spoken_to_as_root() -> None:
    tmux = FakeTmux(root=True, uid=0)
    tmux.system.add_folder("/tmp/tmux-1000", 0o700, uid=1001)
    (step,) = RESTARTER.hold(look(tmux.system, RESTARTER).value[0], "test")
    verdict = step.precondition(tmux.system)
    assert isinstance(verdict, Refused)
    assert "is not spoken to: uid 1001 could change /tmp/tmux-1000" in verdict.reason
    with pytest.raises(StepError, match="is not spoken to"):
        step.capture(tmux.system)
