"""200 starts at once of one service give exactly one process, again and again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.ghost_house import GhostHouse, wait_until

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(900)]

CROWD = 200
GENUINE_ROUNDS = 3
FORKED_ROUNDS = 97
SERVER = """
import os, signal
with open("up", "a") as up:
    up.write(f"{os.getpid()}\\n")
signal.pause()
"""
HERD = """
# Forks a crowd that was loaded before, lets all go at the same instant, and tells how each of them ended.
import os, sys
import ghostfix.cli, ghostfix.commands.application, ghostfix.commands.run.command, ghostfix.commands.run.asked
import ghostfix.commands.run.run_once, ghostfix.system.launcher
crowd = int(sys.argv[1])
gate, opener = os.pipe()
children = []
for number in range(crowd):
    pid = os.fork()
    if pid == 0:
        os.close(opener)
        output = os.open(f"said/{number}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.read(gate, 1)
        sys.argv = ["ghostfix", "run", "web"]
        try:
            ghostfix.cli.main()
        except SystemExit as end:
            os._exit(end.code or 0)
        os._exit(0)
    children.append(pid)
os.close(gate)
os.close(opener)
print(*(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children))
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GhostHouse]:
    house = GhostHouse(tmp_path, 0)
    house.write("server.py", SERVER)
    (tmp_path / "said").mkdir()
    house.write(
        "ghostfix.toml",
        '[services.web]\nscript = "server.py"\npidfiles = ["run/web.pid"]\n'
        f'start = ["{sys.executable}", "-S", "server.py"]\n',
    )
    try:
        yield house
    finally:
        house.close()


def up(house: GhostHouse) -> list[int]:
    path = house.folder / "up"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def check(house: GhostHouse, said: list[str], statuses: list[int], winner: int) -> None:
    assert up(house) == [winner]
    assert (house.folder / "run/web.pid").read_text() == f"{winner}\n\n"
    assert sorted(statuses) == [-signal.SIGKILL, *[0] * (CROWD - 1)]
    losers = [text for text in said if text.startswith(f"web runs already: pid {winner} of ")]
    assert len(losers) == CROWD - 1, [text for text in said if text not in losers]
    assert said.count("") == 1, "the winner says nothing"


def test_two_hundred_command_lines(house: GhostHouse) -> None:
    for _ in range(GENUINE_ROUNDS):
        crowd = [
            subprocess.Popen(
                [sys.executable, "-m", "ghostfix", "run", "web"],
                cwd=house.folder,
                env=house.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for _ in range(CROWD)
        ]
        wait_until(lambda crowd=crowd: ended(crowd) == CROWD - 1, 120, "199 ends")  # type: ignore[misc]
        wait_until(lambda: len(up(house)) == 1, 20, "the one that runs")
        (winner,) = up(house)
        assert [one.pid for one in crowd if one.poll() is None] == [winner]
        os.kill(winner, signal.SIGKILL)
        said = [one.communicate()[0] for one in crowd]
        check(house, said, [one.returncode for one in crowd], winner)
        end_of_round(house)


def test_two_hundred_that_are_let_go_at_one_instant(house: GhostHouse) -> None:
    house.write("herd.py", HERD)
    for _ in range(FORKED_ROUNDS):
        herd = subprocess.Popen(
            [sys.executable, "herd.py", str(CROWD)],
            cwd=house.folder,
            env=house.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        wait_until(lambda: len(spoken(house)) == CROWD - 1 and len(up(house)) == 1, 120, "199 answers")
        (winner,) = up(house)
        if winner > 1:
            os.kill(winner, signal.SIGKILL)
        statuses = [int(word) for word in herd.communicate()[0].split()]
        said = [path.read_text() for path in (house.folder / "said").iterdir()]
        check(house, said, statuses, winner)
        end_of_round(house)


def ended(crowd: "list[subprocess.Popen[str]]") -> int:
    return sum(one.poll() is not None for one in crowd)


def spoken(house: GhostHouse) -> list[Path]:
    return [path for path in (house.folder / "said").iterdir() if path.stat().st_size]


def end_of_round(house: GhostHouse) -> None:
    (house.folder / "up").unlink()
    for path in (house.folder / "said").iterdir():
        path.unlink()
