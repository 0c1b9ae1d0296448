"""How a diagnosis grows from 1,000 to 10,000 processes."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.crowd import crowd
from benchmarks.measure import Cost, medians, milliseconds
from benchmarks.row import Bench, Result

PROFILE = """
[services.lonely]
module = "nobody.runs.this"
ports = [5555]
pidfiles = ["pids/*.pid"]
logs = ["logs/*.log"]

[services.lonely.limits]
processes = 100000
"""


def measure(bench: Bench) -> Iterator[Result]:
    """At most linear, and not much memory."""
    bench.leave()
    folder = bench.folder / "lonely"
    folder.mkdir(exist_ok=True)
    (folder / "ghostfix.toml").write_text(PROFILE)
    few, many = (_among(bench, folder, count) for count in (1_000, 10_000))
    detail = f"{milliseconds(few.seconds)} and {milliseconds(many.seconds)}"
    ratio = many.seconds / few.seconds
    yield Result.ratio("diagnose among 10,000", ratio, 10.0, "among 1,000", detail)
    yield Result("diagnose among 10,000: peak memory", "<= 120 MB", f"{many.peak:.0f} MB", many.peak <= 120)


def _among(bench: Bench, folder: Path, count: int) -> Cost:
    with crowd(bench.folder, count):
        command = bench.ghostfix("diagnose", "--format", "json", cwd=folder)
        return medians({"ghostfix": command}, 1 if bench.quick else 5)["ghostfix"]
