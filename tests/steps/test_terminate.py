"""Ending genuine process trees."""

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from msgspec import structs

from ghostfix.commands.machine import local_system
from ghostfix.model.errors import ChangedError
from ghostfix.model.machine import ActingSystem, Signal
from ghostfix.model.process import Process, ProcessState
from ghostfix.steps.terminate import changed, end_tree, living, refusal

pytestmark = pytest.mark.real

Start = Callable[[str], tuple[Process, tuple[Process, ...]]]

# Forks a child that says its PID when it is ready, and then waits for ever.
_FORK = """
import os, signal, sys, time
def fork(prepare=lambda: None):
    if os.fork() == 0:
        prepare()
        os.write(1, f"child {os.getpid()}\\n".encode())
        while True:
            signal.pause()
def deaf():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
def ready():
    os.write(1, f"ready {os.getpid()}\\n".encode())
    while True:
        signal.pause()
"""


@pytest.fixture
def system() -> ActingSystem:
    return local_system()


@pytest.fixture
def start(system: ActingSystem) -> Iterator[Start]:
    """Starts a Python text in a group of its own; gives the process and the children that it named."""
    started: list[subprocess.Popen[str]] = []

    def run(text: str) -> tuple[Process, tuple[Process, ...]]:
        process = subprocess.Popen(
            [sys.executable, "-c", _FORK + textwrap.dedent(text)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        wanted = 1 + len(re.findall(r"(?<!\.)fork\(", text))
        said = [process.stdout.readline().split() for _ in range(wanted)]
        pids = sorted(int(pid) for word, pid in said if word == "child")
        return _seen(system, process.pid), tuple(_seen(system, pid) for pid in pids)

    yield run
    for process in started:
        if process.pid > 1:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _seen(system: ActingSystem, pid: int) -> Process:
    process = system.process(pid)
    assert process is not None
    return process


def test_a_parent_that_leaves_its_children_behind(system: ActingSystem, start: Start) -> None:
    root, children = start("fork(); fork(); ready()")
    account = end_tree(system, root, children, Signal.TERM, 5.0)
    assert living(system, (root, *children)) == ()
    pids = ", ".join(f"pid {process.pid}" for process in (root, *children))
    assert account == f"{pids} ended on TERM"


def test_children_that_the_plan_did_not_know_are_ended_too(system: ActingSystem, start: Start) -> None:
    root, children = start("fork(); ready()")
    end_tree(system, root, (), Signal.TERM, 5.0)
    assert living(system, (root, *children)) == ()


def test_a_master_ends_its_workers_itself(system: ActingSystem, start: Start) -> None:
    root, children = start(
        """
        fork()
        def leave(*_):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.killpg(0, signal.SIGINT)
            os.wait()
            os._exit(0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, leave)
        ready()
        """
    )
    account = end_tree(system, root, children, Signal.TERM, 5.0)
    assert account == f"pid {root.pid} ended on TERM; pid {children[0].pid} ended with its parent"


def test_who_does_not_listen_is_killed_and_so_is_its_child(system: ActingSystem, start: Start) -> None:
    root, children = start("fork(deaf); deaf(); ready()")
    account = end_tree(system, root, children, Signal.TERM, 0.3)
    assert living(system, (root, *children)) == ()
    assert account == f"pid {root.pid}, pid {children[0].pid} ended on KILL"


def test_a_child_that_is_forked_during_the_grace_is_ended(system: ActingSystem, start: Start) -> None:
    root, _ = start(
        """
        def leave(*_):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if os.fork() == 0:
                while True:
                    signal.pause()
        signal.signal(signal.SIGTERM, leave)
        ready()
        """
    )
    end_tree(system, root, (), Signal.TERM, 1.0)
    left = [process for process in system.processes().value if process.session == root.pid and process.alive]
    assert left == []


def test_a_stopped_process_hears_the_signal(system: ActingSystem, start: Start) -> None:
    root, _ = start("ready()")
    system.signal(root, Signal.STOP)
    assert system.wait_state(root, stopped=True, seconds=5.0)
    assert end_tree(system, root, (), Signal.TERM, 5.0) == f"pid {root.pid} ended on TERM"


def test_a_zombie_has_ended(system: ActingSystem, start: Start) -> None:
    root, (child,) = start("fork(); ready()")
    system.signal(child, Signal.KILL)
    deadline = system.monotonic() + 5.0
    while _seen(system, child.pid).state is not ProcessState.ZOMBIE and system.monotonic() < deadline:
        system.wait(0.01)
    assert _seen(system, child.pid).state is ProcessState.ZOMBIE
    assert living(system, (child,)) == ()
    end_tree(system, root, (child,), Signal.TERM, 5.0)
    assert living(system, (root,)) == ()


def test_what_is_another_process_by_now_is_not_touched(system: ActingSystem, start: Start) -> None:
    root, _ = start("ready()")
    other = structs.replace(root, argv=("python", "-m", "something.else"))
    assert changed(system, other) is not None
    with pytest.raises(ChangedError):
        end_tree(system, other, (), Signal.TERM, 5.0)
    assert root.birth is not None
    later = structs.replace(root, birth=structs.replace(root.birth, ticks=root.birth.ticks - 1))
    assert end_tree(system, later, (), Signal.TERM, 5.0) == f"pid {root.pid} had ended already"
    assert living(system, (root,)) == (root,)


def test_who_must_never_be_signalled(system: ActingSystem) -> None:
    own = _seen(system, os.getpid())
    parent = _seen(system, os.getppid())
    first = _seen(system, 1)
    assert "ghostfix itself" in str(refusal(system, own))
    assert "runs in" in str(refusal(system, parent))
    assert "first process" in str(refusal(system, first))
