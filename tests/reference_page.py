"""The pages that are made from the code: ``docs/reference.md`` and the man page ``docs/ghostfix.1``."""

from collections.abc import Iterator

import typer.main
from typer.core import TyperCommand

from ghostfix.commands.application import app
from ghostfix.diagnosis.checks import CHECKS
from ghostfix.model.errors import ExitCode
from ghostfix.model.report import Report
from ghostfix.report.formats import DIAGNOSIS_FORMATS, FORMATS


def options(name: str) -> tuple[str, ...]:
    """The options of a command in their order, the long form first."""
    found = (one for one in _known()[name].params if one.param_type_name == "option")
    return tuple(", ".join(sorted(one.opts, key=len, reverse=True)) for one in found)


def commands() -> dict[str, str]:
    """Each command and its first line of help."""
    return {name: (command.help or "").strip().splitlines()[0] for name, command in _known().items()}


def _known() -> dict[str, TyperCommand]:
    """Each command by its name; those of a group as ``GROUP COMMAND``."""
    found: dict[str, TyperCommand] = {}
    for name, listed in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        command = listed.load()
        below = getattr(command, "commands", None)
        found |= {name: command} if below is None else {f"{name} {each}": one for each, one in below.items()}
    return found


def reference() -> str:
    return "\n".join(_reference()) + "\n"


def _reference() -> Iterator[str]:
    yield "# Reference\n\nMade from the code. The profile's keys are in [profile.md](profile.md), the pages"
    yield "of the checks in [checks.md](checks.md), the JSON Schema of a report in"
    yield "[report.schema.json](report.schema.json), that of a profile in"
    yield "[profile.schema.json](profile.schema.json).\n"
    yield "## Commands\n\n| command | does | options |\n| --- | --- | --- |"
    for name, does in commands().items():
        yield f"| `{name}` | {does} | {' '.join(f'`{one}`' for one in options(name))} |"
    yield f"\n## Formats\n\n{', '.join(f'`{name}`' for name in FORMATS)}; of a diagnosis also"
    yield f"{', '.join(f'`{name}`' for name in DIAGNOSIS_FORMATS if name not in FORMATS)}.\n"
    yield "## Exit codes\n\n| code | name |\n| --- | --- |"
    yield from (f"| {code.value} | {code.name.lower().replace('_', ' ')} |" for code in ExitCode)
    yield "\n## Codes of findings\n\n| code | severity | finds |\n| --- | --- | --- |"
    yield from (f"| `{check.code}` | {check.severity.value} | {check.title} |" for check in CHECKS)
    yield "\n## JSON\n\nThe keys of a report, in their order: "
    yield ", ".join(f"`{key}`" for key in Report.__struct_fields__) + "."


def man_page() -> str:
    return "\n".join(_man_page()) + "\n"


def _man_page() -> Iterator[str]:
    yield ".TH GHOSTFIX 1\n.SH NAME"
    yield 'ghostfix \\- diagnoses and repairs a service that is "down but restarting"'
    yield ".SH SYNOPSIS\n.B ghostfix\n.I COMMAND\n[\\fIOPTION\\fR]...\n.SH COMMANDS"
    for name, does in commands().items():
        told = " ".join(options(name)).replace("-", "\\-")
        yield f".TP\n.B {name}\n{_roff(does)}\n{told}"
    yield ".SH EXIT STATUS"
    yield from (f".TP\n.B {code.value}\n{code.name.lower().replace('_', ' ')}" for code in ExitCode)


def _roff(text: str) -> str:
    return text.replace("\\", "\\e").replace("`", "").replace("-", "\\-")
