"""What ``ghostfix watch`` costs at its default interval among 1,250 processes."""

from collections.abc import Iterator

from benchmarks.measure import GHOSTFIX, Command, run
from benchmarks.row import Bench, Result

_SECONDS = 30
_WHAT = "watch among 1,250"
_GOAL = "< 1 % of one core"


def measure(bench: Bench) -> Iterator[Result]:
    """Processor time of a long watch, beyond that of a short one: the start counts for neither."""
    if run(Command((GHOSTFIX, "watch", "--help"))).status != 0:
        yield Result(_WHAT, _GOAL, "there is no watch yet", None)
        return
    short, long = (run(bench.ghostfix("watch", "--for", f"{seconds}s")) for seconds in (2, 2 + _SECONDS))
    share = 100 * max(0.0, long.processor - short.processor) / (long.seconds - short.seconds)
    yield Result(_WHAT, _GOAL, f"{share:.2f} % of {_SECONDS} s", share < 1.0)
