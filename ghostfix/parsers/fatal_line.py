"""Lines with which programs of many languages end: panics, uncaught exceptions, failed assertions, refusals.

Two questions are answered. ``crash_line``: is this line, wherever it stands, the beginning of an error that ends a
program? ``last_words``: can it be one, given that it stands at the end of a log?
"""

import re
from enum import IntEnum

from msgspec import Struct

from ghostfix.parsers.error_line import MESSAGE_LIMIT
from ghostfix.parsers.log_line import LogLine
from ghostfix.parsers.refusal import reason_of
from ghostfix.parsers.stack_frame import Frame
from ghostfix.snapshot import Reason

CRASH_WORDS = ("panic", "terminate called")
"""Beyond the words of exceptions: one of them is in every line that ``crash_line`` finds and those are not in."""


class Weight(IntEnum):
    """How much a line says of why a program ended."""

    CONSEQUENCE = 1
    """An error that names no reason: ``initialization failed``."""
    FATAL = 2
    """The program calls it fatal, or the kernel ended it, without the reason."""
    REASON = 3


class FatalLine(Struct, frozen=True, kw_only=True):
    """What such a line tells."""

    exception: str
    """Empty where there is none."""
    message: str
    frame: Frame | None = None
    reason: Reason = Reason.EXCEPTION
    weight: Weight = Weight.REASON


_CRASHES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<exception>panic): (?P<message>.+)$",  # Go
        r"(?P<exception>fatal error): (?P<message>.+)$",  # Go's runtime
        r"thread '[^']{0,200}' (?:\(\d{1,20}\) )?(?P<exception>panic)ked at '(?P<message>.*)', (?P<file>[^\s:]+):(?P<line>\d+):\d+$",
        r"thread '[^']{0,200}' (?:\(\d{1,20}\) )?(?P<exception>panic)ked at (?P<file>[^\s:]+):(?P<line>\d+):\d+:?(?P<message>)$",
        r'Exception in thread ".{0,200}?" (?P<exception>[\w.$]{1,300})(?:: (?P<message>.*))?$',  # Java
        r"Unhandled exception\. (?P<exception>[\w.]{1,300}): (?P<message>.*)$",  # .NET
        r"(?:PHP )?Fatal error:\s+Uncaught (?P<exception>[\w\\]{1,200}): (?P<message>.*) in (?P<file>/[^:]+):(?P<line>\d+)$",
        r"(?:PHP )?(?P<exception>Fatal error|Parse error):\s+(?P<message>.*) in (?P<file>/.+) on line (?P<line>\d+)$",
        r"(?P<file>[^\s:]{1,1024}|<internal:[^>]{1,300}>):(?P<line>\d+):in [`'].{0,300}?': (?P<message>.*) \((?P<exception>[A-Z][\w:]{0,200})\)$",
        r"ruby: (?P<message>.*) \((?P<exception>[A-Z]\w{0,80})\)$",
        r"terminate called after throwing an instance of '(?P<exception>.{1,300})'(?P<message>)$",  # C++
        r"(?P<exception>terminate called) (?P<message>without an active exception|recursively)$",
        r"\*\* \((?P<exception>[A-Z][\w.]{0,200})\) (?P<message>.*)$",  # Elixir
        r"(?P<exception>Fatal Python error): (?P<message>.*)$",
    )
)
_LAST = tuple(
    (re.compile(pattern), weight)
    for pattern, weight in (
        (
            r"(?P<message>BEGIN failed--compilation aborted.*|Execution of \S+ aborted due to compilation errors\.)$",
            Weight.CONSEQUENCE,
        ),
        (
            r"(?P<message>.+) at (?P<file>\S{1,1024}) line (?P<line>\d+)(?:, <.{1,80}> (?:line|chunk) \d+)?\.$",
            Weight.REASON,
        ),
        (r"syntax error at (?P<file>\S{1,1024}) line (?P<line>\d+), ", Weight.REASON),  # Perl
        (r"(?P<file>[^\s:]{1,1024}):(?P<line>\d+): (?P<message>syntax error.*)$", Weight.REASON),  # Ruby
        (
            r"(?P<file>[^\s:]{1,1024}): (?:line )?(?P<line>\d+): (?:\d+ )?(?:Segmentation fault|Aborted|Killed|Bus error)\b",
            Weight.FATAL,
        ),
        (
            r"[^\s:]{1,300}: (?P<file>[^\s:]{1,1024}):(?P<line>\d+): .{1,300}: Assertion .{1,1000} failed\.$",
            Weight.REASON,
        ),
        (
            r"SUMMARY: (?P<message>\w+Sanitizer: \S+) (?P<file>/\S+?):(?P<line>\d+)(?::\d+)? in ",
            Weight.REASON,
        ),
        (r"==\d+==ERROR: (?P<message>\w+Sanitizer: .*)$", Weight.REASON),
        (
            r"(?P<message>\*\*\* stack smashing detected \*\*\*.*|(?:free|malloc|realloc|munmap_chunk|corrupted)\b.{0,80}(?:\(\)|size|detected|pointer|list|chunk).*)$",
            Weight.REASON,
        ),
        (r"(?P<message>double free or corruption.*)$", Weight.REASON),
        (r"FATAL ERROR: (?P<message>.*)$", Weight.REASON),  # Node's engine
        (r"(?P<message>Error:(?: .*)?)$", Weight.REASON),  # what a main of Rust, click and others return
        (r"(?P<message>[\w./-]{1,200}: error: .*)$", Weight.REASON),  # argparse
        (
            r"(?P<message>Kernel pid terminated .*|\{?\"init terminating in do_boot.*)$",
            Weight.REASON,
        ),  # Erlang
        (
            r"(?P<message>(?:Segmentation fault|Aborted|Killed|Bus error|Illegal instruction|Floating point exception)(?: \(core dumped\))?)$",
            Weight.FATAL,
        ),
        (r"(?P<message>APPLICATION FAILED TO START)$", Weight.FATAL),
    )
)
_SHELL = re.compile(r"(?P<file>[^\s:]{1,1024}): (?:line )?(?P<line>[1-9]\d{0,8}): \S.*$")
_LEAD = re.compile(
    r"(?:(?:<\d{1,3}>|[\[(]?\d{4}[-/]\d\d[-/]\d\d(?:[T ]|\b)|\d{1,9}(?=\s\[)|\[?\d{1,2}[-/ ][A-Z][a-z]{2}[-/ ]\d{4}[: ]|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?|UTC\b|GMT\b"
    r"|CET\b|CEST\b|Z\b|[+-]\d\d:?\d\d\b\]?|\[[^\]\s]{1,60}\]|\[pid \d+[^\]]{0,40}\]|\(\d{1,9}\)|\d{1,9}#\d{1,9}:|\d{1,9}:[A-Z]\b|\d{1,2} [A-Z][a-z]{2} \d{4}\b"
    r"|AH\d{5}:|\d{3}/\d{6}\b|(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|FATAL|ALERT|EMERG|PANIC|LOG|HINT|DETAIL|[Ww]arning(?=:))\b(?!\])"
    r"|(?:error|fatal|critical)(?=:)|[|:#*-]{1,3}(?=\s))[\s:]*)+"
)
_JSON_WORDS = re.compile(r'"(?:msg|message|error|err|errmsg|reason|cause)":\s?"((?:[^"\\]|\\.){1,1000})"')
_JSON_FATAL = re.compile(r'"s":"[FE]"')
_LOUD = frozenset({"CRITICAL", "FATAL", "ALERT", "EMERG", "PANIC"})
_SERVED = re.compile(r"\bHTTP/\d")
_ENDINGS = re.compile(
    r"(?:^|\b)(?:aborting|shutting down|exiting|initialization failed|still could not bind|could not create any TCP/IP sockets"
    r"|Failed listening on port|Main process exited|Failed with result|Start request repeated|Scheduled restart job"
    r"|exited with (?:code|status)|no listening sockets available|Worker failed to boot|Failed to start .{1,200}\.$|Configuration check failed"
    r"|npm ERR! (?:code|errno|path|command|A complete log)|Command failed|Error\(s\) found in configuration|Fatal errors found"
    r"|Unable to open logs|Aborted\b)",
    re.IGNORECASE,
)


def crash_line(body: str) -> FatalLine | None:
    """The first line of an error that ends a program, in the words of its language; Python and Node excepted."""
    body = body[: 2 * MESSAGE_LIMIT]
    for pattern in _CRASHES:
        found = pattern.match(body)
        if found is not None:
            return _told(found, Weight.REASON)
    return None


def last_words(line: LogLine) -> FatalLine | None:
    """Why a program may have ended with this line; None for one that says nothing of it."""
    body = line.body.strip()[: 2 * MESSAGE_LIMIT]
    if not body or line.body[:1].isspace() or line.quiet or _SERVED.search(body):
        return None
    if body.startswith("{"):
        return _from_json(line, body)
    message = _LEAD.sub("", body, count=1) if _LEAD.match(body) else body
    message = (message or body)[:MESSAGE_LIMIT]
    crash = crash_line(message)
    if crash is not None:
        return crash
    consequence = _ENDINGS.search(message) is not None
    for pattern, weight in _LAST:
        found = pattern.match(message)
        if found is not None:
            return _told(found, weight)
    shell = _SHELL.match(message)
    if shell is not None and (told := _told(shell, Weight.REASON)).reason is not Reason.OTHER:
        return told
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
    words = list(dict.fromkeys(_JSON_WORDS.findall(body)))
    if not words:
        return None
    message = ": ".join(word.replace('\\"', '"').replace("\\n", " ") for word in words)[:MESSAGE_LIMIT]
    level = "ERROR" if _JSON_FATAL.search(body) else line.level
    return _weighed(message, level, consequence=False)


def _told(found: re.Match[str], weight: Weight) -> FatalLine:
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
