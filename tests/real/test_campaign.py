"""A sample of ``python -m tests.campaign``: no byte is lost, and nobody is told what is not so."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.restarter_bench import no_systemd

ROOT = Path(__file__).resolve().parents[2]
ENDINGS, ROUNDS = 6, 2
SAMPLE = {
    "--random": ENDINGS,
    "--aimed": ENDINGS,
    "--crontabs": ROUNDS,
    "--programs": ROUNDS,
    "--apps": ROUNDS if shutil.which("npm") and shutil.which("node") else 0,
    "--units": ROUNDS if no_systemd() is None else 0,
}

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes users and a spool of its own"),
    pytest.mark.skipif(shutil.which("crontab") is None, reason="needs Debian's package cron"),
    pytest.mark.skipif(sys.platform != "linux", reason="needs namespaces"),
]


def test_a_sample_of_the_campaign(capsys: pytest.CaptureFixture[str]) -> None:
    answer = subprocess.run(
        (sys.executable, "-m", "tests.campaign", *(f"{option}={count}" for option, count in SAMPLE.items())),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    with capsys.disabled():
        print(f"\n{answer.stdout}")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    sums = re.findall(r"in all: \d+ plays, (\d+) lost bytes, (\d+) silent lies", answer.stdout)
    assert sums
    assert set(sums) == {("0", "0")}
    signalled = [int(number) for number in re.findall(r"(\d+) signalled", answer.stdout)[:2]]
    assert signalled == [ENDINGS, ENDINGS], "too few were signalled while they acted to prove anything"
    assert not re.search(r" [1-9]\d* refused", answer.stdout), "who waits for the lock is not refused"
