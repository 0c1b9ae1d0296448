"""Task group: tasks that wait run side by side, those that work one after the other, all by one deadline.

A task works most of its time (it reads a thousand small files) and waits for the rest (for an answer, for a
command). Threads that work at once only take Python's lock from each other: seventeen of them needed three
times the processor time of one. So the task that works has the turn, and gives it away with ``waiting`` while
there is nothing to do. No task depends on it: one that does not get the turn soon, because a file
system hangs under the task that has it, goes on without.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")

_PATIENCE = 0.25
"""Seconds after which a task goes on without the turn."""
_GRACE = 0.25
"""Seconds after the deadline in which what was waited for is ended in good order."""


class TaskGroup:
    """Tasks that share one turn and one deadline, ``seconds`` from now."""

    def __init__(self, seconds: float | None = None) -> None:
        self.deadline = None if seconds is None else monotonic() + seconds
        self.turn = threading.Lock()

    def begin(self, work: Callable[[], T]) -> "Task[T]":
        """Begins ``work`` in a thread of its own; where none can be started any more, does it at once.

        A machine that is out of processes is out of threads as well, and is one that needs a diagnosis.
        """
        begun = Task(work, self)
        try:
            # A daemon: ghostfix does not stay for a task that never comes back.
            threading.Thread(target=begun.run, daemon=True).start()
        except RuntimeError:  # "can't start new thread"
            begun.run()
        return begun


class Task(Generic[T]):
    """One piece of work, and its result once there is one."""

    def __init__(self, work: Callable[[], T], group: TaskGroup) -> None:
        self._work = work
        self._group = group
        self._done = threading.Lock()
        self._done.acquire()
        self._result: list[T] = []
        self._error: BaseException | None = None
        self._cut = False

    def run(self) -> None:
        """Does it, in this thread, when it has the turn."""
        outer: _Working | None = getattr(_here, "working", None)
        _here.working = working = _Working(self._group)
        working.take()
        try:
            self._result.append(self._work())
        except BaseException as error:
            self._error = error
        finally:
            working.give()
            _here.working = outer
            self._cut = working.cut
            self._done.release()

    def result(self) -> T:
        """What it gave, or raises what it raised; raises TimeoutError when the deadline comes first.

        Also when what it waited for was cut short by the deadline: whether the answer would have come within
        the time that it is given is then not known.
        """
        deadline = self._group.deadline
        left = -1 if deadline is None else max(0.0, deadline - monotonic()) + _GRACE
        if not self._done.acquire(timeout=left):
            raise TimeoutError
        self._done.release()
        if self._cut:
            raise TimeoutError
        if self._error is not None:
            raise self._error
        return self._result[0]


class _Working:
    """What one thread does of a group: whether it has the group's turn."""

    def __init__(self, group: TaskGroup) -> None:
        self._group = group
        self._has_turn = False
        self.cut = False
        """The deadline came while something was waited for that had more time."""

    def take(self) -> None:
        self._has_turn = self._group.turn.acquire(timeout=_PATIENCE)

    def give(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._group.turn.release()

    def left(self, seconds: float) -> float:
        deadline = self._group.deadline
        return seconds if deadline is None else max(0.0, min(seconds, deadline - monotonic()))

    def waited(self, seconds: float, allowed: float) -> None:
        """Takes note of a wait for ``seconds`` of which only so many were allowed."""
        deadline = self._group.deadline
        self.cut = self.cut or (deadline is not None and allowed < seconds and monotonic() >= deadline)


_here = threading.local()


@contextmanager
def waiting(seconds: float) -> Iterator[float]:
    """Gives the turn away while nothing is done but waiting for at most ``seconds``.

    Gives the seconds that may be waited: fewer, when the deadline of the group comes first.
    """
    working: _Working | None = getattr(_here, "working", None)
    if working is None:
        yield seconds
        return
    working.give()
    allowed = working.left(seconds)
    try:
        yield allowed
    finally:
        working.waited(seconds, allowed)
        working.take()
