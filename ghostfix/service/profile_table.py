"""One ``[services.NAME]`` table, validated: a complaint names the file, the line, the key and the way out."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Union, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import structs

from ghostfix.model.errors import ProfileError
from ghostfix.model.pattern import Pattern
from ghostfix.model.safe_text import safe
from ghostfix.model.service import (
    NAME_PATTERN,
    STOPPING,
    EnvironmentWanted,
    HealthWanted,
    Limits,
    ServiceProfile,
    StopWanted,
    WebhookWanted,
)
from ghostfix.service.toml_document import KeyPath, TomlDocument, key_text

_SUBTABLES: Mapping[str, type[msgspec.Struct]] = {
    "environment": EnvironmentWanted,
    "health": HealthWanted,
    "webhook": WebhookWanted,
    "limits": Limits,
    "stop": StopWanted,
}
_RECOGNISERS = ("module", "script", "command", "match")
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
        place = safe(document.path) + ("" if line is None else f":{line}")
        raise ProfileError(f"{place}: {key_text(keys)}: {complaint.expected}", complaint.hint) from None


def _checked(table: object, name: str) -> ServiceProfile:
    if not re.search(NAME_PATTERN, name):
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
    _refuse_control_characters(table, ())
    profile = _converted(table)
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
    if isinstance(signal, str) and signal not in STOPPING:
        wanted = nearest(signal.upper().removeprefix("SIG"), STOPPING)
        raise ComplaintError(
            ("stop", "signal"),
            f"expected one of {', '.join(STOPPING)}, found {_found(signal)}",
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
    found = _found(TomlDocument("", "", table).value(keys))
    limits = limits_of(keys)
    mismatch = _MISMATCH.fullmatch(what)
    if mismatch is None and limits is not None and not what.startswith("Object"):
        return _beyond(keys, limits, found)
    if mismatch is None:
        missing = re.match(r"Object missing required field `(?P<name>[^`]*)`", what)
        return ComplaintError(keys, f"{missing['name']} is missing" if missing else what)
    expected = " or ".join(_TYPES.get(kind.strip(), kind.strip()) for kind in mismatch["expected"].split("|"))
    expected = expected.removesuffix(" or nothing")
    return ComplaintError(keys, f"expected {expected}, found {found}")


def _beyond(keys: KeyPath, limits: msgspec.Meta, found: str) -> ComplaintError:
    """The complaint of a value that is not within its limits."""
    hint = str((limits.extra or {}).get("hint", ""))
    return ComplaintError(keys, f"expected {limits.description}, found {found}", hint)


def limits_of(keys: KeyPath) -> msgspec.Meta | None:
    """What a value of the profile may be, by its keys; None where the type says it all."""
    kind: object = ServiceProfile
    for key in keys:
        bare = _bare(kind)
        if isinstance(key, int):
            kind = get_args(bare)[0]
        elif isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            kind = get_type_hints(bare, include_extras=True).get(key)
        else:
            return None
    metas = [each for each in getattr(_present(kind), "__metadata__", ()) if isinstance(each, msgspec.Meta)]
    return next((each for each in metas if each.description), None)


def _present(kind: object) -> object:
    """A type without its ``| None``."""
    return (
        next((each for each in get_args(kind) if each is not NoneType), kind) if _is_optional(kind) else kind
    )


def _is_optional(kind: object) -> bool:
    return get_origin(kind) in (Union, UnionType) and NoneType in get_args(kind)


def _bare(kind: object) -> object:
    """A type without its limits."""
    present = _present(kind)
    return get_args(present)[0] if hasattr(present, "__metadata__") else present


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
        return f'the text "{safe(value, 60)}"'
    if isinstance(value, int | float):
        return f"the number {value}" if abs(value) < 1e21 else "a very large number"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, Mapping):
        return "a table"
    return "nothing" if value is None else f"a {type(value).__name__}"


# The rules: what the limits in service.py alone do not say. Each raises a ComplaintError.


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
    if profile.match is not None:
        try:
            re.compile(profile.match)
        except (re.error, RecursionError, OverflowError) as error:
            raise ComplaintError(("match",), f"is not a regular expression: {safe(str(error))}") from None


def _check_words(profile: ServiceProfile) -> None:
    lists = {"command": profile.command, "start": profile.start}
    for key, words in lists.items():
        if words and not words[0]:
            raise ComplaintError((key, 0), "expected a program's name, found nothing")


def _check_urls(profile: ServiceProfile) -> None:
    for key, wanted in (("health", profile.health), ("webhook", profile.webhook)):
        if wanted is not None:
            _check_url((key, "url"), wanted.url)


def _check_url(keys: KeyPath, url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        raise _beyond(keys, limits_of(keys) or msgspec.Meta(description="a URL"), _found(url))


_RULES: tuple[Callable[[ServiceProfile], None], ...] = (_check_recogniser, _check_words, _check_urls)
