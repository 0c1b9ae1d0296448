"""The tool ``why``: what started a process, and what keeps it alive."""

from typing import Annotated

from msgspec import Meta, Raw, Struct

from ghostfix.commands.mcp.marked import marked
from ghostfix.commands.mcp.session import Session
from ghostfix.commands.mcp.tool import Tool, read
from ghostfix.commands.why.why import why


class Arguments(Struct, frozen=True, forbid_unknown_fields=True):
    target: Annotated[
        str,
        Meta(min_length=1, description="A PID (`4711`), a port (`:5555`), or a process's or service's name."),
    ]
    tree: Annotated[bool, Meta(description="Also everything that it started.")] = False


def _answer(session: Session, given: Raw) -> str:
    arguments = read(given, Arguments)
    return marked(why(session.system, arguments.target, tree=arguments.tree))


TOOL = Tool(
    name="why",
    title="Why a process runs",
    does="Say what started a process and what would start it again: its ancestors, its manager (systemd, "
    "cron, pm2, ...), the file and line of the job. Changes nothing. The answer is a ghostfix.why/1 "
    "document.",
    arguments=Arguments,
    answer=_answer,
)
