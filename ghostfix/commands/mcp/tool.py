"""Tool: what an assistant can call, as it is listed and as it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from ghostfix.commands.mcp.messages import ToolEntry, ToolHints
from ghostfix.commands.mcp.session import Session
from ghostfix.model.errors import ProfileError

ArgumentsT = TypeVar("ArgumentsT", bound=Struct)


@dataclass(frozen=True)
class Tool:
    """One tool. ``answer`` gets the arguments as JSON, reads them with ``read``, and gives a text."""

    name: str
    title: str
    does: str
    arguments: type[Struct]
    answer: Callable[[Session, Raw], str]
    acts: bool = False
    """It changes the machine: listed and called only where the server was started with ``--allow-repair``."""

    def entry(self) -> ToolEntry:
        """How ``tools/list`` has it."""
        _, schemas = msgspec.json.schema_components((self.arguments,), ref_template="#/$defs/{name}")
        return ToolEntry(
            name=self.name,
            title=self.title,
            description=self.does,
            input_schema=Raw(msgspec.json.encode(schemas[self.arguments.__name__])),
            annotations=ToolHints(
                read_only_hint=not self.acts, destructive_hint=self.acts, idempotent_hint=not self.acts
            ),
        )


def read(arguments: Raw, kind: type[ArgumentsT]) -> ArgumentsT:
    """The arguments of a call; raises ProfileError, with the place of what is wrong, for others."""
    try:
        return msgspec.json.decode(arguments, type=kind)
    except msgspec.DecodeError as error:
        raise ProfileError(f"these arguments do not fit: {error}") from error
