"""Refusals: why a program says that it cannot go on, by the usual wordings of servers, shells and languages.

The wordings are those of the programs' own sources and of what they print: nginx, Apache, PostgreSQL, MySQL,
Redis, MongoDB, php-fpm, HAProxy, Puma, Unicorn, gunicorn, Spring Boot, Syncthing, Docker, Erlang's ranch, and
libc's ``strerror``, which most others quote.
"""

import re
from collections.abc import Mapping

from ghostfix.model.pattern import Pattern
from ghostfix.model.snapshot import Reason

_COULD_NOT = r"(?:could not|couldn't|cannot|can't|unable to|failed to)"
_SETTING = r"(?:config\w*|option|directive|argument|parameter|keyword|value|command|key)"
_WORDINGS: Mapping[Reason, tuple[str, ...]] = {
    Reason.ADDRESS_IN_USE: (
        r"address (?:is )?(?:already )?in use",
        r"eaddrinuse",
        r"wsaeaddrinuse",
        r"only one usage of each socket",
        r"port\b.{0,60}\b(?:in use|allocated|taken|occupied|being used)\b",
        r"failed \S{1,80} \(in use\)",
        r"addr=\S{1,80} \(in use\)",
        r"connection in use: ",
        r"already (?:be )?listen(?:s|ing)?\b",
        r"already running on port",
        r"failed to bind to port",
        r"program is already listening on a port",
    ),
    Reason.ALREADY_RUNNING: (
        r"already (?:running|active)\b",
        r"still (?:running|active)\b",
        r"(?:another|other) .{0,60}\b(?:is running|is using|is active|was started)\b",
        r"is another .{1,60} running",
        r"pid ?file\b.{0,120} already exists",
        r"seems to be in use by some other erlang node",
        r"pid ?file found\b",
        r"datadir already used by another process",
        r"running already\b",
    ),
    Reason.LOCK_HELD: (
        r"lock ?file\b.{0,120} (?:already )?exists",
        r"\bcannot obtain a lock\b",
        rf"{_COULD_NOT} (?:obtain|acquire|get|create|take)\b.{{0,60}}\block",
        rf"{_COULD_NOT} lock\b",
        r"failed to obtain node locks",
        r"lock\b.{0,60} (?:is|already) (?:held|taken|locked)",
        r"database is locked",
        r"profile .* in use",
    ),
    Reason.MISSING_MODULE: (
        r"no module named",
        r"cannot find (?:module|package) ['\x22]",
        r"can't locate \S{1,200} in @inc",
        r"cannot load such file",
        r"could not import module",
        r"classnotfoundexception",
        r"noclassdeffounderror",
        r"could not find or load main class",
        r"could not load file or assembly",
    ),
    Reason.OUT_OF_MEMORY: (
        r"out of memory",
        r"outofmemoryerror",
        r"cannot allocate memory",
        r"enomem\b",
        r"heap limit",
        r"std::bad_alloc",
        r"failed to allocate memory",
        r"allowed memory size of",
        r"could not reserve enough space",
        r"^memoryerror",
    ),
    Reason.CANNOT_CONNECT: (
        rf"(?:{_COULD_NOT}|error) (?:establish )?(?:a )?connect(?:ion|ing)?\b",
        r"connection refused",
        r"econnrefused",
        r"no route to host",
        r"network is unreachable",
        r"name or service not known",
        r"\benotfound\b",
        r"temporary failure in name resolution",
        r"nodename nor servname",
        r"could not (?:resolve|translate) host",
        r"ehostunreach",
        r"no such host\b",
        r"connection timed out",
        r"etimedout",
    ),
    Reason.PERMISSION_DENIED: (
        r"permission denied",
        r"eacces\b",
        r"eperm\b",
        r"operation not permitted",
        r"access (?:is |was )?denied",
        r"is not writable",
        r"not permitted",
    ),
    Reason.BAD_CONFIGURATION: (
        r"syntax ?error",
        r"parse error",
        r"unknown (?:directive|keyword|option|variable|configuration|section|command)",
        rf"(?:invalid|bad|unrecogni[sz]ed|illegal|unexpected) (?:\S{{1,40}} )?{_SETTING}\b",
        r"invalid command",
        r"config\w*\b.{0,80}\b(?:invalid|error|fail\w*|missing|not valid)",
        r"error\S{0,3} (?:in|parsing|reading|loading) .{0,40}config",
        r"config file error",
        r"improperlyconfigured",
        r"arguments? (?:is|are) required",
        r"missing required",
        r"(?:is|are) not set\b",
        r"must be set",
        r"unbound variable",
        r"no such option",
        r"could not import '",
        r"failed to find flask application",
        r"environment variable\b.{0,80}\b(?:required|missing)",
        r"attribute .{1,80} not found in module",
        r"cannot start .{1,60} as root",
        r"not permitted as root",
    ),
    Reason.NO_SUCH_FILE: (
        r"no such file",
        r"enoent\b",
        r"cannot find the (?:file|path)",
        r"(?:command )?not found$",
        r"command not found",
        r"cannot open shared object",
        r"(?:file|directory|folder|path)\b.{0,200} (?:does not|doesn't) exist",
        r"bad interpreter",
        r"unable to access jarfile",
        r"could not open input file",
        r"filenotfound",
        r"file not found",
    ),
    Reason.CRASH: (
        r"segmentation (?:fault|violation)",
        r"\bsigsegv\b",
        r"core dumped",
        r"stack smashing detected",
        r"double free",
        r"invalid pointer",
        r"assertion .{1,400} failed",
        r"bus error",
        r"illegal instruction",
        r"floating point exception",
        r"addresssanitizer",
        r"threadsanitizer",
        r"memorysanitizer",
    ),
}
"""In small letters, and in the order in which they are tried: what says more comes first."""
_COMPILED = tuple(
    (reason, tuple(Pattern(wording) for wording in wordings)) for reason, wordings in _WORDINGS.items()
)
_LIMIT = 1000
_HEAD, _TAIL = 400, 200
"""Of a long message the wordings are searched in so many characters of its beginning and its end."""

_PATH = Pattern(r"(?:^|[\s'\"(\[=<:])((?:[A-Za-z]:)?[./~]{0,2}/[^\s'\"()\[\],;:<>]{1,400})")
_QUOTED = Pattern(r"['\"`]([\w./@:+-]{2,300})['\"`]")
_LIBRARY = Pattern(r"loading shared libraries: ([^\s:]{1,300}):")
_PID = Pattern(r"\bpid[ :=#]{1,3}(\d{1,9})\b", re.IGNORECASE)
_SOCKET = Pattern(r"(?:^|[\s'\"(=:])(/[^\s'\"(),;]{1,300}\.sock(?:et)?)\b")
_HOST_PORT = Pattern(
    r"(?:^|[\s'\"(\[=/@])((?:\[[0-9a-fA-F:.]{2,45}\]|::|:::|[\w.*-]{1,200})?)"
    r"(?:'?, |:)(\d{2,5})(?![\w./]|:\S)"
)
_PORT = Pattern(r"\bport\b[ :=#,]{0,3}(\d{1,5})\b", re.IGNORECASE)
_MODULE = Pattern(
    r"No module named '?([\w.]+)|Cannot find (?:module|package) ['\"]([^'\"]{1,300})"
    r"|locate (\S{1,200}) in @INC|such file -- (\S{1,200})|import module \"([^\"]{1,200})\""
    r"|main class (\S{1,200})"
    r"|(?:ClassNotFoundException|NoClassDefFoundError): (\S{1,200})"
)
_MISSING_COMMAND = Pattern(r"(?:^|: )([^\s:]{1,300}): (?:command )?not found$")


def reason_of(text: str) -> Reason:
    """Why it could not go on, by the words of its message; OTHER when they are none of the usual ones."""
    words = text.lower()
    if len(words) > _HEAD + _TAIL:
        words = f"{words[:_HEAD]} {words[-_TAIL:]}"
    for reason, patterns in _COMPILED:
        if any(pattern.search(words) for pattern in patterns):
            return reason
    return Reason.OTHER


def about(reason: Reason, text: str) -> str | None:
    """What the message is about: the port or address, the file, the module, or ``pid 4711``."""
    text = text[:_LIMIT]
    if reason is Reason.ADDRESS_IN_USE:
        return _address(text)
    if reason is Reason.CANNOT_CONNECT:
        return _address(text)
    if reason is Reason.ALREADY_RUNNING:
        pid = _PID.search(text)
        return f"pid {pid[1]}" if pid is not None else _path(text) or _address(text)
    if reason is Reason.MISSING_MODULE:
        found = _MODULE.search(text)
        return (
            None if found is None else next(name for name in found.groups() if name is not None).rstrip(".")
        )
    if reason in {Reason.LOCK_HELD, Reason.PERMISSION_DENIED, Reason.NO_SUCH_FILE, Reason.BAD_CONFIGURATION}:
        return _path(text)
    return None


def port_of(address: str) -> int | None:
    """The port of an ``about`` that is an address."""
    digits = address.rpartition(":")[2]
    return int(digits) if digits.isdecimal() and len(digits) <= 5 else None


def pid_of(text: str) -> str | None:
    """The process that a line names: ``pid 4711``."""
    found = _PID.search(text)
    return None if found is None else f"pid {found[1]}"


def port_named(text: str) -> str | None:
    """The port that a line names in words: ``on port 5432``."""
    found = _PORT.search(text)
    return None if found is None else found[1]


def _address(text: str) -> str | None:
    socket = _SOCKET.search(text)
    if socket is not None:
        return socket[1]
    found = _HOST_PORT.search(text)
    if found is not None:
        host = found[1].rstrip(":") if found[1].strip(":") else found[1]
        return f"{host}:{found[2]}" if host and host.lower() != "port" else found[2]
    return port_named(text)


def _path(text: str) -> str | None:
    command = _LIBRARY.search(text) or _MISSING_COMMAND.search(text)
    if command is not None:
        return command[1]
    paths = [match.group() if not match.re.groups else match[1] for match in _PATH.finditer(text)]
    if paths:
        # The program that complains comes first, what it complains of last.
        return str(paths[-1]).rstrip(".")
    quoted = _QUOTED.search(text)
    return None if quoted is None else quoted[1]
