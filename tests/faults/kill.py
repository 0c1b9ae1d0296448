"""A sudden end of ghostfix at a chosen act, alone or together with the command that it has started."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ghostfix.model.errors import StepError
from tests.fake_system import FakeSystem

_ACTS = (
    "signal", "spawn", "command", "post", "move_aside", "move_back", "replace", "create", "remove",
    "make_folder", "append", "lock",
)  # fmt: skip


LASTING = "lasting command"
"""Among the acts: a command that comes to its end without ghostfix, and holds the locks until then."""
ALONE = ("alone, unread", "alone, half-way", "alone, done")
"""How far such a command is when ghostfix is killed: it goes on from there."""


class Killed(BaseException):
    """What ``kill -9`` is to ghostfix; nothing may catch it."""


@contextmanager
def killed_at(machine: FakeSystem, instant: int, how: str) -> Iterator[list[str]]:
    """Kills whoever acts at the ``instant``-th act: before it, in the middle of it, or after it.

    Or, for one of ``ALONE``, kills ghostfix and not its command. That ends when somebody waits for the locks
    that it holds (``lock_shared``), or when the test says so: whoever does not wait is overtaken by it.
    """
    acts: list[str] = []

    def dying(name: str, act: Callable[..., object]) -> Callable[..., object]:
        def does(*args: object, **options: object) -> object:
            acts.append(LASTING if options.get("to_its_end") else name)
            if len(acts) - 1 != instant:
                return act(*args, **options)
            if how == "in" and name == "append":  # a file is created and replaced in one instant
                path, content, *rest = args
                assert isinstance(content, bytes)
                act(path, content[: len(content) // 2], *rest, **options)
            elif how == "alone, unread":
                machine.alone.append(lambda: act(*args, **options))
            elif how in ("in", "alone, half-way") and name == "command":
                machine.variables["HALF"] = "yes"
                act(*args, **options)
                if how != "in":
                    del machine.variables["HALF"]
                    machine.alone.append(lambda: act(*args, **options))
            elif how in ("after", "alone, done"):
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
