"""Starting again when it fails, and giving up in time, on a clock of the test's own."""

import pytest

from ghostfix.model.errors import ProfileError
from ghostfix.model.supervision import Ending, Policy, Restart, policy_of, supervise

FAILED, CRASHED, WELL, TERMINATED = Ending(1), Ending(0, 11), Ending(0), Ending(0, 15)


class FakeChild:
    """Runs of given lengths and endings, the last of them for ever."""

    def __init__(self, *runs: tuple[float, Ending], stop_at: float = 1e9) -> None:
        self._runs = list(runs)
        self._stop_at = stop_at
        self.clock = 0.0
        self.starts: list[float] = []

    @property
    def stopping(self) -> bool:
        return self.clock >= self._stop_at

    def now(self) -> float:
        return self.clock

    def start(self) -> int:
        self.starts.append(self.clock)
        return 100 + len(self.starts)

    def wait(self) -> Ending:
        seconds, ending = self._runs.pop(0) if len(self._runs) > 1 else self._runs[0]
        self.clock += seconds
        return ending

    def pause(self, seconds: float) -> None:
        self.clock += seconds


def nobody() -> None:
    """Nobody else of the service runs."""


def policy(when: Restart = Restart.ON_FAILURE, most: int = 5) -> Policy:
    return Policy(when=when, most=most, within=300, shortest=1, longest=60)


def test_a_crash_loop_ends_at_the_limit_with_pauses_that_double() -> None:
    child = FakeChild((0.0, FAILED))
    said: list[str] = []
    assert supervise(child, policy(), nobody, said.append) == FAILED
    assert child.starts == [0, 1, 3, 7, 15, 31]
    assert said[0] == "pid 101 ended with status 1; it is started again in 1 s"
    assert said[-1].startswith("pid 106 ended with status 1; it was started again 5 times within 300 s")


def test_a_service_that_fails_once_a_day_is_always_started_again() -> None:
    child = FakeChild(*[(86_400.0, CRASHED)] * 30, (1.0, WELL))
    assert supervise(child, policy(), nobody, lambda _: None) == WELL
    assert len(child.starts) == 31
    assert child.starts[30] == 30 * 86_401


@pytest.mark.parametrize("ending", [WELL, TERMINATED])
def test_a_clean_end_is_the_end(ending: Ending) -> None:
    child = FakeChild((5.0, ending))
    assert supervise(child, policy(), nobody, lambda _: None) == ending
    assert child.starts == [0]


def test_always_means_after_a_clean_end_too() -> None:
    child = FakeChild((5.0, WELL))
    assert supervise(child, policy(Restart.ALWAYS, most=2), nobody, lambda _: None) == WELL
    assert len(child.starts) == 3


@pytest.mark.parametrize("stop_at", [3.0, 5.5])
def test_who_is_told_to_stop_starts_nothing_more(stop_at: float) -> None:
    child = FakeChild((5.0, FAILED), stop_at=stop_at)
    assert supervise(child, policy(), nobody, lambda _: None) == FAILED
    assert child.starts == [0]


def test_nothing_is_started_beside_what_the_command_has_left() -> None:
    """A daemon that it became, or workers of a parent that was killed: they would be two."""
    child = FakeChild((5.0, FAILED), (5.0, WELL))
    said: list[str] = []
    ending = supervise(
        child, policy(), lambda: "runs already: pid 7" if child.clock < 60 else None, said.append
    )
    assert ending == WELL
    assert len(child.starts) == 2
    assert 60 <= child.starts[1] <= 62
    assert said[1:] == ["runs already: pid 7; it is started again when that has ended"]


def test_who_waits_for_others_can_be_stopped() -> None:
    child = FakeChild((5.0, FAILED), stop_at=30.0)
    assert supervise(child, policy(), lambda: "pid 7", lambda _: None) == FAILED
    assert child.starts == [0]


def test_a_pause_never_grows_beyond_the_longest() -> None:
    most = Policy(when=Restart.ALWAYS, most=10_000, within=1e9, shortest=1, longest=60)
    assert most.pause([0.0] * 9_000, 1.0) == 60


def test_pauses_must_be_a_range() -> None:
    with pytest.raises(ProfileError, match="shorter pause first"):
        policy_of("always", most=5, within=300, shortest=60, longest=1)
