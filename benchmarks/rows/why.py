"""``ghostfix why :PORT`` beside ``witr --port PORT``."""

from collections.abc import Iterator

from benchmarks.measure import Command, medians, milliseconds
from benchmarks.peers import program
from benchmarks.row import Bench, Result


def measure(bench: Bench) -> Iterator[Result]:
    """Who has the port, and why."""
    port = str(bench.house.port)
    witr = Command((program("witr", "witr", "sid"), "--port", port))
    costs = medians({"witr": witr, "ghostfix": bench.ghostfix("why", f":{port}")}, bench.times)
    took, peer = costs["ghostfix"].seconds, costs["witr"].seconds
    detail = f"{milliseconds(took)} to {milliseconds(peer)}"
    yield Result.ratio("why :PORT among 1,250", took / peer, 3.0, "witr --port", detail)
