"""A cell of the table: a healthy look, or the true ghost beside it, built with genuine processes."""

from collections.abc import Callable
from enum import Enum

from msgspec import Struct

from tests.false_alarms.bench import Bench, Diagnosis

Build = Callable[[Bench], None]

ROWS = (
    "Flask with the reloader",
    "gunicorn",
    "uvicorn",
    "celery, pools, daemons",
    "deliberate multiples",
    "namesakes elsewhere",
    "the name in argv",
    "clients and sockets",
    "cron lines",
    "PID files",
    "tracebacks",
    "venvs",
    "a busy machine",
)
"""The rows, in their order."""


class Kind(Enum):
    HEALTHY = "healthy"
    GHOST = "ghost"


class Cell(Struct, frozen=True, kw_only=True):
    """One look. ``found`` are the codes of which a ghost must show every one."""

    row: str
    kind: Kind
    look: str
    build: Build
    found: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.kind.value}: {self.look}"


CELLS: list[Cell] = []


def healthy(row: str, look: str) -> Callable[[Build], Build]:
    """Registers a look that must be called healthy."""

    def register(build: Build) -> Build:
        CELLS.append(Cell(row=row, kind=Kind.HEALTHY, look=look, build=build))
        return build

    return register


def ghost(row: str, look: str, *found: str) -> Callable[[Build], Build]:
    """Registers a fault that must be found, with these codes."""

    def register(build: Build) -> Build:
        CELLS.append(Cell(row=row, kind=Kind.GHOST, look=look, build=build, found=found))
        return build

    return register


def wrong(cell: Cell, seen: Diagnosis, instances: int) -> str | None:
    """What is wrong with a diagnosis of this cell; None when it is right."""
    said = "; ".join(f"{each.code}: {each.summary} ({each.evidence})" for each in seen.complaints)
    if cell.kind is Kind.GHOST:
        missing = set(cell.found) - {each.code for each in seen.complaints}
        if missing or seen.exit_code != 1:
            return f"exit {seen.exit_code}, not found: {', '.join(sorted(missing))}; found: {said}"
        return None
    if seen.exit_code or seen.verdict != "healthy" or seen.complaints:
        return f"exit {seen.exit_code}, {seen.verdict}: {said} {'; '.join(seen.problems)}"
    if len(seen.pids) != instances:
        return f"{len(seen.pids)} instances where {instances} run"
    return None


def judged(cell: Cell, bench: Bench) -> str | None:
    """Diagnoses what the cell has built. A healthy look is diagnosed once more, with a drafted profile."""
    seen = bench.diagnose()
    problem = wrong(cell, seen, bench.instances)
    if problem is not None or cell.kind is Kind.GHOST:
        return problem
    bench.drafted(str(seen.pids[0]))
    problem = wrong(cell, bench.diagnose(), bench.instances)
    profile = (bench.folder / "ghostfix.toml").read_text()
    return None if problem is None else f"with the profile of `ghostfix init`: {problem}\n{profile}"
