"""A genuine repair, and its undoing, whose reader goes away: what cannot be told ends neither half-way."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil
import pytest

from tests.real.ghost_house import wait_until
from tests.real.small_house import SmallHouse, small_house

pytestmark = pytest.mark.real
REPAIR = ("repair", "--yes", "--hold-for", "0s")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SmallHouse]:
    with small_house(tmp_path) as found:
        found.haunt()
        yield found


def begin(house: SmallHouse, *arguments: str, out: "IO[bytes] | int", err: "IO[bytes] | int") -> int:
    """Runs ghostfix to its end with these for its output, and gives the exit code."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ghostfix", *arguments],
        cwd=house.folder,
        env=house.environment,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        start_new_session=True,
    )
    return process.wait(60)


def closed_pipe() -> int:
    """The end of a pipe that nobody reads."""
    read, write = os.pipe()
    os.close(read)
    return write


def is_repaired(house: SmallHouse) -> None:
    (pid,) = house.ghost_pids()
    assert "stubborn" not in psutil.Process(pid).cmdline()
    assert '"complete"' in house.journal(house.runs()[-1]).splitlines()[-1]


@pytest.mark.parametrize("loss", ["the reader has gone", "the disk is full"])
@pytest.mark.parametrize("stream", ["stdout", "stderr", "both"])
def test_a_repair_and_its_undo_go_on(house: SmallHouse, loss: str, stream: str) -> None:
    with open("/dev/full", "wb") as full:
        lost = closed_pipe() if loss == "the reader has gone" else full.fileno()
        out = lost if stream in ("stdout", "both") else subprocess.DEVNULL
        err = lost if stream in ("stderr", "both") else subprocess.DEVNULL
        assert begin(house, *REPAIR, out=out, err=err) == 0
        is_repaired(house)
        assert begin(house, "undo", "--yes", out=out, err=err) == 0
    assert '"undone"' in house.journal(house.runs()[-1]).splitlines()[-1]
    assert house.ghost_pids() == []


def test_what_fails_unheard_fails_all_the_same(house: SmallHouse) -> None:
    """The exit code is the repair's, not 0 because nobody reads."""
    house.write("run.py", "raise SystemExit('broken')\n")
    lost = closed_pipe()
    assert begin(house, *REPAIR, out=lost, err=lost) == 4


def test_a_report_that_cannot_be_written_changes_no_exit_code(house: SmallHouse) -> None:
    answer = house.ghostfix(*REPAIR, "--output", str(house.folder / "nowhere" / "report.txt"))
    assert answer.returncode == 0, answer.stderr
    assert "could not be written" in answer.stderr
    assert f"ghostfix report {house.runs()[-1]}" in answer.stderr
    is_repaired(house)


def test_a_repair_whose_terminal_hangs_up_goes_on(tmp_path: Path) -> None:
    """As after a dropped ssh: SIGHUP, and EIO for each word."""
    with small_house(tmp_path) as house:
        text = (house.folder / "ghostfix.toml").read_text()
        house.write("ghostfix.toml", text.replace("grace = 0.5", "grace = 3"))
        house.haunt()
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(house.folder)
            os.execve(sys.executable, [sys.executable, "-m", "ghostfix", *REPAIR], house.environment)
        wait_until(lambda: any('"intent"' in house.journal(run) for run in house.runs()), 30, "an intent")
        os.close(terminal)  # the leader of the terminal's session hears SIGHUP, and so do those in front
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        is_repaired(house)


def test_what_was_started_meanwhile_hears_a_hang_up(house: SmallHouse) -> None:
    assert house.ghostfix(*REPAIR).returncode == 0
    (pid,) = house.ghost_pids()
    fields = Path(f"/proc/{pid}/status").read_text()
    ignored = int(fields.partition("SigIgn:")[2].split()[0], 16)
    assert not ignored & 1 << (signal.SIGHUP - 1)


def test_term_interrupts_with_a_last_word(tmp_path: Path) -> None:
    with small_house(tmp_path) as house:
        text = (house.folder / "ghostfix.toml").read_text()
        house.write("ghostfix.toml", text.replace("grace = 0.5", "grace = 30"))
        house.haunt()
        repair = house.begin(*REPAIR)
        wait_until(lambda: any('"intent"' in house.journal(run) for run in house.runs()), 30, "an intent")
        repair.send_signal(signal.SIGTERM)
        repair.communicate(timeout=20)
        assert repair.returncode == 130
        assert '"interrupted"' in house.journal(house.runs()[-1]).splitlines()[-1]
