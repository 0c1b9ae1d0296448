"""A machine that has next to nothing left: few processes may be started, few files opened."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_HIERARCHIES = (Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup"))
"""Where the kernel's control groups count processes: version 1's folder, and version 2's."""


@dataclass(frozen=True)
class Scarce:
    """What a command and all that it starts may have."""

    group: Path
    descriptors: int

    @staticmethod
    @contextmanager
    def of(*, processes: int, descriptors: int) -> Iterator["Scarce"]:
        """``processes`` besides the command itself (a thread counts as one), and so many descriptors each.

        Raises OSError where no control group can be made: it takes root, and a kernel that lets one.
        """
        group = _own_group() / f"ghostfix-scarce-{os.getpid()}"
        group.mkdir()
        try:
            (group / "pids.max").write_text(str(1 + processes))
            yield Scarce(group, descriptors)
        finally:
            group.rmdir()

    def command(self, argv: Sequence[str]) -> tuple[str, ...]:
        """The same command, run in such need."""
        enter = 'echo $$ > "$0/cgroup.procs" && ulimit -n "$1" && shift && exec "$@"'
        return ("/bin/sh", "-c", enter, str(self.group), str(self.descriptors), *argv)


def _own_group() -> Path:
    """Where a group of our own can be made that counts processes."""
    for place in _HIERARCHIES:
        controllers = place / "cgroup.controllers"
        if (place / "tasks").exists() or (controllers.exists() and "pids" in controllers.read_text().split()):
            return place
    raise OSError("no control group counts processes here")


def verdicts(report: Mapping[str, object]) -> dict[str, str]:
    """Of a report: the outcome of each check."""
    results = report.get("results", [])
    assert isinstance(results, list)
    return {result["check"]: result["outcome"] for result in results}
