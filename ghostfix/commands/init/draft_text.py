"""The text of a drafted profile: TOML with a comment on what each key means."""

import re
from collections.abc import Iterable

import msgspec

from ghostfix.commands.init.draft import Draft
from ghostfix.diagnosis.evidence_text import job_name
from ghostfix.model.pattern import Pattern
from ghostfix.model.safe_text import safe, shown_argv, written_out
from ghostfix.model.service import HealthWanted, Limits, Service, StopWanted

_NOT_PLAIN = Pattern(r"[^\x20-\x7e]|(?<=#)#(?=\w{0,20}\[)")
_PLAIN_KEY = Pattern(r"[A-Za-z0-9_-]+")


def profile_text(drafted: Draft, folder: str) -> str:
    """The whole of a ``ghostfix.toml`` that lies in ``folder``."""
    service, process = drafted.service, drafted.process
    lines = [
        f"# What healthy looks like for {safe(service.name)}, as it ran with pid {process.pid}:",
        f"#   {shown_argv(process.argv, 200)}",
        "# Read it once, and correct what is so by chance: `ghostfix diagnose` compares the machine with it.",
        "",
        f"[services.{_key(service.name)}]",
        "# Where it runs, and where relative paths start.",
        f"directory = {_text('.' if service.directory == folder else service.directory)}",
        "",
        "# How an instance is recognised: by what its command line runs.",
        *_recognition(service, drafted.hidden),
        "",
        f"instances = {service.instances}",
        *_manager(drafted),
        "",
        *_listed("ports", "The TCP ports on which it listens.", map(str, service.ports)),
        *_listed("pidfiles", "Its PID files; patterns are allowed.", map(_text, service.pidfiles)),
        *_listed("logs", "Its logs; patterns are allowed.", map(_text, service.logs)),
        *_environment(service),
        *_health(service.health),
        *_start(service, drafted.hidden),
        "",
        *_defaults(),
    ]
    return "\n".join(lines) + "\n"


def _recognition(service: Service, hidden: bool) -> list[str]:
    note = ["# Its arguments were left out: a secret may be among them."] if hidden else []
    if service.module is not None:
        return [*note, f"module = {_text(service.module)}"]
    if service.script is not None:
        return [*note, f"script = {_text(service.script)}"]
    return [*note, f"command = {_array(map(_text, service.command))}"]


def _manager(drafted: Draft) -> list[str]:
    also = [f"# {safe(job_name(job))} leads to it as well ({safe(job.trigger)})." for job in drafted.others]
    if drafted.service.manager == "none":
        meaning = "# Nothing was seen that starts it again."
    else:
        meaning = "# What was seen to have started it, and is meant to; every other restarter is a rogue."
    return ["", meaning, *also, f"manager = {_text(drafted.service.manager)}"]


def _listed(key: str, comment: str, values: Iterable[str]) -> list[str]:
    values = list(values)
    return [f"# {comment}", f"{'' if values else '# '}{key} = {_array(values)}", ""]


def _environment(service: Service) -> list[str]:
    lines = [
        "# The virtual environment in which it must run, and the packages that this must be able to import."
    ]
    venv = service.environment.venv
    if venv is None:
        return [*lines, '# environment = { venv = ".venv", requires = [] }', ""]
    return [
        *lines,
        f"environment = {{ venv = {_text(venv)} }}",
        f'# environment = {{ venv = {_text(venv)}, requires = ["flask>=3"] }}',
        "",
    ]


def _health(health: HealthWanted | None) -> list[str]:
    comment = "# Answers GET with a JSON document when it is well; `expect` is what that must say."
    if health is None:
        return [
            comment,
            '# health = { url = "http://127.0.0.1:8000/health", expect = { status = "ok" } }',
            "",
        ]
    expected = ", ".join(f"{_key(key)} = {_value(value)}" for key, value in health.expect.items())
    expect = f", expect = {{ {expected} }}" if expected else ""
    return [comment, f"health = {{ url = {_text(health.url)}{expect} }}", ""]


def _start(service: Service, hidden: bool) -> list[str]:
    if hidden or not service.start:
        comment = (
            "# How one instance is started, by `ghostfix repair` only; {python} is the venv's interpreter."
        )
        return [comment, '# start = ["{python}", "-m", "MODULE"]']
    line = f"start = {_array(map(_text, service.start))}"
    if service.manager != "none":
        return ["# How its manager starts it; `ghostfix repair` leaves that to the manager.", f"# {line}"]
    return ["# How one instance is started, by `ghostfix repair` only.", line]


def _defaults() -> list[str]:
    limits, stop = Limits(), StopWanted()
    known = msgspec.structs.asdict(limits).items()
    pairs = ", ".join(f"{name} = {value:g}" for name, value in known if isinstance(value, int | float))
    return [
        "# The defaults:",
        f"# limits = {{ {pairs} }}",
        f'# stop = {{ signal = "{stop.signal.value}", grace = {stop.grace:g} }}',
    ]


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else _text(name)


def _value(value: str | float | bool) -> str:
    return _text(value) if isinstance(value, str) else msgspec.json.encode(value).decode()


def _text(text: str) -> str:
    """A basic string of TOML, which is one of JSON; what is no plain text in it is written as an escape."""
    return _NOT_PLAIN.sub(_escape, msgspec.json.encode(text).decode())


def _escape(match: re.Match[str]) -> str:
    """TOML's escape of a character that ``written_out`` writes out, and of the marks of a build server."""
    character = match.group()
    if character.isascii() or written_out(character) != character:
        return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"
    return character


def _array(values: Iterable[str]) -> str:
    return f"[{', '.join(values)}]"
