"""A log of 1 GiB: its end by default, all of it when that is asked for."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Command, medians, milliseconds
from benchmarks.row import Bench, Result

PROFILE = """
[services.chatty]
module = "nobody.runs.this"
logs = ["{log}"]
"""
_TRACEBACK = (
    b"2026-11-25 17:00:00,000 ERROR app: the request failed\n"
    b"Traceback (most recent call last):\n"
    b'  File "/srv/app.py", line 10, in handle\n    answer(request)\n'
    b"TypeError: '<' not supported between instances of 'NoneType' and 'int'\n"
)
_LINES = 20_000
"""Ordinary lines between two tracebacks."""
GIB = 1 << 30


def measure(bench: Bench) -> Iterator[Result]:
    """How much longer than without a log; and all of it beside ``grep``."""
    large = _log(bench.folder / "large.log", GIB)
    small = _log(bench.folder / "small.log", GIB // 64)
    folders = {
        name: _folder(bench, name, log)
        for name, log in (("none", Path("none.log")), ("large", large), ("small", small))
    }
    one = ("diagnose", "--format", "json")
    costs = medians(
        {
            "none": bench.ghostfix(*one, cwd=folders["none"]),
            "end": bench.ghostfix(*one, cwd=folders["large"]),
        },
        bench.times,
    )
    more = costs["end"].seconds - costs["none"].seconds
    yield Result("diagnose, a log of 1 GiB", "<= 50 ms more", f"{more * 1000:.0f} ms more", more <= 0.05)
    costs = medians(
        {
            "grep": Command(("grep", "-c", "Traceback", str(large))),
            "all": bench.ghostfix(*one, "--all-logs", cwd=folders["large"]),
            "small": bench.ghostfix(*one, "--all-logs", cwd=folders["small"]),
        },
        1 if bench.quick else 5,
    )
    took, peer = costs["all"].seconds, costs["grep"].seconds
    detail = f"{milliseconds(took)} to {milliseconds(peer)}"
    yield Result.ratio("--all-logs, 1 GiB", took / peer, 3.0, "grep -c Traceback", detail)
    grown = costs["all"].peak - costs["small"].peak
    measured = f"{grown:+.1f} MB from 16 MiB to 1 GiB"
    yield Result("--all-logs: memory", "constant", measured, grown <= 4.0)
    large.unlink()


def _log(path: Path, size: int) -> Path:
    lines = (
        f"2026-11-25 16:{n % 60:02}:{n % 59:02},{n % 1000:03} INFO app.worker[{n}]: answered /api/items/{n}"
        f" in {n % 97}.{n % 89} ms, status=200, from 10.0.{n % 255}.{n % 250}\n".encode()
        for n in range(_LINES)
    )
    block = b"".join(lines) + _TRACEBACK
    with path.open("wb") as file:
        for _ in range(size // len(block) + 1):
            file.write(block)
    return path


def _folder(bench: Bench, name: str, log: Path) -> Path:
    folder = bench.folder / f"chatty-{name}"
    folder.mkdir(exist_ok=True)
    (folder / "ghostfix.toml").write_text(PROFILE.format(log=log))
    return folder
