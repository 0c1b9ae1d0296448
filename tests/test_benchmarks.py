"""The benchmarks: their table, their crowd, and that their page names what there is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import table
from benchmarks.crowd import crowd
from benchmarks.measure import Command, medians
from benchmarks.row import Result
from benchmarks.rows import ROWS

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/performance.md").read_text(encoding="utf-8")


def benchmarks(*words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def test_the_table_says_what_was_met() -> None:
    lines = table(
        [
            Result.ratio("one", 1.5, 2.0, "two", "3 ms to 2 ms"),
            Result.ratio("other", 2.5, 2.0, "two", "5 ms to 2 ms"),
            Result("third", "", "there is no witr", None),
        ]
    ).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [line.split("|")[-2].strip() for line in lines[2:]] == ["met", "NOT MET", "-"]
    assert "1.50 x (3 ms to 2 ms)" in lines[2]


def test_the_page_names_the_rows() -> None:
    named = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert named == list(ROWS)


def test_the_page_s_commands_are_understood() -> None:
    shown = re.findall(r"^python -m benchmarks(.*)$", PAGE, re.MULTILINE)
    assert len(shown) >= 3
    for words in shown:
        assert {word for word in words.split("#")[0].split() if not word.startswith("-")} <= set(ROWS)
    assert benchmarks("--help").returncode == 0


def test_a_row_that_is_none_is_refused_with_those_that_are() -> None:
    answer = benchmarks("diagnos")
    assert answer.returncode == 2
    assert "there is no row diagnos" in answer.stderr
    assert all(name in answer.stderr for name in ROWS)


def test_costs_are_told_apart() -> None:
    costs = medians(
        {
            "idle": Command((sys.executable, "-S", "-c", "pass")),
            "busy": Command((sys.executable, "-S", "-c", "x = b'x' * 80_000_000; sum(range(2_000_000))")),
            "fails": Command((sys.executable, "-S", "-c", "raise SystemExit(3)")),
        },
        1,
    )
    assert costs["busy"].processor > costs["idle"].processor
    assert costs["busy"].peak > costs["idle"].peak + 50
    assert [costs[name].status for name in ("idle", "fails")] == [0, 3]


@pytest.mark.real
@pytest.mark.skipif(sys.platform != "linux", reason="the crowd is Linux's")
def test_the_crowd_comes_and_goes(tmp_path: Path) -> None:
    import psutil

    def members() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if child.exe() == f"{tmp_path}/member"]

    with crowd(tmp_path, 40, files=7, listeners=2):
        here = members()
        assert len(here) == 40
        assert all(len(one.net_connections("tcp")) == 2 for one in here)
        assert all(one.num_fds() >= 9 for one in here)
        assert len({tuple(one.cmdline()[:2]) for one in here}) > 10
    assert members() == []


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_row_is_measured() -> None:
    answer = benchmarks("start", "scarcity", "--quick", timeout=250)
    assert answer.returncode in (0, 1), answer.stderr
    assert "| --version " in answer.stdout
    assert "Traceback" not in answer.stderr
