"""Start search: following a command through the scripts that it runs, to see whether it starts the service.

A word that occurs is no start: what counts is a command that runs the service, that orders the profile's
own manager to start it, or that runs a script in which such a command stands. Scripts are read as the
shell, Python or Node would run them, six deep at most, each once per way of being called.
"""

from collections.abc import Sequence

from msgspec import Struct

from ghostfix.model.job import Link, LinkKind
from ghostfix.model.machine import System
from ghostfix.model.process import Variable
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service
from ghostfix.scripts.follower import Follower
from ghostfix.scripts.program import Program
from ghostfix.scripts.script import Loop
from ghostfix.scripts.service_start import ServiceStart, best, comes_again


class Trail(Struct, frozen=True, kw_only=True):
    """How a command leads to the service."""

    link: Link
    confidence: Confidence
    guarded: bool = False
    """It checks first whether the service runs (``pgrep ... || start``, ``flock``, a PID file)."""
    loops: bool = False
    """Somewhere on the way a loop starts the service again and again."""
    guard: str = ""
    """The check that comes first, as it is written."""
    loop: Loop | None = None
    """The innermost of those loops."""
    own_loop: Loop | None = None
    """The loop in the command's own text, when it has one: a process with this command line is that loop."""
    background: bool = False
    """It does not wait for the service to end."""
    start: tuple[str, ...] = ()
    """The words of the command that starts the service, as far as they are known."""
    output: str | None = None
    """The file to which that command's output goes."""


class Search(Struct, frozen=True):
    """What following a command gave.

    ``problems`` names the scripts on the way that could not be read. ``again``: after one start, which it
    waits for, comes another one.
    """

    trail: Trail | None
    problems: tuple[str, ...] = ()
    again: bool = False
    unfollowed: tuple[str, ...] = ()
    """The service's own scripts that start what their text does not say; empty when a start was found."""


def follow(
    system: System, service: Service, command: str, cwd: str, variables: tuple[Variable, ...] = ()
) -> Trail | None:
    """Reads shell text (a crontab command, ``sh -c`` code) run in ``cwd``; None when it is no start.

    ``variables`` are environment variables that it is known to have: a crontab's own, a plist's.
    """
    return search(system, service, command, cwd, variables).trail


def follow_argv(
    system: System, service: Service, argv: tuple[str, ...], cwd: str, variables: tuple[Variable, ...] = ()
) -> Trail | None:
    """The same for a command given as words (a plist's ProgramArguments, a process's argv)."""
    return search_argv(system, service, argv, cwd, variables).trail


def search(
    system: System,
    service: Service,
    command: str,
    cwd: str,
    variables: tuple[Variable, ...] = (),
    stdin: str | None = None,
) -> Search:
    """``follow``, with the scripts on the way that could not be read; ``stdin`` is what it is fed."""
    follower = Follower(system, service)
    starts = follower.text(command, Program(words=(), cwd=cwd, variables=variables), 0)
    if not starts and stdin and (words := tuple(command.split())):
        fed = Program(words=words, cwd=cwd, variables=variables, stdin=stdin)
        starts = follower.program(fed, 0)
    return _result(follower, starts)


def search_argv(
    system: System, service: Service, argv: tuple[str, ...], cwd: str, variables: tuple[Variable, ...] = ()
) -> Search:
    """``follow_argv``, with the scripts on the way that could not be read."""
    follower = Follower(system, service)
    starts = follower.program(Program(words=argv, cwd=cwd, variables=variables), 0)
    return _result(follower, starts)


def _result(follower: Follower, starts: Sequence[ServiceStart]) -> Search:
    trail = _trail(best(starts)) if starts else None
    unfollowed = () if starts else follower.unfollowed
    return Search(trail, follower.problems, comes_again(starts), unfollowed)


def _trail(start: ServiceStart) -> Trail:
    return Trail(
        link=Link(LinkKind.RUNS_SCRIPT if start.hops else LinkKind.RUNS, start.hops),
        confidence=start.confidence,
        guarded=bool(start.guard),
        loops=start.loop is not None,
        guard=start.guard,
        loop=start.loop,
        own_loop=start.own_loop,
        background=start.background,
        start=start.words,
        output=start.output,
    )
