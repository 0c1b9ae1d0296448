"""Redaction: the same records with every secret in them replaced by ``***`` (pure).

What a check compares is changed alike everywhere, so that a redacted snapshot is judged as the whole one.
"""

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct, structs

from ghostfix.model.process import Variable
from ghostfix.model.secret import argv_without_secrets, without_secrets
from ghostfix.model.secret_forms import MASK, holds_secret
from ghostfix.model.secret_names import names_secret
from ghostfix.model.snapshot import Expectation

S = TypeVar("S", bound=Struct)
_OTHER = f"{MASK} (another)"


def redacted(record: S) -> S:
    """The record, and all that it holds, without secrets."""
    return structs.replace(record, **_changes(record))


def _changes(record: Struct) -> dict[str, object]:
    if isinstance(record, Variable):
        return {"value": _named(record.name, record.value)}
    if isinstance(record, Expectation):
        return _expectation(record)
    return {field: _value(getattr(record, field)) for field in record.__struct_fields__}


def _value(value: object) -> object:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, bytes):
        return without_secrets(value.decode(errors="surrogateescape")).encode(errors="surrogateescape")
    if isinstance(value, Struct):
        return redacted(value)
    if isinstance(value, tuple | list):
        if all(isinstance(item, str) for item in value):
            return type(value)(argv_without_secrets(value))  # a command line, or as good as one
        return type(value)(_value(item) for item in value)
    if isinstance(value, Mapping):
        return {key: _entry(str(key), item) for key, item in value.items()}
    return value


def _entry(name: str, value: object) -> object:
    return _named(name, value) if isinstance(value, str) else _value(value)


def _named(name: str, value: str) -> str:
    return MASK if names_secret(name) else without_secrets(value)


def _expectation(expectation: Expectation) -> dict[str, object]:
    """Both sides hidden where one has to be, and still equal only if they were."""
    sides = (expectation.wanted, expectation.actual or "")
    named = any(holds_secret(expectation.key, side) for side in sides)
    if not named and all(without_secrets(side) == side for side in sides):
        return {}
    actual = MASK if expectation.met else _OTHER
    return {"wanted": MASK, "actual": None if expectation.actual is None else actual}
