"""Undo data: a step as it is kept for another process to undo it: the step itself, and what it captured."""

from functools import reduce
from operator import or_

import msgspec
from msgspec import Struct, structs

from ghostfix.model.errors import RepairError
from ghostfix.model.machine import Touch
from ghostfix.model.process import Process
from ghostfix.model.step import Captured, Step
from ghostfix.repair.every_step import STEPS
from ghostfix.repair.journal_records import DAMAGED


class Kept(Struct, frozen=True):
    """A step and what its undoing needs. It may hold secrets, and is never shown."""

    step: Step
    captured: Captured


class Touched(Struct, frozen=True):
    """Processes that an act was about to stop or end, or has started: a line, written while it acts."""

    touch: Touch
    processes: tuple[Process, ...]


class _Written(Struct):
    step: msgspec.Raw
    captured: Captured


def encode(step: Step, captured: Captured) -> bytes:
    """As JSON, to be read back by ``decode`` of this or a later version."""
    return msgspec.json.encode(Kept(step, captured))


def decode(content: bytes) -> Kept:
    """Raises RepairError when the content is damaged, or names a kind of step that is not known."""
    try:
        written = msgspec.json.decode(content, type=_Written)
        step = _STEP.decode(written.step)
    except DAMAGED as error:
        raise RepairError(f"what was kept for undoing cannot be understood: {error}") from error
    if not isinstance(step, Step):
        raise RepairError("what was kept for undoing is not a step")
    return Kept(step, written.captured)


def encode_touched(touched: Touched) -> bytes:
    """One line, newline included."""
    return msgspec.json.encode(touched) + b"\n"


def with_touched(captured: Captured, content: bytes) -> Captured:
    """What was captured, and the processes of the lines; a last line that was cut short had no effect yet."""
    found: dict[Touch, list[Process]] = {touch: [] for touch in Touch}
    for line in content.splitlines():
        try:
            touched = msgspec.json.decode(line, type=Touched)
        except DAMAGED:
            continue
        found[touched.touch].extend(touched.processes)
    return structs.replace(captured, held=tuple(found[Touch.HELD]), started=tuple(found[Touch.STARTED]))


_first, *_others = STEPS
# The kinds of steps as one tagged union: the tag "kind" says which of them a document is.
_STEP: msgspec.json.Decoder[object] = msgspec.json.Decoder(reduce(or_, _others, _first))
