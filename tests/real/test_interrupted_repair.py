"""A genuine repair that is killed, interrupted or met by another: the journal knows, nothing is lost."""

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.real.ghost_house import wait_until
from tests.real.small_house import PIDFILE, SmallHouse, reason_of, small_house

pytestmark = pytest.mark.real
REPAIR = ("repair", "--yes", "--hold-for", "0s", "--quiet")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SmallHouse]:
    with small_house(tmp_path) as found:
        found.haunt()
        yield found


def is_repaired(house: SmallHouse) -> None:
    """One instance that listens, the PID file moved aside, the bystander alive."""
    (pid,) = house.ghost_pids()
    assert "stubborn" not in psutil.Process(pid).cmdline()
    assert not house.pid_file.exists()
    assert [path.read_bytes() for path in house.folder.glob("ghost.pid.ghostfix-*")] == [PIDFILE]
    assert psutil.pid_exists(house.bystander)


def is_undone(house: SmallHouse, before: os.stat_result) -> None:
    """What can be had again is there again: the very PID file, and no instance that ghostfix started."""
    after = house.pid_file.stat()
    assert house.pid_file.read_bytes() == PIDFILE
    assert (after.st_ino, after.st_mtime_ns, after.st_mode) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_mode,
    )
    started = [pid for pid in house.ghost_pids() if "stubborn" not in psutil.Process(pid).cmdline()]
    assert started == []
    assert psutil.pid_exists(house.bystander)


def undo_all(house: SmallHouse) -> None:
    for run in reversed(house.runs()):
        answer = house.ghostfix("undo", run, "--yes")
        assert answer.returncode == 0, answer.stdout + answer.stderr


def killed_at(house: SmallHouse, seconds: float) -> bool:
    """Starts a repair and kills it so many seconds after it began; says whether it was in time."""
    repair = house.begin(*REPAIR)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and repair.poll() is None:
        time.sleep(0.002)
    in_time = repair.poll() is None
    repair.kill()
    repair.communicate(timeout=20)
    return in_time


def survives_kills(house: SmallHouse, times: int) -> None:
    began = time.monotonic()
    assert house.ghostfix(*REPAIR).returncode == 0
    length = time.monotonic() - began
    is_repaired(house)
    chance = random.Random(4)
    killed = 0
    for number in range(times):
        shutil.rmtree(house.folder / "state")
        house.restore()
        house.haunt()
        before = house.pid_file.stat()
        # Past the look, which changes nothing and takes the first part of the time.
        moment = length * (0.3 + 0.7 * (number + chance.random()) / times)
        killed += killed_at(house, moment)
        undo_all(house)
        is_undone(house, before)
        answer = house.ghostfix(*REPAIR)
        assert answer.returncode == 0, (moment, answer.stdout, answer.stderr)
        is_repaired(house)
        undo_all(house)
        is_undone(house, before)
    assert killed >= times // 2


def test_killed_twice(house: SmallHouse) -> None:
    survives_kills(house, 2)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_twenty_times(house: SmallHouse) -> None:
    survives_kills(house, 20)


def test_interrupted(tmp_path: Path) -> None:
    with small_house(tmp_path) as house:
        text = (house.folder / "ghostfix.toml").read_text()
        house.write("ghostfix.toml", text.replace("grace = 0.5", "grace = 30"))
        house.haunt()
        repair = house.begin(*REPAIR)
        wait_until(lambda: any('"intent"' in house.journal(run) for run in house.runs()), 30, "an intent")
        repair.send_signal(signal.SIGINT)
        _, stderr = repair.communicate(timeout=20)
        (run,) = house.runs()
        said = reason_of(stderr)
        assert repair.returncode == 130
        assert "interrupted" in said
        assert "may be half done" in said
        assert f"ghostfix undo {run}" in said
        last = json.loads(house.journal(run).splitlines()[-1])
        assert last["event"] == "interrupted"
        assert "may be half done" in last["detail"]
        assert len(house.ghost_pids()) == 2
        listed = house.ghostfix("undo", "--list")
        assert "interrupted" in listed.stdout


def test_a_second_one_is_told_who_is_first(tmp_path: Path) -> None:
    with small_house(tmp_path) as house:
        text = (house.folder / "ghostfix.toml").read_text()
        house.write("ghostfix.toml", text.replace("grace = 0.5", "grace = 30"))
        house.haunt()
        first = house.begin(*REPAIR)
        wait_until(lambda: any('"intent"' in house.journal(run) for run in house.runs()), 30, "an intent")
        second = house.ghostfix(*REPAIR)
        assert second.returncode == 4
        said = reason_of(second.stderr)
        assert "is being worked on already" in said
        assert f"pid {first.pid}, since 20" in said
        assert len(house.runs()) == 1
        # Another user has another state folder; the lock on the service's directory keeps it out as well.
        elsewhere = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "elsewhere"), "COLUMNS": "200"}
        third = SmallHouse.ghostfix(_Elsewhere(house, elsewhere), *REPAIR)
        assert third.returncode == 4
        assert f"is locked by process {first.pid}" in reason_of(third.stderr)
        assert len(house.ghost_pids()) == 2
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=20)


class _Elsewhere(SmallHouse):
    """The same house, seen by somebody who keeps journals elsewhere."""

    def __init__(self, house: SmallHouse, variables: dict[str, str]) -> None:
        super().__init__(house.folder, house.port)
        self._variables = variables

    @property
    def environment(self) -> dict[str, str]:
        return self._variables
