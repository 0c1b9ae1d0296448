"""Nothing of the lab outlives its test."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands.fleet.lab import ROOT, missing
from tests.real.ghost_house import wait_until

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
]


def within(folder: Path) -> list[str]:
    """The processes, mounts and control groups that have to do with a folder."""
    found = [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(folder) in line]
    found += [str(path) for path in Path("/sys/fs/cgroup").glob("**/ghostfix-lost*")]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_bytes() + (process / "mountinfo").read_bytes()
        except OSError:
            continue  # it ended meanwhile
        if bytes(folder) in text and int(process.name) != os.getpid():
            found.append(process.name)
    return found


@contextmanager
def begun(folder: Path, *names: str) -> Iterator["subprocess.Popen[str]"]:
    """A process with a lab of its own, which goes away when a line comes in."""
    words = [sys.executable, "-m", "tests.commands.fleet.lab", str(folder), *names]
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_lab_ends_with_its_test(tmp_path: Path, end: signal.Signals) -> None:
    folder = tmp_path / "lab"
    with begun(folder, "lost1", "lost2") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("up after"), line
        controller = int(line.split()[-1])
        assert len(within(folder)) >= 4
        process.send_signal(end)
    wait_until(lambda: within(folder) == [], 30, "everything of it is gone")
    wait_until(lambda: not Path(f"/proc/{controller}").exists(), 30, "the controller is gone")


def test_a_machine_ends_with_its_test_while_it_boots(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    with begun(folder, "lost1") as process:
        wait_until((folder / "lost1.group").exists, 30, "it begins to boot")
        process.kill()
    wait_until(lambda: within(folder) == [], 30, "everything of it is gone")
