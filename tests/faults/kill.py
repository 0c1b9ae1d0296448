"""A sudden end of ghostfix at a chosen act."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ghostfix.errors import StepError
from tests.fake_system import FakeSystem

_ACTS = (
    "signal", "spawn", "command", "post", "move_aside", "move_back", "replace", "create", "remove",
    "make_folder", "append", "lock",
)  # fmt: skip


class Killed(BaseException):
    """What ``kill -9`` is to ghostfix; nothing may catch it."""


@contextmanager
def killed_at(machine: FakeSystem, instant: int, how: str) -> Iterator[list[str]]:
    """Kills whoever acts at the ``instant``-th act: before it, in the middle of it, or after it."""
    acts: list[str] = []

    def dying(name: str, act: Callable[..., object]) -> Callable[..., object]:
        def does(*args: object, **options: object) -> object:
            acts.append(name)
            if len(acts) - 1 != instant:
                return act(*args, **options)
            if how == "in" and name == "append":  # a file is created and replaced in one instant
                path, content, *rest = args
                assert isinstance(content, bytes)
                act(path, content[: len(content) // 2], *rest, **options)
            elif how == "in" and name == "command":
                machine.variables["HALF"] = "yes"
                act(*args, **options)
            elif how == "after":
                with suppress(StepError):  # it was refused, and nobody is there to hear of it
                    act(*args, **options)
            raise Killed

        return does

    for name in _ACTS:
        setattr(machine, name, dying(name, getattr(machine, name)))
    try:
        yield acts
    finally:
        for name in _ACTS:
            delattr(machine, name)
        machine.variables.pop("HALF", None)
