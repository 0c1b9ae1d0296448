"""A full diagnosis among 1,250 processes, beside the commands that it replaces."""

from collections.abc import Iterator

from benchmarks.measure import Command, medians, milliseconds
from benchmarks.peers import program
from benchmarks.row import Bench, Result
from tests.real.ghost_house import GhostHouse

_WHAT = "diagnose --format json among 1,250"


def measure(bench: Bench) -> Iterator[Result]:
    """The sum of eight commands, and five times one ``witr``."""
    house = bench.house
    commands = replaced(house)
    witr = Command((program("witr", "witr", "sid"), "--port", str(house.port)))
    costs = medians(
        {**commands, "witr": witr, "ghostfix": bench.ghostfix("diagnose", "--format", "json")}, bench.times
    )
    took = costs["ghostfix"].seconds
    together = sum(costs[name].seconds for name in commands)
    detail = f"{milliseconds(took)} to {milliseconds(together)}"
    yield Result.ratio(_WHAT, took / together, 1.0, "the commands replaced", detail)
    peer = costs["witr"].seconds
    yield Result.ratio(_WHAT, took / peer, 5.0, "witr --port", f"witr {milliseconds(peer)}")


def replaced(house: GhostHouse) -> dict[str, Command]:
    """What a person would ask instead, each by its name, one after the other."""
    folder = str(house.folder)
    lines = {
        "ps": ("ps", "aux"),
        "pgrep": ("pgrep", "-f", "gpt_cursor_runner.main"),
        "lsof": (program("lsof", "lsof"), "-nP", "-iTCP", "-sTCP:LISTEN"),
        "crontab": ("crontab", "-l"),
        "systemctl": (program("systemctl", "systemd"), "list-units", "--all"),
        "curl": (program("curl", "curl"), "-s", "-m", "5", f"http://localhost:{house.port}/health"),
        "python": (".venv/bin/python", "-c", "import psutil"),
        "grep": ("grep", "-c", "Traceback", "logs/ghost-runner.log"),
    }
    return {name: Command(argv, folder) for name, argv in lines.items()}
