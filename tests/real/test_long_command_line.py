"""A pattern, and a command line that somebody else made long: a diagnosis comes to its end."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.ghost_house import GhostHouse, free_port

pytestmark = pytest.mark.real


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GhostHouse]:
    """Beside it a process with all the arguments that a process can have."""
    house = GhostHouse(tmp_path, free_port())
    words = ["python " * 14_000] * 15
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", *words], cwd=tmp_path)
    try:
        yield house
    finally:
        process.kill()
        process.wait()
        house.close()


def diagnosed(house: GhostHouse, pattern: str) -> "subprocess.CompletedProcess[str]":
    house.write("ghostfix.toml", f"[services.web]\nmatch = '{pattern}'\n")
    return subprocess.run(
        [sys.executable, "-m", "ghostfix", "diagnose", "--timeout", "20s", "--format", "json", "web"],
        cwd=house.folder,
        env={**house.environment},
        capture_output=True,
        text=True,
        timeout=100,  # without a bound it goes on for hours
        check=False,
    )


def test_an_ordinary_pattern(house: GhostHouse) -> None:
    answer = diagnosed(house, r"python.*manage\.py.*runserver")
    report = json.loads(answer.stdout)
    (running,) = [result for result in report["results"] if result["check"] == "not-running"]
    assert running["outcome"] == "found", running["reason"]


def test_a_pattern_without_end_is_could_not_look(house: GhostHouse) -> None:
    answer = diagnosed(house, r"(\S+\s?)+\d{9}$")
    assert answer.returncode == 3, answer.stderr
    report = json.loads(answer.stdout)
    (running,) = [result for result in report["results"] if result["check"] == "not-running"]
    assert running["outcome"] == "skipped"
    assert "it takes too long" in running["reason"]
