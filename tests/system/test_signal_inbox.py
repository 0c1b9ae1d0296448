"""Both ways to hear signals, wherever the tests run."""

import os
import signal
from collections.abc import Iterator

import pytest

from ghostfix.system.signal_inbox import Heard, WaitingHearing, WokenHearing

pytestmark = pytest.mark.real

BOTH = [WokenHearing] + [WaitingHearing] * hasattr(signal, "sigwaitinfo")
NUMBERS = {signal.SIGUSR1, signal.SIGCHLD}


@pytest.fixture
def as_before() -> Iterator[None]:
    """Everything that has to do with signals is put back."""
    handlers = {number: signal.getsignal(number) for number in NUMBERS}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    signal.set_wakeup_fd(-1)
    for number, handler in handlers.items():
        signal.signal(number, handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@pytest.mark.usefixtures("as_before")
@pytest.mark.parametrize("kind", BOTH)
def test_what_comes_is_heard_and_what_does_not_is_not_waited_for(
    kind: "type[WaitingHearing | WokenHearing]",
) -> None:
    hearing = kind(NUMBERS)
    assert hearing.listen(0.0) == ()
    os.kill(os.getpid(), signal.SIGUSR1)
    assert hearing.listen(None)[0].number == signal.SIGUSR1
    assert hearing.listen(0.01) == ()


@pytest.mark.usefixtures("as_before")
@pytest.mark.skipif(len(BOTH) < 2, reason="this system does not tell who sent a signal")
def test_what_a_process_sends_is_not_the_terminal_s() -> None:
    hearing = WaitingHearing(NUMBERS)
    os.kill(os.getpid(), signal.SIGUSR1)
    assert hearing.listen(None) == (Heard(signal.SIGUSR1, by_terminal=False),)


@pytest.mark.usefixtures("as_before")
@pytest.mark.parametrize("kind", BOTH)
def test_the_end_of_a_child_is_heard_though_it_was_ignored(
    kind: "type[WaitingHearing | WokenHearing]",
) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    hearing = kind({signal.SIGCHLD})
    child = os.spawnlp(os.P_NOWAIT, "sh", "sh", "-c", "exit 3")
    assert hearing.listen(10.0)[0].number == signal.SIGCHLD
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
