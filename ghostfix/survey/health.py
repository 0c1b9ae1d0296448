"""Health: what the service says of itself over HTTP."""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import structs

from ghostfix.model.machine import System
from ghostfix.model.reading import Reading
from ghostfix.model.service import HealthWanted, Service
from ghostfix.model.snapshot import Expectation, HealthAnswer, HttpAnswer

_ABSENT: Final = msgspec.UNSET
_HTML = ("<!doctype html", "<html", "<head", "<body")
_LIMIT = 65_536


def collect(system: System, service: Service, unasked: str | None = None) -> Reading[HealthAnswer | None]:
    """Asks once; None when the profile names no health URL. No answer is an answer, too.

    ``unasked`` says why it must not be asked: to ask would start the service.
    """
    wanted = service.health
    if wanted is None:
        return Reading(None)
    if unasked is not None:
        return Reading(None, unasked, complete=False)
    return Reading(judge(system.get(wanted.url, wanted.timeout), wanted))


def judge(answer: HttpAnswer, wanted: HealthWanted) -> HealthAnswer:
    """Reads the document and compares it with what the profile expects (pure).

    A document that is not needed, because nothing is expected of it, may be anything.
    """
    document, problem = _document(answer.body) if answer.status is not None else (_ABSENT, None)
    if answer.problem is None and answer.status is not None:
        unusable = _redirect(answer.status) or (problem if wanted.expect else None)
        answer = structs.replace(answer, problem=unusable)
    return HealthAnswer(
        answer=answer,
        expectations=tuple(_compared(document, key, value) for key, value in wanted.expect.items()),
        summary=_summary(document),
    )


def look_up(document: object, key: str) -> object:
    """The value at a dotted path, or ``msgspec.UNSET``.

    A name of the document may contain dots itself. When the path leads nowhere, its last name is taken
    wherever it stands, if it stands in one place only: services move their status about.
    """
    found = _at(document, key.split("."))
    if found is not _ABSENT:
        return found
    last = key.rpartition(".")[2]
    elsewhere = [value for name, value in _members(document) if name == last]
    return elsewhere[0] if len(elsewhere) == 1 else _ABSENT


def _document(body: str) -> tuple[object, str | None]:
    """The decoded document, and why there is none."""
    text = body.removeprefix("\ufeff").strip()
    if not text:
        return _ABSENT, "the answer is empty"
    try:
        document: object = msgspec.json.decode(text.encode(errors="backslashreplace"))
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        if text[:200].lower().startswith(_HTML):
            return _ABSENT, "the answer is HTML, not JSON"
        if len(body.encode(errors="backslashreplace")) >= _LIMIT:
            return _ABSENT, "the answer is longer than 64 KiB"
        return _ABSENT, "the answer is broken JSON" if text[0] in "{[" else "the answer is not JSON"
    return document, None


def _redirect(status: int) -> str | None:
    return (
        f"it redirects (HTTP status {status}), and redirects are not followed"
        if 300 <= status < 400
        else None
    )


def _compared(document: object, key: str, wanted: str | int | float | bool) -> Expectation:
    actual = look_up(document, key)
    if actual is _ABSENT:
        return Expectation(key, _text(wanted), None)
    same_number = _is_number(wanted) and _is_number(actual) and wanted == actual  # 1 and 1.0
    return Expectation(key, _text(wanted), _text(wanted if same_number else actual))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _summary(document: object) -> str | None:
    status = document.get("status") if isinstance(document, dict) else None
    return status if isinstance(status, str) else None


def _at(node: object, names: list[str]) -> object:
    if not names:
        return node
    if isinstance(node, list) and names[0].isdecimal() and len(names[0]) < 6:
        index = int(names[0])
        return _at(node[index], names[1:]) if index < len(node) else _ABSENT
    if not isinstance(node, dict):
        return _ABSENT
    for count in range(1, len(names) + 1):
        name = ".".join(names[:count])
        if name in node and (found := _at(node[name], names[count:])) is not _ABSENT:
            return found
    return _ABSENT


def _members(document: object) -> Iterator[tuple[str, object]]:
    """Every named value, however deep."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield from node.items()
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
