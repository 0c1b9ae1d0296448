"""Signals to genuine processes: the right one gets it, or nobody does."""

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from msgspec import structs

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import Signal, same_process
from ghostfix.model.process import Birth, Process, ProcessId
from ghostfix.system import LocalSystem, signals
from tests.system.genuine import SLEEP, is_zombie, running, seen, wait_until

pytestmark = pytest.mark.real
LAST_PID = "/proc/sys/kernel/ns_last_pid"


@pytest.fixture(params=["pidfd", "no pidfd"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalSystem]:
    if request.param == "no pidfd":
        monkeypatch.setattr(signals, "_pidfd", lambda _: None)
    made = LocalSystem()
    yield made
    made.unpin()


def test_a_signal_arrives_and_the_end_is_seen(system: LocalSystem) -> None:
    with running() as child:
        process = seen(system, child.pid)
        assert not system.wait_gone(process, 0)
        system.pin(process)
        system.signal(process, Signal.TERM)
        assert system.wait_gone(process, 10)
        assert is_zombie(system, child.pid)  # not reaped yet, and gone all the same
        with pytest.raises(ChangedError, match="already ended"):
            system.signal(process, Signal.KILL)
        assert child.wait() == -15
        assert system.wait_gone(process, 0)
        assert not system.wait_state(process, False, 0)


def test_stop_and_continue(system: LocalSystem) -> None:
    with running() as child:
        process = seen(system, child.pid)
        system.signal(process, Signal.STOP)
        assert system.wait_state(process, True, 10)
        assert not system.wait_state(process, False, 0)
        assert not system.wait_gone(process, 0)
        system.signal(process, Signal.CONT)
        assert system.wait_state(process, False, 10)


@pytest.mark.parametrize(
    "change",
    [
        lambda process: structs.replace(process, birth=Birth(process.birth.ticks + 1, process.birth.boot)),
        lambda process: structs.replace(process, birth=Birth(process.birth.ticks, "another boot")),
        lambda process: structs.replace(process, birth=None, id=ProcessId(process.pid, 1.0)),
        lambda process: structs.replace(process, argv=("else",)),
        lambda process: structs.replace(process, uid=process.uid + 1),
    ],
    ids=["start time", "boot", "start time of older data", "argv", "uid"],
)
def test_who_is_not_as_planned_is_not_signalled(
    system: LocalSystem, change: Callable[[Process], Process]
) -> None:
    with running() as child:
        planned = change(seen(system, child.pid))
        system.pin(planned)
        with pytest.raises(ChangedError):
            system.signal(planned, Signal.KILL)
        assert child.poll() is None
        # A program may change its own argv: that alone does not make it gone.
        assert system.wait_gone(planned, 0) is (planned.argv != ("else",))


def test_whom_ghostfix_never_signals(system: LocalSystem) -> None:
    ancestors = system.caller().ancestors
    assert ancestors[0] == os.getppid()
    assert ancestors[-1] == 1
    for pid in (os.getpid(), *ancestors):
        with pytest.raises(ChangedError):
            system.signal(seen(system, pid), Signal.CONT)
    for pid in (0, -1):
        with pytest.raises(ChangedError, match="never signalled"):
            system.signal(structs.replace(seen(system, 1), id=ProcessId(pid, 0)), Signal.CONT)


def test_another_users_process_is_refused_by_the_kernel() -> None:
    if os.getuid() != 0:
        pytest.skip("root can become somebody else; others cannot")
    code = (
        "import os, sys; from ghostfix.system import LocalSystem; from ghostfix.model.machine import Signal;"
        "s = LocalSystem(); p = s.process(int(sys.argv[1])); os.setuid(65534)\n"
        "try: s.signal(p, Signal.TERM)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    with running() as child:
        answer = subprocess.run(
            [sys.executable, "-c", code, str(child.pid)], capture_output=True, text=True, check=True
        )
        assert answer.stdout.startswith("StepError ")
        assert "not permitted" in answer.stdout
        assert child.poll() is None


def test_running_out_of_descriptors_is_no_reason_to_fail_when_pinning() -> None:
    system = LocalSystem()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with running() as child:
        process = seen(system, child.pid)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            system.pin(process)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        system.signal(process, Signal.KILL)
        assert system.wait_gone(process, 10)


def can_choose_pids() -> bool:
    return os.getuid() == 0 and os.access(LAST_PID, os.W_OK) and hasattr(os, "pidfd_open")


def reuse(process: Process) -> subprocess.Popen[bytes] | None:
    """Starts an innocent process with the same argv and the PID of one that has ended."""
    for _ in range(50):
        with open(LAST_PID, "w") as file:
            file.write(str(process.pid - 1))
        child = subprocess.Popen(list(process.argv))
        if child.pid == process.pid:
            return child
        child.kill()
        child.wait()
    return None


@pytest.mark.skipif(not can_choose_pids(), reason="needs root and a writable ns_last_pid")
def test_a_reused_pid_is_spared_even_when_everything_else_is_equal() -> None:
    """The successor has the same PID, argv and uid; its start time is forged to be equal, too."""
    system = LocalSystem()
    argv = (sys.executable, "-c", SLEEP)
    with running(argv) as child:
        process = seen(system, child.pid)
        wait_until(lambda: seen(system, child.pid).argv == argv)
        system.pin(process)
        child.kill()
        child.wait()
        innocent = reuse(process)
        if innocent is None:
            pytest.skip("somebody else was faster every time")
        try:
            successor = seen(system, innocent.pid)
            with pytest.raises(ChangedError):
                system.signal(process, Signal.KILL)
            signaller = system._signaller
            with contextlib.suppress(KeyError):
                signaller._pinned[successor.id] = signaller._pinned[process.id]
            assert same_process(successor, seen(system, innocent.pid))
            with pytest.raises(ChangedError, match="already ended"):
                system.signal(successor, Signal.KILL)
            assert innocent.poll() is None
        finally:
            signaller._pinned.pop(successor.id, None)
            innocent.kill()
            innocent.wait()
    system.unpin()


def test_descriptors_do_not_leak() -> None:
    system = LocalSystem()
    with running() as child:
        process = seen(system, child.pid)
        before = len(os.listdir("/dev/fd"))
        for _ in range(50):
            system.signal(process, Signal.CONT)
            system.wait_gone(process, 0)
            system.pin(structs.replace(process, argv=("else",)))
            system.process(child.pid)
            system.detail(process)
            system.listeners()
        assert len(os.listdir("/dev/fd")) == before


def test_an_unexpected_refusal_of_the_kernel_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(signals, "_send", refuse)
    system = LocalSystem()
    with running() as child, pytest.raises(StepError, match="not permitted"):
        system.signal(seen(system, child.pid), Signal.TERM)
