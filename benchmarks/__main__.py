"""``python -m benchmarks [ROW ...]`` measures and prints the table; exit code 1 when a goal is missed."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence

from benchmarks.crowd import NotHereError
from benchmarks.row import Bench, Result, bench
from benchmarks.rows import ROWS


def main() -> None:
    """Reads the words, measures the rows, prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; all when left out")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: the numbers are rougher")
    wanted = parser.parse_args()
    unknown = [name for name in wanted.rows if name not in ROWS]
    if unknown:
        parser.error(f"there is no row {unknown[0]}; the rows are {', '.join(ROWS)}")
    started = time.monotonic()
    here, folder = bench(wanted.quick)
    results: list[Result] = []
    with folder:
        try:
            for name in wanted.rows or ROWS:
                sys.stderr.write(f"measuring {name} ...\n")
                results += _measured(here, name)
        finally:
            here.leave()
    print(_machine())
    print(table(results))
    print(f"\nmeasured in {time.monotonic() - started:.0f} s")
    sys.exit(any(result.met is False for result in results))


def _measured(here: Bench, name: str) -> list[Result]:
    try:
        return list(ROWS[name](here))
    except NotHereError as error:
        return [Result(name, "", str(error), None)]


def table(results: Sequence[Result]) -> str:
    """The rows below each other, as Markdown, which a terminal shows as well."""
    head = ("what", "goal", "measured", "met")
    says = {True: "met", False: "NOT MET", None: "-"}
    rows = [head, *((each.what, each.goal, each.measured, says[each.met]) for each in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _machine() -> str:
    load = os.getloadavg()[0]
    system, python = f"{platform.system()} {platform.release()}", platform.python_version()
    added = f"{_additions():.2f} s for ten million additions"
    return f"{system}, {os.cpu_count()} cores, Python {python} ({added}), load {load:.1f}\n"


def _additions() -> float:
    """How fast Python is here: ratios to programs in C depend on it."""
    started, total = time.perf_counter(), 0
    while total < 10_000_000:
        total += 1
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
