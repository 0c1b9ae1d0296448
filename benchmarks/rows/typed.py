"""What people type: in a terminal, and with the words in another order than the benchmarks have them."""

from collections.abc import Iterator

from benchmarks.measure import NOTHING, ONE_TABLE, PYTHON, Command, Cost, medians, milliseconds
from benchmarks.peers import program
from benchmarks.row import Bench, Result
from benchmarks.rows.diagnose import replaced

_FIRST_LINE = 0.15
"""Seconds after the floor's first line by which something has to be seen."""


def measure(bench: Bench) -> Iterator[Result]:
    """Beside the commands that a diagnosis replaces, ``witr``, and the least that typer and rich can cost."""
    commands = replaced(bench.house)
    port, folder = str(bench.house.port), bench.folder / "typed"
    folder.mkdir(exist_ok=True)
    (folder / "ghostfix.toml").write_text('[services.web]\nscript = "web.py"\npidfiles = ["web.pid"]\n')
    costs = medians(
        {
            **commands,
            "witr": Command((program("witr", "witr", "sid"), "--port", port)),
            "table": Command((PYTHON, str(ONE_TABLE)), terminal=True),
            "nothing": Command((PYTHON, str(NOTHING))),
            "diagnose": bench.ghostfix("diagnose", terminal=True),
            "json": bench.ghostfix("diagnose", "-f", "json", "--timeout", "30s"),
            "plan": bench.ghostfix("repair", "--dry-run", terminal=True),
            "only": bench.ghostfix("diagnose", "--only", "stale-pidfile", terminal=True),
            "why": bench.ghostfix("why", "--json", f":{port}"),
            "run": bench.ghostfix("run", "--quiet", "web", "--", "true", cwd=folder),
        },
        bench.times,
    )
    together = sum(costs[name].seconds for name in commands)

    def beside(what: str, name: str, seconds: float, limit: float, of: str) -> Result:
        took = costs[name].seconds
        detail = f"{milliseconds(took)} to {milliseconds(seconds)}"
        return Result.ratio(what, took / seconds, limit, of, detail)

    yield beside("diagnose, in a terminal", "diagnose", together, 1.25, "the commands replaced")
    yield _first_line(costs["diagnose"], costs["table"])
    yield beside("diagnose -f json --timeout 30s", "json", together, 1.0, "the commands replaced")
    yield beside("repair --dry-run, in a terminal", "plan", together, 1.25, "the commands replaced")
    whole = costs["diagnose"].seconds
    yield beside("diagnose --only stale-pidfile", "only", whole, 0.5, "the whole diagnosis")
    yield beside("why --json :PORT", "why", costs["witr"].seconds, 2.0, "witr --port")
    yield _start(costs["run"], costs["nothing"], costs["ps"])


def _first_line(diagnosis: Cost, floor: Cost) -> Result:
    later = diagnosis.first - floor.first
    measured = f"{later * 1000:.0f} ms later ({milliseconds(diagnosis.first)})"
    what, goal = "diagnose: the first line", f"<= {milliseconds(_FIRST_LINE)} after a program with one table"
    return Result(what, goal, measured, later <= _FIRST_LINE)


def _start(run: Cost, nothing: Cost, listing: Cost) -> Result:
    ratio = (run.seconds - nothing.seconds) / listing.seconds
    start, peer = milliseconds(nothing.seconds), milliseconds(listing.seconds)
    detail = f"{milliseconds(run.seconds)}; ps {peer}, start {start}"
    return Result.ratio("run --quiet web -- true", ratio, 1.0, "ps aux, plus start", detail)
