"""Measuring: commands run in turn, many times; what counts is the ratio of their medians."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

_OURS = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH", "PYTHONHOME")
"""Variables that make every Python slower to start, or other than a user's."""

PYTHON = sys.executable
GHOSTFIX = str(Path(sys.executable).with_name("ghostfix"))
_STOPWATCH = Path(__file__).with_name("stopwatch.py")
NOTHING = Path(__file__).with_name("nothing.py")
"""A typer program that does nothing: what a start costs that nobody can get below."""
ONE_TABLE = Path(__file__).with_name("one_table.py")
"""One that prints a table with rich: the same for a report in a terminal."""


@dataclass(frozen=True)
class Command:
    """A command to be measured. Its output goes to a file that nobody reads, or to a terminal."""

    argv: tuple[str, ...]
    cwd: str = "/"
    variables: Mapping[str, str] = field(default_factory=dict)
    terminal: bool = False


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds that passed, seconds of processor time (children included), MiB at most.

    ``first`` is when the first output was on the terminal, or, without one, the end.
    """

    seconds: float
    first: float
    processor: float
    peak: float
    status: int


def run(command: Command) -> Cost:
    """Runs the command once."""
    output_to = "terminal" if command.terminal else "file"
    # Not to /dev/null: grep looks for more than the first match only where somebody wants to know.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as told:
        subprocess.run(
            (PYTHON, "-I", "-S", str(_STOPWATCH), str(told.fileno()), output_to, *command.argv),
            cwd=command.cwd,
            env=environment(command.variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            pass_fds=(told.fileno(),),
            check=True,
        )
        told.seek(0)
        return msgspec.json.decode(told.read(), type=Cost)


def environment(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our own, as a user has it."""
    inherited = {name: value for name, value in os.environ.items() if name not in _OURS}
    return inherited | {"COLUMNS": "100"} | dict(variables or {})


def medians(commands: Mapping[str, Command], times: int) -> dict[str, Cost]:
    """The median cost of each; they are run in turn, so that a busy moment hits all of them alike."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for command in commands.values():
        run(command)  # whatever has to be compiled or cached
    for _ in range(times):
        for name, command in commands.items():
            costs[name].append(run(command))
    return {name: _median(each) for name, each in costs.items()}


def _median(costs: list[Cost]) -> Cost:
    return Cost(
        seconds=statistics.median(cost.seconds for cost in costs),
        first=statistics.median(cost.first for cost in costs),
        processor=statistics.median(cost.processor for cost in costs),
        peak=statistics.median(cost.peak for cost in costs),
        status=costs[-1].status,
    )


def milliseconds(seconds: float) -> str:
    """As a person reads it."""
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"
