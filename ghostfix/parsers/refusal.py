"""Refusals: why a program says that it cannot go on, by the usual wordings of servers, shells and languages.

The wordings are those of the programs' own sources and of what they print: nginx, Apache, PostgreSQL, MySQL,
Redis, MongoDB, php-fpm, HAProxy, Puma, Unicorn, gunicorn, Spring Boot, Syncthing, Docker, Erlang's ranch, and libc's
``strerror``, which most others quote.
"""

import re

from ghostfix.snapshot import Reason

_PATTERNS: tuple[tuple[Reason, str], ...] = (
    (
        Reason.ADDRESS_IN_USE,
        r"address (?:is )?(?:already )?in use|eaddrinuse|wsaeaddrinuse|only one usage of each socket"
        r"|\bport\b.{0,60}\b(?:in use|allocated|taken|occupied|being used)\b|failed \S{1,80} \(in use\)|addr=\S{1,80} \(in use\)"
        r"|connection in use: |already (?:be )?listen(?:s|ing)?\b|already running on port|failed to bind to port"
        r"|program is already listening on a port",
    ),
    (
        Reason.ALREADY_RUNNING,
        r"\b(?:already|still) (?:running|active)\b|(?:another|other) .{0,60}\b(?:is running|is using|is active|was started)\b"
        r"|is another .{1,60} running|\bpid ?file\b.{0,120} already exists|seems to be in use by some other erlang node"
        r"|\bpid ?file found\b|datadir already used by another process|running already\b",
    ),
    (
        Reason.LOCK_HELD,
        r"lock ?file\b.{0,120} (?:already )?exists|\bcannot obtain a lock\b|(?:unable|failed|could not|cannot|can't|couldn't)"
        r" (?:to )?(?:obtain|acquire|get|create|take|lock)\b.{0,60}\block|(?:unable|failed|can't|cannot|could not) (?:to )?lock\b"
        r"|failed to obtain node locks|\block\b.{0,60} (?:is|already) (?:held|taken|locked)|database is locked|profile .* in use",
    ),
    (
        Reason.MISSING_MODULE,
        r"no module named|cannot find (?:module|package) ['\"]|can't locate \S{1,200} in @inc|cannot load such file|could not import module"
        r"|classnotfoundexception|noclassdeffounderror|could not find or load main class|could not load file or assembly",
    ),
    (
        Reason.OUT_OF_MEMORY,
        r"out of memory|outofmemoryerror|cannot allocate memory|\benomem\b|heap limit|std::bad_alloc|failed to allocate memory"
        r"|allowed memory size of|could not reserve enough space|^memoryerror",
    ),
    (
        Reason.CANNOT_CONNECT,
        r"(?:could not|couldn't|cannot|can't|unable to|failed to|error) (?:establish )?(?:a )?connect(?:ion|ing)?\b"
        r"|connection refused|econnrefused|no route to host|network is unreachable|name or service not known|\benotfound\b"
        r"|temporary failure in name resolution|nodename nor servname|could not (?:resolve|translate) host|ehostunreach"
        r"|no such host\b|connection timed out|etimedout",
    ),
    (
        Reason.PERMISSION_DENIED,
        r"permission denied|\beacces\b|\beperm\b|operation not permitted|access (?:is |was )?denied|is not writable|not permitted",
    ),
    (
        Reason.BAD_CONFIGURATION,
        r"syntax ?error|parse error|unknown (?:directive|keyword|option|variable|configuration|section|command)"
        r"|(?:invalid|bad|unrecogni[sz]ed|illegal|unexpected) (?:\S{1,40} )?(?:config\w*|option|directive|argument|parameter|keyword|value|command|key)\b"
        r"|invalid command|\bconfig\w*\b.{0,80}\b(?:invalid|error|fail\w*|missing|not valid)|error\S{0,3} (?:in|parsing|reading|loading) .{0,40}config"
        r"|config file error|improperlyconfigured|arguments? (?:is|are) required|missing required|(?:is|are) not set\b|must be set"
        r"|unbound variable|no such option|could not import '|failed to find flask application|environment variable\b.{0,80}\b(?:required|missing)"
        r"|attribute .{1,80} not found in module|cannot start .{1,60} as root|not permitted as root",
    ),
    (
        Reason.NO_SUCH_FILE,
        r"no such file|\benoent\b|cannot find the (?:file|path)|(?:command )?not found$|command not found|cannot open shared object"
        r"|(?:file|directory|folder|path)\b.{0,200} (?:does not|doesn't) exist|bad interpreter|unable to access jarfile"
        r"|could not open input file|filenotfound|file not found",
    ),
    (
        Reason.CRASH,
        r"segmentation (?:fault|violation)|\bsigsegv\b|core dumped|stack smashing detected|double free|invalid pointer|assertion .{1,400} failed"
        r"|bus error|illegal instruction|floating point exception|addresssanitizer|threadsanitizer|memorysanitizer",
    ),
)
"""In the order in which they are tried: what says more comes first."""
_COMPILED = tuple((reason, re.compile(pattern, re.IGNORECASE)) for reason, pattern in _PATTERNS)
_LIMIT = 1000

_PATH = re.compile(r"(?:^|[\s'\"(\[=<:])((?:[A-Za-z]:)?[./~]{0,2}/[^\s'\"()\[\],;:<>]{1,400})")
_QUOTED = re.compile(r"['\"`]([\w./@:+-]{2,300})['\"`]")
_LIBRARY = re.compile(r"loading shared libraries: ([^\s:]{1,300}):")
_PID = re.compile(r"\bpid[ :=#]{1,3}(\d{1,9})\b", re.IGNORECASE)
_SOCKET = re.compile(r"(?:^|[\s'\"(=:])(/[^\s'\"(),;]{1,300}\.sock(?:et)?)\b")
_HOST_PORT = re.compile(
    r"(?:^|[\s'\"(\[=/@])((?:\[[0-9a-fA-F:.]{2,45}\]|::|:::|[\w.*-]{1,200})?)(?:'?, |:)(\d{2,5})(?![\w./]|:\S)"
)
_PORT = re.compile(r"\bport\b[ :=#,]{0,3}(\d{1,5})\b", re.IGNORECASE)
_MODULE = re.compile(
    r"No module named '?([\w.]+)|Cannot find (?:module|package) ['\"]([^'\"]{1,300})|locate (\S{1,200}) in @INC"
    r"|such file -- (\S{1,200})|import module \"([^\"]{1,200})\"|main class (\S{1,200})|(?:ClassNotFoundException|NoClassDefFoundError): (\S{1,200})"
)
_MISSING_COMMAND = re.compile(r"(?:^|: )([^\s:]{1,300}): (?:command )?not found$")


def reason_of(text: str) -> Reason:
    """Why it could not go on, by the words of its message; OTHER when they are none of the usual ones."""
    text = text[:_LIMIT]
    return next((reason for reason, pattern in _COMPILED if pattern.search(text)), Reason.OTHER)


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
    paths = _PATH.findall(text)
    if paths:
        # The program that complains comes first, what it complains of last.
        return str(paths[-1]).rstrip(".")
    quoted = _QUOTED.search(text)
    return None if quoted is None else quoted[1]
