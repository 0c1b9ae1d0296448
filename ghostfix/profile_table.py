"""One ``[services.NAME]`` table, validated: a complaint names the file, the line, the key and the way out."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from urllib.parse import urlsplit

import msgspec
from msgspec import structs

from ghostfix.errors import ProfileError
from ghostfix.machine import Signal
from ghostfix.parsers.toml_document import KeyPath, TomlDocument, key_text
from ghostfix.pattern import Pattern
from ghostfix.service import (
    EnvironmentWanted,
    HealthWanted,
    Limits,
    ServiceProfile,
    StopWanted,
    WebhookWanted,
    bytes_in,
)
from ghostfix.untrusted import shown

_SUBTABLES: Mapping[str, type[msgspec.Struct]] = {
    "environment": EnvironmentWanted,
    "health": HealthWanted,
    "webhook": WebhookWanted,
    "limits": Limits,
    "stop": StopWanted,
}
_RECOGNISERS = ("module", "script", "command", "match")
_STOPPING = tuple(signal.value for signal in Signal if signal not in (Signal.STOP, Signal.CONT))
_REQUIREMENT = Pattern(r"[A-Za-z0-9][\w.-]*(\[[\w.,\s-]*\])?\s*([<>=!~].*|@ \S+)?", re.ASCII)
_MANAGER = Pattern(r"[a-z][a-z0-9-]*:\S.*")
_NAME = Pattern(r"[A-Za-z0-9][\w.@-]{0,63}", re.ASCII)
_MODULE = Pattern(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_LONGEST_TIMEOUT = 600.0
_LEAST_MEMORY = 1 << 20
"""Less is a slip of the pen: no process starts with it."""

# msgspec's complaint, and the words for its types.
_COMPLAINT = Pattern(r"(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_MISMATCH = Pattern(r"Expected `(?P<expected>[^`]*)`(?:, got `(?P<got>[^`]*)`)?")
_STEP_OF_PATH = Pattern(r"\.([\w-]+)|\[(\d+)\]|\[\.\.\.\]")
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": 'text in "quotes"',
    "bool": "true or false",
    "array": "a list in [brackets]",
    "object": "a table",
    "null": "nothing",
}


class ComplaintError(Exception):
    """One thing that is wrong with a table: where, what was expected, and what may have been meant."""

    def __init__(self, keys: KeyPath, expected: str, hint: str = "") -> None:
        super().__init__(expected)
        self.keys = keys
        self.expected = expected
        self.hint = hint


def service_profile(document: TomlDocument, at: KeyPath) -> ServiceProfile:
    """The table under ``at`` (its last key is the service's name); ProfileError for the first fault."""
    try:
        return _checked(document.value(at), str(at[-1]))
    except ComplaintError as complaint:
        keys = (*at, *complaint.keys)
        line = document.line(keys)
        place = shown(document.path) + ("" if line is None else f":{line}")
        raise ProfileError(f"{place}: {key_text(keys)}: {complaint.expected}", complaint.hint) from None


def _checked(table: object, name: str) -> ServiceProfile:
    if not _NAME.fullmatch(name):
        raise ComplaintError(
            (), "a service's name has letters, digits and . _ @ - only, and at most 64 of them"
        )
    if not isinstance(table, Mapping):
        raise ComplaintError((), f"expected a table, found {_found(table)}", f"write [services.{name}]")
    _refuse_unknown(table, ServiceProfile, ())
    for key, kind in _SUBTABLES.items():
        inner = table.get(key)
        if isinstance(inner, Mapping):
            _refuse_unknown(inner, kind, (key,))
    table = dict(table)
    health = table.get("health")
    if isinstance(health, Mapping) and isinstance(health.get("expect"), Mapping):
        table["health"] = {**health, "expect": dict(_flat(health["expect"], ()))}
    _refuse_signal(table.get("stop"))
    profile = _converted(table)
    _refuse_control_characters(table, ())
    for rule in _RULES:
        rule(profile)
    return profile


def _refuse_unknown(table: Mapping[str, object], kind: type[msgspec.Struct], at: KeyPath) -> None:
    known = tuple(field.name for field in structs.fields(kind))
    for key in table:
        if key not in known:
            raise ComplaintError((*at, key), "there is no such key", nearest(key, known))


def nearest(name: str, known: Iterable[str]) -> str:
    """The hint for a name that does not exist: the one that may have been meant, or all there are."""
    known = tuple(known)
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(known)}"


def _flat(table: Mapping[str, object], at: tuple[str, ...]) -> Iterable[tuple[str, object]]:
    """Nested tables as dotted keys: ``{a = {b = "up"}}`` is ``a.b = "up"``."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, (*at, key))
        elif isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
            yield ".".join((*at, key)), value
        else:
            raise ComplaintError(
                ("health", "expect", *at, key),
                f"expected text, a number, true or false, found {_found(value)}",
            )


def _refuse_signal(stop: object) -> None:
    signal = stop.get("signal") if isinstance(stop, Mapping) else None
    if isinstance(signal, str) and signal not in _STOPPING:
        wanted = nearest(signal.upper().removeprefix("SIG"), _STOPPING)
        raise ComplaintError(
            ("stop", "signal"),
            f"expected one of {', '.join(_STOPPING)}, found {_found(signal)}",
            wanted if wanted.startswith("did") else "",
        )


def _converted(table: Mapping[str, object]) -> ServiceProfile:
    try:
        return msgspec.convert(table, ServiceProfile)
    except msgspec.ValidationError as error:
        raise _translated(str(error), table) from None


def _translated(message: str, table: Mapping[str, object]) -> ComplaintError:
    """A complaint of msgspec in words, with the value that was found."""
    parts = _COMPLAINT.match(message)
    what, path = (parts["what"], parts["path"] or "") if parts else (message, "")
    keys: KeyPath = tuple(
        step[1] if step[1] is not None else int(step[2])
        for step in _STEP_OF_PATH.finditer(path)
        if step[1] is not None or step[2] is not None
    )
    mismatch = _MISMATCH.match(what)
    if mismatch is None:
        missing = re.match(r"Object missing required field `(?P<name>[^`]*)`", what)
        return ComplaintError(keys, f"{missing['name']} is missing" if missing else what)
    expected = " or ".join(_TYPES.get(kind.strip(), kind.strip()) for kind in mismatch["expected"].split("|"))
    expected = expected.removesuffix(" or nothing")
    return ComplaintError(
        keys, f"expected {expected}, found {_found(TomlDocument('', '', table).value(keys))}"
    )


def _refuse_control_characters(value: object, at: KeyPath) -> None:
    if isinstance(value, str) and "\x00" in value:
        raise ComplaintError(at, "expected text without NUL characters")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _refuse_control_characters(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_control_characters(inner, (*at, index))


def _found(value: object) -> str:
    """A value in words: its kind and, when it is short, itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'the text "{shown(value, 60)}"'
    if isinstance(value, int | float):
        return f"the number {value}" if abs(value) < 1e21 else "a very large number"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, Mapping):
        return "a table"
    return "nothing" if value is None else f"a {type(value).__name__}"


# The rules: what the types alone do not say. Each raises a ComplaintError.


def _check_recogniser(profile: ServiceProfile) -> None:
    given = [key for key in _RECOGNISERS if getattr(profile, key) not in (None, ())]
    if not given:
        raise ComplaintError(
            (),
            "nothing says how to recognise an instance",
            'name one of module = "package.main", script = "server.py", command = ["node", "x.js"] '
            'or match = "a regular expression on the command line"',
        )
    if len(given) > 1:
        raise ComplaintError(
            (given[1],),
            f"expected only one of {', '.join(_RECOGNISERS)}; {given[0]} is there as well",
            "`start` says how to start it when that differs from how it is recognised.",
        )
    for key in given:
        if not getattr(profile, key):
            raise ComplaintError((key,), "expected text that is not empty")
    if profile.module is not None and not _MODULE.fullmatch(profile.module):
        raise ComplaintError(
            ("module",),
            f'expected a dotted module name such as "package.main", found {_found(profile.module)}',
        )
    if profile.match is not None:
        try:
            re.compile(profile.match)
        except (re.error, RecursionError, OverflowError) as error:
            raise ComplaintError(("match",), f"is not a regular expression: {shown(str(error))}") from None


def _check_words(profile: ServiceProfile) -> None:
    lists = {"command": profile.command, "start": profile.start}
    for key, words in lists.items():
        if words and not words[0]:
            raise ComplaintError((key, 0), "expected a program's name, found nothing")
    texts = {"pidfiles": profile.pidfiles, "logs": profile.logs}
    for key, patterns in texts.items():
        for index, pattern in enumerate(patterns):
            if not pattern:
                raise ComplaintError(
                    (key, index), "expected a path or a pattern such as logs/*.log, found nothing"
                )
    if not profile.directory:
        raise ComplaintError(("directory",), "expected a folder, found nothing")
    if re.match(r"~[^/]", profile.directory):
        raise ComplaintError(
            ("directory",), "only ~ for your own home folder is known; write the path in full"
        )


def _check_numbers(profile: ServiceProfile) -> None:
    if not 0 <= profile.instances <= 10_000:
        raise ComplaintError(("instances",), f"expected 0 or more, found {_found(profile.instances)}")
    for index, port in enumerate(profile.ports):
        if not 1 <= port <= 65_535:
            raise ComplaintError(("ports", index), f"expected a port from 1 to 65535, found {_found(port)}")
    for field in structs.fields(Limits):
        limit = getattr(profile.limits, field.name)
        if limit is None or isinstance(limit, str):
            continue
        if not (math.isfinite(limit) and limit > 0):
            raise ComplaintError(("limits", field.name), f"expected a number above 0, found {_found(limit)}")
        if field.name.endswith("_percent") and limit > 100:
            raise ComplaintError(
                ("limits", field.name), f"expected a percentage up to 100, found {_found(limit)}"
            )
        if limit > 2**31:
            raise ComplaintError(("limits", field.name), "expected a number below 2147483648")
    _check_seconds(("stop", "grace"), profile.stop.grace, least=0.0)


def _check_size(profile: ServiceProfile) -> None:
    size = profile.limits.service_memory
    if size is not None and (bytes_in(size) or 0) < _LEAST_MEMORY:
        raise ComplaintError(
            ("limits", "service_memory"),
            f'expected a size of 1M or more such as "512M" or "2G", found {_found(size)}',
            "the letters are K, M, G and T, in powers of 1024",
        )


def _check_seconds(keys: KeyPath, seconds: float, least: float = 0.001) -> None:
    if not least <= seconds <= _LONGEST_TIMEOUT:
        raise ComplaintError(
            keys, f"expected seconds, more than 0 and up to {_LONGEST_TIMEOUT:.0f}, found {_found(seconds)}"
        )


def _check_urls(profile: ServiceProfile) -> None:
    for key, wanted in (("health", profile.health), ("webhook", profile.webhook)):
        if wanted is not None:
            _check_url((key, "url"), wanted.url)
            _check_seconds((key, "timeout"), wanted.timeout)
    if profile.webhook is not None:
        if not profile.webhook.expect_status:
            raise ComplaintError(
                ("webhook", "expect_status"), "expected at least one HTTP status such as 200"
            )
        for index, status in enumerate(profile.webhook.expect_status):
            if not 100 <= status <= 599:
                raise ComplaintError(
                    ("webhook", "expect_status", index),
                    f"expected an HTTP status from 100 to 599, found {_found(status)}",
                )


def _check_url(keys: KeyPath, url: str) -> None:
    example = 'such as "http://localhost:5555/health"'
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        raise ComplaintError(
            keys, f"expected an http:// or https:// URL with a host, {example}, found {_found(url)}"
        )


def _check_environment(profile: ServiceProfile) -> None:
    wanted = profile.environment
    if wanted.venv is not None and not wanted.venv:
        raise ComplaintError(("environment", "venv"), "expected a folder such as .venv, found nothing")
    for index, requirement in enumerate(wanted.requires):
        if not _REQUIREMENT.fullmatch(requirement):
            raise ComplaintError(
                ("environment", "requires", index),
                f'expected a distribution such as "psutil" or "Flask>=3", found {_found(requirement)}',
            )


def _check_manager(profile: ServiceProfile) -> None:
    if profile.manager not in ("none", "cron") and not _MANAGER.fullmatch(profile.manager):
        raise ComplaintError(
            ("manager",),
            f'expected "none", "cron" or "KIND:ID" such as "systemd:ghost.service", '
            f"found {_found(profile.manager)}",
        )


_RULES: tuple[Callable[[ServiceProfile], None], ...] = (
    _check_recogniser,
    _check_words,
    _check_numbers,
    _check_size,
    _check_urls,
    _check_environment,
    _check_manager,
)
