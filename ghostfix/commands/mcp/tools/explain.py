"""The tool ``explain``: what a check finds, why it matters, and how it is repaired."""

from typing import Annotated

from msgspec import Meta, Raw, Struct

from ghostfix.commands.mcp.session import Session
from ghostfix.commands.mcp.tool import Tool, read
from ghostfix.diagnosis.check_selection import codes
from ghostfix.diagnosis.checks import CHECKS


class Arguments(Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[
        str, Meta(description="A finding's code, such as `stale-pidfile`; without it, all are listed.")
    ] = ""


def _answer(session: Session, given: Raw) -> str:  # noqa: ARG001 -- it asks no machine
    wanted = codes(read(given, Arguments).code, tuple(check.code for check in CHECKS))
    if not wanted:
        return "\n".join(f"{check.code}: {check.title}" for check in CHECKS)
    return "\n\n".join(
        f"{check.code} ({check.severity.value})\n\n{check.page.strip()}"
        for check in CHECKS
        if check.code in wanted
    )


TOOL = Tool(
    name="explain",
    title="Explain a finding",
    does="Explain a finding by its code: what it is, why it matters, how ghostfix repairs it, how to keep it "
    "from coming back. ghostfix's own documentation: it asks no machine.",
    arguments=Arguments,
    answer=_answer,
)
