"""What is kept of a step so that another process can undo it: the step itself, and what it captured."""

from functools import reduce
from operator import or_

import msgspec
from msgspec import Struct

from ghostfix.errors import RepairError
from ghostfix.runs.story import DAMAGED
from ghostfix.step import Captured, Step
from ghostfix.steps import STEPS


class Kept(Struct, frozen=True):
    """A step and what its undoing needs. It may hold secrets, and is never shown."""

    step: Step
    captured: Captured


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


_first, *_others = STEPS
# The kinds of steps as one tagged union: the tag "kind" says which of them a document is.
_STEP: msgspec.json.Decoder[object] = msgspec.json.Decoder(reduce(or_, _others, _first))
