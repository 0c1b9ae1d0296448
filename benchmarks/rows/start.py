"""What a start costs, beside a typer program that does nothing."""

from collections.abc import Iterator

from benchmarks.measure import NOTHING, PYTHON, Command, medians, milliseconds
from benchmarks.row import Bench, Result


def measure(bench: Bench) -> Iterator[Result]:
    """``--help`` beside its ``--help``; ``--version`` beside its doing nothing."""
    folder = bench.folder
    costs = medians(
        {
            "nothing": Command((PYTHON, str(NOTHING))),
            "nothing --help": Command((PYTHON, str(NOTHING), "--help")),
            "--help": bench.ghostfix("--help", cwd=folder),
            "--version": bench.ghostfix("--version", cwd=folder),
        },
        bench.times * 2,
    )
    for option, peer in (("--help", "nothing --help"), ("--version", "nothing")):
        took, empty = costs[option].seconds, costs[peer].seconds
        detail = f"{milliseconds(took)} to {milliseconds(empty)}"
        yield Result.ratio(option, took / empty, 1.15, f"a typer program: {peer}", detail)
