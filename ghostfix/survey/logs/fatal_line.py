"""Lines with which programs of many languages end: panics, uncaught exceptions, failed assertions, refusals.

Two questions are answered. ``crash_line``: is this line, wherever it stands, the beginning of an error that
ends a program? ``last_words``: can it be one, given that it stands at the end of a log?
"""

import re
from collections.abc import Iterable
from enum import IntEnum

from msgspec import Struct

from ghostfix.model.pattern import Pattern
from ghostfix.model.snapshot import Reason
from ghostfix.survey.logs.error_line import MESSAGE_LIMIT
from ghostfix.survey.logs.log_line import LogLine
from ghostfix.survey.logs.refusal import reason_of
from ghostfix.survey.logs.stack_frame import Frame

CRASH_WORDS = ("panic", "terminate called")
"""One of them, or of the words of exceptions, is in every line that begins a crash of a common language."""


class Weight(IntEnum):
    """How much a line says of why a program ended."""

    CONSEQUENCE = 1
    """An error that names no reason: ``initialization failed``."""
    FATAL = 2
    """The program calls it fatal, or the kernel ended it, without the reason."""
    REASON = 3


class FatalLine(Struct, frozen=True, kw_only=True):
    """What such a line says."""

    exception: str
    """Empty where there is none."""
    message: str
    frame: Frame | None = None
    reason: Reason = Reason.EXCEPTION
    weight: Weight = Weight.REASON


_FILE, _LINE = r"(?P<file>[^\s:]{1,1024})", r"(?P<line>\d{1,9})"
_THREAD = r"thread '[^']{0,200}' (?:\(\d{1,20}\) )?(?P<exception>panic)ked at"
_PHP, _PHP_CLASS = r"(?:PHP )?", r"(?P<exception>[\w\\]{1,200})"
_RUBY_FILE = r"(?P<file>[^\s:]{1,1024}|<internal:[^>]{1,300}>)"
_CRASH_BEGINS = Pattern(
    r"panic: |fatal error: |thread '|Exception in |Unhandled |(?:PHP )?(?:Fatal|Parse) |ruby: |terminate "
    r"|\*\* \(|(?:[^\s:]{1,1024}|<internal:[^>]{1,300}>):\d{1,9}:in "
)
"""Whether it is worth the while to try them all."""
_CRASHES = tuple(
    Pattern(pattern)
    for pattern in (
        r"(?P<exception>panic): (?P<message>.+)$",  # Go
        r"(?P<exception>fatal error): (?P<message>.+)$",  # Go's runtime
        rf"{_THREAD} '(?P<message>.*)', {_FILE}:{_LINE}:\d+$",  # Rust, until 1.72
        rf"{_THREAD} {_FILE}:{_LINE}:\d+:?(?P<message>)$",
        r'Exception in thread ".{0,200}?" (?P<exception>[\w.$]{1,300})(?:: (?P<message>.*))?$',  # Java
        r"Unhandled exception\. (?P<exception>[\w.]{1,300}): (?P<message>.*)$",  # .NET
        rf"{_PHP}Fatal error:\s+Uncaught {_PHP_CLASS}: (?P<message>.*) in (?P<file>/[^:]+):{_LINE}$",
        rf"{_PHP}(?P<exception>(?:Fatal|Parse) error):\s+(?P<message>.*) in (?P<file>/.+) on line {_LINE}$",
        rf"{_RUBY_FILE}:{_LINE}:in [`'].{{0,300}}?': (?P<message>.*) \((?P<exception>[A-Z][\w:]{{0,200}})\)$",
        r"ruby: (?P<message>.*) \((?P<exception>[A-Z]\w{0,80})\)$",
        r"terminate called after throwing an instance of '(?P<exception>.{1,300})'(?P<message>)$",  # C++
        r"(?P<exception>terminate called) (?P<message>without an active exception|recursively)$",
        r"\*\* \((?P<exception>[A-Z][\w.]{0,200})\) (?P<message>.*)$",  # Elixir
        r"(?P<exception>Fatal Python error): (?P<message>.*)$",
    )
)
_HEAP = r"(?:\(\)|size|detected|pointer|list|chunk)"
_SIGNALLED = r"(?:Segmentation fault|Aborted|Killed|Bus error|Illegal instruction|Floating point exception)"
_LAST_REASONS = tuple(
    Pattern(pattern)
    for pattern in (
        rf"(?P<message>.+) at (?P<file>\S{{1,1024}}) line {_LINE}(?:, <.{{1,80}}> \w{{4,5}} \d+)?\.$",  # Perl
        rf"syntax error at (?P<file>\S{{1,1024}}) line {_LINE}, ",
        rf"{_FILE}:{_LINE}: (?P<message>syntax error.*)$",  # Ruby
        rf"[^\s:]{{1,300}}: {_FILE}:{_LINE}: .{{1,300}}: Assertion .{{1,1000}} failed\.$",
        rf"SUMMARY: (?P<message>\w+Sanitizer: \S+) (?P<file>/[^\s:]+):{_LINE}(?::\d+)? in ",
        r"==\d+==ERROR: (?P<message>\w+Sanitizer: .*)$",
        r"(?P<message>(?:\*\*\* )?stack smashing detected.*|double free or corruption.*)$",
        rf"(?P<message>(?:free|malloc|realloc|munmap_chunk|corrupted)\b.{{0,80}}{_HEAP}.*)$",  # libc
        r"FATAL ERROR: (?P<message>.*)$",  # Node's engine
        r"(?P<message>Error:(?: .*)?)$",  # what a main of Rust, click and others return
        r"(?P<message>[\w./-]{1,200}: error: .*)$",  # argparse
        r"(?P<message>Kernel pid terminated .*|\{?\"init terminating in do_boot.*)$",  # Erlang
    )
)
_LAST_FATAL = tuple(
    Pattern(pattern)
    for pattern in (
        rf"{_FILE}: (?:line )?{_LINE}: +(?:\d+ )?{_SIGNALLED}\b",
        rf"(?P<message>{_SIGNALLED}(?: \(core dumped\))?)$",
        r"(?P<message>APPLICATION FAILED TO START)$",  # Spring Boot
    )
)
_SHELL = Pattern(rf"{_FILE}: (?:line )?(?P<line>[1-9]\d{{0,8}}): \S.*$")
_LEVELS = "TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|FATAL|ALERT|EMERG|PANIC|LOG|HINT|DETAIL"
_LEADING = (
    r"<\d{1,3}>",  # syslog's priority
    r"[\[(]?\d{4}[-/]\d\d[-/]\d\d(?:[T ]|\b)",
    r"\[?\d{1,2}[-/ ][A-Z][a-z]{2}[-/ ]\d{4}(?:[: ]|\b)",
    r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?",
    r"(?:UTC|GMT|CET|CEST|Z|[+-]\d\d:?\d\d)\b\]?",
    r"\[[^\]\s]{1,60}\]|\[pid \d+[^\]]{0,40}\]|\(\d{1,9}\)|\d{1,9}(?=\s\[)",
    r"\d{1,9}#\d{1,9}:|\d{1,9}:[A-Z]\b|AH\d{5}:|\d{3}/\d{6}\b",  # nginx, Redis, Apache, HAProxy
    rf"(?:{_LEVELS}|[Ww]arning(?=:)|(?:error|fatal|critical)(?=:))\b(?!\])",
    r"[|:#*-]{1,3}(?=\s)",
)
_LEAD = Pattern(rf"(?:(?:{'|'.join(_LEADING)})[\s:]*)+")
"""What stands before a message: time, level, PID, logger."""
_JSON_WORDS = Pattern(r'"(?:msg|message|error|err|errmsg|reason|cause)":\s?"((?:[^"\\]|\\.){1,1000})"')
_JSON_FATAL = Pattern(r'"s":"[FE]"')
_LOUD = frozenset({"CRITICAL", "FATAL", "ALERT", "EMERG", "PANIC"})
_SERVED = Pattern(r"\bHTTP/\d")
_CONSEQUENCES = (
    r"aborting|shutting down|exiting|initialization failed|still could not bind|aborted\b",
    r"unable to open logs",
    r"could not create any tcp/ip sockets|failed listening on port|no listening sockets available",
    r"main process exited|failed with result|start request repeated|scheduled restart job",
    r"exited with (?:code|status)|worker failed to boot|failed to start .{1,200}\.$",
    r"configuration check failed",
    r"npm err! (?:code|errno|path|command|a complete log)|command failed",
    r"error\(s\) found in configuration|fatal errors found|compilation aborted|due to compilation errors",
)
_CONSEQUENCE = Pattern("|".join(_CONSEQUENCES), re.IGNORECASE)


def is_consequence(message: str) -> bool:
    """Whether a message only reports what came of an error that was logged before it."""
    return _CONSEQUENCE.search(message) is not None


def crash_line(body: str) -> FatalLine | None:
    """The first line of an error that ends a program, in its language's words; Python and Node excepted."""
    if _CRASH_BEGINS.match(body) is None:
        return None
    body = body[: 2 * MESSAGE_LIMIT]
    return _first(_CRASHES, body, Weight.REASON)


def _first(patterns: Iterable[Pattern[str]], text: str, weight: Weight) -> FatalLine | None:
    """What the first pattern that matches makes of a line."""
    found = (pattern.match(text) for pattern in patterns)
    return next((_fatal_line(match, weight) for match in found if match is not None), None)


def last_words(line: LogLine) -> FatalLine | None:
    """Why a program may have ended with this line; None for one that says nothing of it."""
    body = line.body.strip()[: 2 * MESSAGE_LIMIT]
    if not body or line.body[:1].isspace() or line.quiet or _SERVED.search(body):
        return None
    if body.startswith("{"):
        return _from_json(line, body)
    message = _LEAD.sub("", body, count=1) if _LEAD.match(body) else body
    message = (message or body)[:MESSAGE_LIMIT]
    consequence = is_consequence(message)
    if not consequence:
        fatal = (
            crash_line(message)
            or _first(_LAST_FATAL, message, Weight.FATAL)
            or _first(_LAST_REASONS, message, Weight.REASON)
            or _first((_SHELL,), message, Weight.REASON)
        )
        if fatal is not None and not (fatal.reason is Reason.OTHER and _SHELL.match(message)):
            return fatal
    return _weighed(message, line.level, consequence)


def _weighed(message: str, level: str | None, consequence: bool) -> FatalLine | None:
    reason = reason_of(message)
    if consequence and (level is not None or reason is not Reason.OTHER):
        weight = Weight.CONSEQUENCE
    elif reason is not Reason.OTHER:
        weight = Weight.REASON
    elif level in _LOUD:
        weight = Weight.FATAL
    elif level is not None:
        weight = Weight.CONSEQUENCE
    else:
        return None
    return FatalLine(exception="", message=message, reason=reason, weight=weight)


def _from_json(line: LogLine, body: str) -> FatalLine | None:
    """Of a record in JSON what stands under its usual keys: zap, pino, slog, MongoDB."""
    words = list(dict.fromkeys(match[1] for match in _JSON_WORDS.finditer(body)))
    if not words:
        return None
    message = ": ".join(word.replace('\\"', '"').replace("\\n", " ") for word in words)[:MESSAGE_LIMIT]
    level = "ERROR" if _JSON_FATAL.search(body) else line.level
    return _weighed(message, level, consequence=False)


def _fatal_line(found: re.Match[str], weight: Weight) -> FatalLine:
    groups = found.groupdict()
    exception = groups.get("exception") or ""
    message = groups.get("message")
    message = found.string if message is None and not exception else (message or "")
    file, line = groups.get("file"), groups.get("line")
    reason = reason_of(f"{exception}: {message}")
    if reason is Reason.OTHER and exception:
        reason = Reason.EXCEPTION
    return FatalLine(
        exception=exception,
        message=message.strip()[:MESSAGE_LIMIT],
        frame=None if file is None or line is None else Frame(file, int(line)),
        reason=reason,
        weight=weight,
    )
