"""Service start: one place where the service is started, as seen from a command that leads to it."""

from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from ghostfix.model.job import Place
from ghostfix.model.reading import Confidence
from ghostfix.scripts.script import Command, Loop, follows, worst


class ServiceStart(Struct, frozen=True, kw_only=True):
    """One start of the service, below some command."""

    words: tuple[str, ...]
    confidence: Confidence
    hops: tuple[Place, ...] = ()
    guard: str = ""
    loop: Loop | None = None
    own_loop: Loop | None = None
    background: bool = False
    output: str | None = None
    command: Command | None = None
    """The command of the outermost text that leads to it."""


def seen_from(command: Command, found: ServiceStart) -> ServiceStart:
    """A start as seen from the script in which the command that leads to it stands."""
    via = tuple(place for place in command.via if place.file)
    here = (*via, command.place) if command.file else via
    sure = Confidence.LIKELY if command.confidence is Confidence.POSSIBLE else command.confidence
    return structs.replace(
        found,
        hops=(*here, *found.hops),
        confidence=worst(sure, found.confidence),
        guard=found.guard or command.guard,
        loop=found.loop or command.loop,
        own_loop=command.loop,
        background=found.background or command.background,
        command=command,
        output=found.output or command.output,
    )


def behind(place: Place, found: Iterable[ServiceStart]) -> tuple[ServiceStart, ...]:
    """Starts to which one more place leads."""
    return tuple(structs.replace(each, hops=(place, *each.hops)) for each in found)


def less_sure(found: Iterable[ServiceStart], sure: Confidence) -> tuple[ServiceStart, ...]:
    """Starts that are no surer than the way to them."""
    return tuple(structs.replace(each, confidence=worst(sure, each.confidence)) for each in found)


def best(starts: Sequence[ServiceStart]) -> ServiceStart:
    """The surest of them; of those one in a loop of the command's own text; of those the first."""
    order = (Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE)
    return min(
        starts, key=lambda each: (order.index(each.confidence), each.own_loop is None, each.loop is None)
    )


def comes_again(found: Sequence[ServiceStart]) -> bool:
    """Whether after one start, which is waited for, comes another one."""
    commands = [(each.command, each.background) for each in found]
    return any(
        one is not None and other is not None and not background and follows(one, other)
        for index, (one, background) in enumerate(commands)
        for other, _ in commands[index + 1 :]
    )
