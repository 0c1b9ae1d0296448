"""Genuine processes that a run left half way: found again whatever clock and title say, and let go on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.real.ghost_house import wait_until
from tests.real.small_house import SmallHouse, small_house

pytestmark = pytest.mark.real
REPAIR = ("repair", "--yes", "--hold-for", "0s")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SmallHouse]:
    with small_house(tmp_path) as found:
        yield found


def shifted(path: Path, seconds: float) -> None:
    """Lets what was kept look as if the wall clock had been set since: start times by it have moved."""

    def move(value: object) -> object:
        if isinstance(value, dict):
            moved = {key: move(one) for key, one in value.items()}
            if set(value) == {"pid", "started"}:
                moved["started"] = value["started"] + seconds
            return moved
        return [move(one) for one in value] if isinstance(value, list) else value

    lines = [json.dumps(move(json.loads(line))) for line in path.read_text().splitlines()]
    path.write_text("".join(f"{line}\n" for line in lines))


def is_stopped(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED


@pytest.mark.parametrize("seconds", [-7200.0, 7200.0])
def test_a_watchdog_that_a_killed_repair_has_stopped_runs_on(house: SmallHouse, seconds: float) -> None:
    """The repair is killed in the grace of a copy that hears no TERM; then the clock is set."""
    text = (house.folder / "ghostfix.toml").read_text()
    house.write("ghostfix.toml", text.replace("grace = 0.5", "grace = 60"))
    house.haunt()
    keep = house.write(
        "keep.sh", f"while true; do sleep 0.1; {sys.executable} -S run.py {house.port}; done\n"
    )
    loop = house.start("bash", str(keep))
    repair = house.begin(*REPAIR)
    try:
        wait_until(lambda: is_stopped(loop.pid), 30, "a loop that is stopped")
        wait_until(lambda: '"n":2' in house.journal(house.runs()[0]), 30, "the step after it")
    finally:
        repair.kill()
        repair.communicate(timeout=20)
    assert is_stopped(loop.pid)
    for path in (house.folder / "state/ghostfix/runs" / house.runs()[0] / "kept").iterdir():
        shifted(path, seconds)
    answer = house.ghostfix("undo", "--yes")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"{loop.pid} runs on" in answer.stdout
    assert not is_stopped(loop.pid)


def test_a_copy_that_was_stopped_and_not_killed_runs_on(house: SmallHouse) -> None:
    """A wrapper kills ghostfix at the very instant between its STOP and its KILL."""
    house.haunt()
    wrapper = house.write(
        "cut.py",
        "import os, signal, sys\n"
        "from ghostfix.system import local\n"
        "from ghostfix.model.machine import Signal\n"
        "genuine = local.LocalSystem.signal\n"
        "def cut(self, process, sent):\n"
        "    if sent is Signal.KILL:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    genuine(self, process, sent)\n"
        "local.LocalSystem.signal = cut\n"
        "from ghostfix.cli import main\n"
        f"sys.argv = ['ghostfix', *{list(REPAIR)!r}]\n"
        "main()\n",
    )
    killed = subprocess.run(
        [sys.executable, str(wrapper)],
        cwd=house.folder,
        env=house.environment,
        capture_output=True,
        start_new_session=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    frozen = [pid for pid in house.ghost_pids() if is_stopped(pid)]
    assert len(frozen) == 1
    answer = house.ghostfix("undo", "--yes")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert f"pid {frozen[0]} was stopped, not ended, and runs on" in answer.stdout
    assert not is_stopped(frozen[0])
    again = house.ghostfix("undo")
    assert "nothing left to undo" in again.stdout, again.stdout


TITLED = """
import ctypes, itertools, os, sys, time
# What setproctitle does: the memory of the command line is written over, and so is that of the environment.
fields = open("/proc/self/stat").read().rpartition(")")[2].split()
start, end, environment_end = int(fields[45]), int(fields[46]), int(fields[48])
for number in itertools.count():
    title = f"shop.py: job {number}".encode()
    ctypes.memset(start, 0, environment_end - start)
    ctypes.memmove(start, title, min(len(title), end - start - 1))
    ctypes.CDLL(None).prctl(15, title[:15], 0, 0, 0)  # PR_SET_NAME
    if number == 3:
        open(f"up-{os.getpid()}", "w").close()
    time.sleep(0.005)
"""


def test_a_service_that_changes_its_title_all_the_time_can_be_stopped(house: SmallHouse) -> None:
    house.write("titled.py", TITLED)
    house.write("ghostfix.toml", "[services.job]\nmatch = '^shop\\.py: job \\d+$'\ninstances = 0\n")
    job = house.start(sys.executable, "-S", "titled.py", "padding" * 20)
    wait_until((house.folder / f"up-{job.pid}").exists, 20, "a title")
    answer = house.ghostfix(*REPAIR)
    assert "another command line" not in answer.stdout + answer.stderr
    assert job.wait(20) == -signal.SIGTERM, answer.stdout + answer.stderr
    assert answer.returncode == 0, answer.stdout + answer.stderr


AGENT = """
import os, subprocess, sys, time
subprocess.Popen(["setsid", "sh", "-c", "cd /; setsid sleep 7777 & echo $! > '%s/agent.pid'; exit 0"]).wait()
exec(open("run.py").read())
"""


def test_undo_of_a_start_leaves_a_daemon_that_inherited_its_mark(house: SmallHouse) -> None:
    house.write("start.py", AGENT % house.folder)
    text = (house.folder / "ghostfix.toml").read_text()
    house.write("ghostfix.toml", text.replace('"run.py"', '"start.py"'))
    repaired = house.ghostfix(*REPAIR)
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    agent = int((house.folder / "agent.pid").read_text())
    assert agent > 1
    try:
        answer = house.ghostfix("undo", "--yes")
        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert psutil.pid_exists(agent)
        assert f"what it started goes on by itself: pid {agent} (sleep 7777)" in " ".join(
            answer.stdout.split()
        )
        assert not any("start.py" in word for one in house.inhabitants() for word in one.cmdline())
    finally:
        os.kill(agent, signal.SIGKILL)
