"""The profile that ``ghostfix init`` writes: of which service and where to, never over a file that exists."""

import posixpath
import sys

import typer

from ghostfix.commands import machine
from ghostfix.commands.init.draft import draft
from ghostfix.commands.init.draft_text import profile_text
from ghostfix.model.errors import ChangedError, ProfileError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.safe_text import shown_argv

_CHOICES = 40


def write_profile(from_: str | None, output: str) -> None:
    """Describes the service that ``from_`` names, or that is chosen on the terminal, in ``output``."""
    system = machine.local_system()
    path = posixpath.join(system.caller().cwd, output)
    if output != "-":
        _refuse_existing(system, path)
    target = from_ or _chosen(system)
    drafted = draft(system, target)
    folder = system.caller().cwd if output == "-" else posixpath.dirname(path)
    text = profile_text(drafted, posixpath.normpath(folder))
    if output == "-":
        sys.stdout.write(text)
        return
    _write(system, path, text)
    sys.stdout.write(
        f"wrote {output}: {drafted.service.name}, as it runs with pid {drafted.process.pid}\n"
        "  read it once, then `ghostfix diagnose`\n"
    )


def _refuse_existing(system: System, path: str) -> None:
    status = system.status(path)
    if status.value is not None or not status.complete:
        raise ProfileError(f"{path} exists already", "`ghostfix init -o -` shows what it would write")


def _write(system: ActingSystem, path: str, text: str) -> None:
    try:
        system.create(path, text.encode())
    except (ChangedError, StepError) as error:
        raise ProfileError(f"{path} could not be written: {error}") from error


def _chosen(system: System) -> str:
    """Asks on a terminal; raises ProfileError with the list where there is no terminal to answer on."""
    rows = _listening(system)
    if not rows:
        raise ProfileError(
            "no process of this user listens on a port", "name one: `ghostfix init --from PID`"
        )
    table = "\n  ".join(f":{port:<6} {text}" for port, text in rows)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stderr.write(f"These processes listen:\n  {table}\n")
        raise ProfileError("which service is meant?", "name it: `ghostfix init --from PID|:PORT`")
    sys.stdout.write(f"These processes listen:\n  {table}\n")
    answer: str = typer.prompt("Which one (PID or :PORT)")
    return answer.strip()


def _listening(system: System) -> list[tuple[int, str]]:
    """The ports on which processes of this user listen, with the first owner of each."""
    caller = system.caller()
    rows: dict[int, str] = {}
    for listener in sorted(system.listeners().value, key=lambda each: each.port):
        for pid in listener.owners[:1]:
            process = system.process(pid)
            if process is not None and (process.uid == caller.uid) and listener.port not in rows:
                rows[listener.port] = f"pid {pid}  {shown_argv(process.argv, 80) or process.name}"
    return list(rows.items())[:_CHOICES]
