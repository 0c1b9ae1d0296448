"""Loop family: what runs below a watchdog loop, its own separated from what it started for others.

A loop may keep several services, and whatever is below it when it is held or ended is not its own for that.
Its own is what could start the service once more, or what it waits for at this moment:

- its forks: a shell's copy of itself for a part of its script has the very same command line;
- what is above an instance of the service, the script that started it say;
- what it waits for: a shell starts nothing new while it does, so that is the youngest of its children. A
  script of a shell counts, however long it takes; a program (sleep, curl) only when it has just come.

Nothing that listens, and nothing in a session of its own, is the loop's. In doubt a process is spared: what
the loop waited for then ends a little later by itself.
"""

from collections.abc import Collection, Sequence

from msgspec import Struct

from ghostfix.model.invocation import read_argv
from ghostfix.model.process import Process, ProcessState, ProcessTree

_SOON = 60.0
"""Seconds for which a program below a shell may be what the loop pauses or checks with, and no service."""


class LoopFamily(Struct, frozen=True):
    """What runs below one loop, without the service's processes."""

    own: tuple[Process, ...]
    """Nearest first."""
    others: tuple[Process, ...]
    """What it started for others; with what is below that."""


def loop_family(
    tree: ProcessTree, loop: Process, service: Sequence[Process], listening: Collection[int], now: float
) -> LoopFamily:
    """Sorts what is below ``loop``, but for ``service`` and what is below that; ``listening`` are PIDs."""
    return _Sorting(tree, loop, {process.pid for process in service}, listening, now).sorted()


class _Sorting:
    def __init__(
        self, tree: ProcessTree, loop: Process, service: set[int], listening: Collection[int], now: float
    ) -> None:
        self._tree = tree
        self._loop = loop
        self._service = service | {below.pid for pid in service for below in tree.descendants(pid)}
        self._listening = listening
        self._now = now
        self._own: list[Process] = []
        self._others: list[Process] = []

    def sorted(self) -> LoopFamily:
        self._descend(self._loop, awaited=True)
        return LoopFamily(tuple(self._own), tuple(self._others))

    def _descend(self, parent: Process, *, awaited: bool) -> None:
        children = [child for child in self._tree.children(parent.pid) if child.alive]
        youngest = max(children, key=_age, default=None)
        for child in children:
            waits = awaited and child is youngest
            if child.pid in self._service:
                continue
            if self._is_own(child, parent, awaited=waits):
                self._own.append(child)
                self._descend(child, awaited=waits)
            else:
                below = self._tree.descendants(child.pid)
                self._others += (one for one in (child, *below) if one.alive and one.pid not in self._service)

    def _is_own(self, child: Process, parent: Process, *, awaited: bool) -> bool:
        if child.session != self._loop.session or child.pid in self._listening:
            return False
        if child.argv == parent.argv or child.state is ProcessState.STOPPED:  # held by ourselves, before
            return True
        if any(below.pid in self._service for below in self._tree.descendants(child.pid)):
            return True
        soon = self._now - child.id.started < _SOON
        return awaited and (_is_shell(child) or (_is_shell(parent) and soon))


def _age(process: Process) -> tuple[float, int]:
    return process.id.started, process.pid


def _is_shell(process: Process) -> bool:
    invocation = read_argv(process.argv)
    return invocation is not None and invocation.is_shell
