"""A diagnosis with five processes and 64 descriptors left says what it says with plenty."""

import json
import os
import subprocess
from collections.abc import Iterator

from benchmarks.measure import environment
from benchmarks.row import Bench, Result
from tests.scarcity import Scarce, verdicts

_WHAT = "diagnose with 5 free PIDs and 64 descriptors"
_GOAL = "the same answer"


def measure(bench: Bench) -> Iterator[Result]:
    """The checks' outcomes with and without."""
    command = bench.ghostfix("diagnose", "--format", "json")

    def answer(scarce: Scarce | None) -> dict[str, str]:
        argv = command.argv if scarce is None else scarce.command(command.argv)
        asked = subprocess.run(
            argv, cwd=command.cwd, env=environment(command.variables), capture_output=True, check=False
        )
        return verdicts(json.loads(asked.stdout or b"{}"))

    if os.geteuid() != 0:
        yield Result(_WHAT, _GOAL, "only root can take processes away from itself alone", None)
        return
    with Scarce.of(processes=5, descriptors=64) as scarce:
        few = answer(scarce)
    plenty = answer(None)
    differing = sorted(code for code in plenty if few.get(code) != plenty[code])
    measured = f"differs in {', '.join(differing)}" if differing else f"{len(plenty)} checks agree"
    yield Result(_WHAT, _GOAL, measured, bool(plenty) and not differing)
