"""Patterns that are compiled when they are first used: all of them are expressions, and none is before."""

import importlib
import re

import pytest

from ghostfix.model.pattern import Pattern
from tests.test_architecture import modules


def patterns() -> list[tuple[str, Pattern[str] | Pattern[bytes]]]:
    """Each that a module keeps, with where it is."""
    found = []
    for name in modules():
        kept = vars(importlib.import_module(f"ghostfix.{name}".rstrip(".")))
        found += [(f"{name}.{key}", value) for key, value in kept.items() if isinstance(value, Pattern)]
    return found


def test_every_pattern_is_an_expression() -> None:
    wrong = []
    for where, pattern in patterns():
        try:
            re.compile(pattern.source, pattern.flags)
        except re.error as error:
            wrong.append(f"{where}: {error}")
    assert wrong == []


def test_a_pattern_is_compiled_when_it_is_first_used() -> None:
    pattern = Pattern(r"(a)(b)?", re.IGNORECASE)
    assert "compiled" not in vars(pattern)
    found = pattern.search("xAB")
    assert found is not None
    assert found.groups() == ("A", "B")
    assert vars(pattern)["search"] == pattern.compiled.search


def test_it_answers_as_the_compiled_one() -> None:
    words = Pattern(rb"[a-z]+")
    assert words.match(b"1a") is None
    assert words.match(b"1a", 1) is not None
    assert words.fullmatch(b"ab1") is None
    assert [match[0] for match in words.finditer(b"ab 1 c")] == [b"ab", b"c"]
    assert words.sub(b"x", b"ab 1 c", count=1) == b"x 1 c"
    assert words.sub(lambda match: match[0].upper(), b"ab 1 c") == b"AB 1 C"


def test_a_mistake_is_raised_when_it_is_used() -> None:
    broken = Pattern("(")
    with pytest.raises(re.error):
        broken.match("")
