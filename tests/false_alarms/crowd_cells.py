"""Busy machines: their processes, zombies and what the kernel allows."""

import os

import psutil
import pytest

from tests.false_alarms.bench import PYTHON, SERVER, Bench
from tests.false_alarms.cell import ghost, healthy
from tests.real.restarter_bench import no_systemd

MACHINE = "a busy machine"
DEFAULT = "limits = { load_per_cpu = 1000.0, memory_percent = 100, disk_percent = 100 }"
"""The default limits, but for the load, memory and disk, which are those of whoever runs the tests."""
INCIDENT = "limits = { processes = 300, zombies = 5, load_per_cpu = 1000.0, memory_percent = 100 }"

CROWD = """
import os, sys, time
living, dead = int(sys.argv[1]), int(sys.argv[2])
for number in range(living + dead):
    if os.fork() == 0:
        if number >= living: os._exit(0)
        time.sleep(600)
open("crowded", "w").close()
time.sleep(600)
"""
FLEETING = """
import collections, os, time
dead = collections.deque()
while True:
    child = os.fork()
    if child == 0: os._exit(0)
    dead.append(child)
    if len(dead) > 20:
        os.waitpid(dead.popleft(), 0)
        open("fleeting", "w").close()
    time.sleep(0.01)
"""
"""Twenty zombies at any time, each for a fifth of a second."""


def _alone(bench: Bench) -> None:
    """A machine without the processes of whoever else works on this one."""
    lacking = no_systemd()
    if lacking is not None:
        pytest.skip(lacking)
    bench.enter_machine()
    bench.write("server.py", SERVER)


def _crowd(bench: Bench, living: int, dead: int) -> None:
    bench.serve()
    bench.write("crowd.py", CROWD)
    bench.start(PYTHON, "crowd.py", str(living), str(dead))
    bench.wait((bench.folder / "crowded").exists, "the crowd is there")
    bench.wait(lambda: _zombies(bench) >= dead, "some of them have ended")


def _zombies(bench: Bench) -> int:
    """In the whole machine at hand: a zombie has no working directory."""
    return sum(_status(process) == psutil.STATUS_ZOMBIE for process in psutil.process_iter())


def _status(process: psutil.Process) -> str:
    try:
        return process.status()
    except psutil.Error:
        return ""


@healthy(MACHINE, "a desktop with nine hundred processes, some zombies among them")
def desktop(bench: Bench) -> None:
    _alone(bench)
    bench.profile('script = "server.py"', DEFAULT)
    _crowd(bench, 900, 10)


@healthy(MACHINE, "a program whose children are zombies for a moment, again and again")
def fleeting(bench: Bench) -> None:
    _alone(bench)
    bench.profile('script = "server.py"', DEFAULT)
    bench.serve()
    bench.write("fleeting.py", FLEETING)
    bench.start(PYTHON, "fleeting.py")
    bench.wait((bench.folder / "fleeting").exists, "children come and go")


@ghost(
    MACHINE,
    "the incident's numbers: 1252 processes where its profile allows 300, and its zombies",
    "process-count",
    "zombie-processes",
)
def crowded(bench: Bench) -> None:
    _alone(bench)
    bench.profile('script = "server.py"', INCIDENT)
    _crowd(bench, 1230, 10)


TENANT = 61_234
"""A user of whom nobody else has processes."""


def _tenant(bench: Bench, limit: int) -> None:
    """The service as a user of its own, who may have so many processes, and has twenty."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it starts programs as another user")
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"')
    limited = ("prlimit", f"--nproc={limit}", "/usr/bin/python3", "server.py", str(bench.port))
    bench.start(*limited, user=TENANT)
    for _ in range(19):
        bench.start("sleep", "600", user=TENANT)
    bench.until_it_listens()


@healthy(MACHINE, "a service whose user may have a thousand processes, and has twenty")
def roomy_tenant(bench: Bench) -> None:
    _tenant(bench, 1000)


@ghost(MACHINE, "a service whose user has nearly all the processes that the kernel allows", "process-count")
def crowded_tenant(bench: Bench) -> None:
    _tenant(bench, 21)
