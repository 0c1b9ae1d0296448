"""Forced PID reuse: a process ends, and another one gets its PID, as soon as the kernel can do it.

The kernel gives the PID after the one in ``/proc/sys/kernel/ns_last_pid``. Root may write there, and whoever
is root in a PID namespace of its own.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ghostfix.model.errors import StepError
from ghostfix.model.machine import Signal
from ghostfix.steps.stop_process import StopProcess
from ghostfix.system import LocalSystem

LAST_PID = Path("/proc/sys/kernel/ns_last_pid")
NAMESPACE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child")
_ATTEMPTS = 200


@dataclass
class Count:
    """What became of so many forced reuses."""

    reuses: int = 0
    spared: int = 0
    """The innocent was alive afterwards, and its child too."""
    alike: int = 0
    """PID and start time were those of the one that had ended: on their word, the innocent was hit."""
    alike_throughout: int = 0
    """Even argv and user were."""


def can_force() -> bool:
    """Whether this process may say which PID comes next."""
    try:
        with LAST_PID.open("w"):
            return True
    except OSError:
        return False


def can_enter_namespace() -> bool:
    """Whether an unprivileged user may have a PID namespace here."""
    try:
        answer = subprocess.run((*NAMESPACE, "true"), capture_output=True, timeout=20, check=False)
    except OSError:
        return False
    return answer.returncode == 0


def campaign(times: int) -> Count:
    """Forces so many reuses between plan and step; each innocent looks like the planned, and has a child."""
    count = Count()
    while count.reuses < times:
        _one(count)
    return count


def _one(count: Count) -> None:
    """Plans to stop a process, lets another one have its PID, and does the step all the same."""
    system = LocalSystem()
    pid = _fork()
    planned = system.process(pid)
    assert planned is not None
    step = StopProcess(reason="r", process=planned, grace=0.1)
    for process in step.pins():
        system.pin(process)
    _end(pid)
    innocent = _fork_as(pid)
    if innocent is None:
        system.unpin()
        return  # others on this machine were faster
    try:
        child = _child_of(system, pid)
        count.reuses += 1
        now = system.process(pid)
        assert now is not None
        same_time = abs(now.id.started - planned.id.started) <= 0.02
        count.alike += same_time
        count.alike_throughout += same_time and now.argv == planned.argv and now.uid == planned.uid
        _act(system, step)
        count.spared += _lives(system, pid) and _lives(system, child)
        _end(child, reap=False)
    finally:
        _end(innocent)
        system.unpin()


def _act(system: LocalSystem, step: StopProcess) -> None:
    """The act, whatever the look before it says, and a signal on top of that."""
    step.precondition(system)
    with suppress(StepError):
        step.apply(system)
    with suppress(StepError):
        system.signal(step.process, Signal.KILL)


def _lives(system: LocalSystem, pid: int) -> bool:
    process = system.process(pid)
    return process is not None and process.alive


def _fork() -> int:
    """A child that waits for ever; told to by USR1, it has a child itself."""
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGUSR1,))
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGUSR1, lambda *_: os.fork())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGUSR1,))
        while True:
            signal.pause()
    return pid


def _child_of(system: LocalSystem, pid: int) -> int:
    """Lets a process that ``_fork`` made have a child, and gives its PID."""
    os.kill(pid, signal.SIGUSR1)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for process in system.processes().value:
            if process.ppid == pid and process.alive:
                return process.pid
    raise AssertionError("it has no child")


def _fork_as(pid: int) -> int | None:
    """A child with this very PID; None when it was not to be had."""
    for _ in range(_ATTEMPTS):
        LAST_PID.write_text(str(pid - 1))
        child = _fork()
        if child == pid:
            return child
        _end(child)
    return None


def _end(pid: int, *, reap: bool = True) -> None:
    with suppress(ProcessLookupError, ChildProcessError):
        if pid > 1:
            os.kill(pid, signal.SIGKILL)
            if reap:
                os.waitpid(pid, 0)


def main() -> None:
    """Prints the count; ``python -m tests.pid_reuse 200``."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    began = time.monotonic()
    count = campaign(times)
    sys.stdout.write(
        f"{count.reuses} forced reuses in {time.monotonic() - began:.1f} s: "
        f"{count.spared} innocents alive, {count.reuses - count.spared} hit; "
        f"(pid, start time) alone would have hit {count.alike}, "
        f"with argv and user {count.alike_throughout}\n"
    )
    sys.exit(0 if count.spared == count.reuses else 1)


if __name__ == "__main__":
    main()
