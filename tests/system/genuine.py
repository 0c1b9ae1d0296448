"""Genuine processes for the tests of the real machine, ended by PID when the test is over."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import psutil

from ghostfix.model.process import Process
from ghostfix.system import LocalSystem

SLEEP = "import time; time.sleep(60)"


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits for a condition with a deadline, and fails when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@contextmanager
def running(
    argv: Sequence[str] = (sys.executable, "-c", SLEEP),
    cwd: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A child that is killed and reaped at the end, given when its program has begun (or has ended)."""
    environment = {**os.environ, **(variables or {})}
    child = subprocess.Popen(argv, cwd=cwd, env=environment, stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: _has_begun(child.pid, argv))
        yield child
    finally:
        child.kill()
        child.wait()


def _has_begun(pid: int, argv: Sequence[str]) -> bool:
    """Between fork and exec a process has its parent's argv, and for a moment none at all."""
    process = psutil.Process(pid)
    return process.status() == psutil.STATUS_ZOMBIE or process.cmdline() == list(argv)


def seen(system: LocalSystem, pid: int) -> Process:
    """The process with this PID, which must be there."""
    process = system.process(pid)
    assert process is not None
    return process


def is_zombie(system: LocalSystem, pid: int) -> bool:
    process = system.process(pid)
    return process is not None and not process.alive
