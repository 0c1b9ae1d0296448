"""Values of JavaScript as text, with how sure each is, and the same value less sure."""

import re
from collections.abc import Iterable

from tree_sitter import Node

from ghostfix.model.pattern import Pattern
from ghostfix.model.reading import Confidence
from ghostfix.scripts.js_value import Guess, Literal, Opaque, Table
from ghostfix.scripts.script import worst
from ghostfix.scripts.syntax_tree import text_of

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
_NAME = Pattern(r"[\w.]+")


def unknown(node: Node | None, known: str = "") -> Opaque:
    """A value of which nothing is known but how it is written: ``$name``."""
    written = "unknown" if node is None else text_of(node)
    name = written if _NAME.fullmatch(written) else re.sub(r"\W+", "_", written).strip("_")[:60]
    return Opaque(written, known or f"${name or 'unknown'}")


def is_known(value: Literal) -> bool:
    """Whether anything is known of a value, if only as a guess."""
    return not isinstance(value, Opaque)


def guessed(value: Literal) -> Literal:
    """The same value, no surer than a guess."""
    return value if isinstance(value, Guess | Opaque) else Guess(value)


def settled(value: Literal) -> tuple[Literal, Confidence]:
    """A value without the mark of a guess, and how sure it is; what a list holds is judged one by one."""
    if isinstance(value, Guess):
        return settled(value.value)[0], LIKELY
    return value, POSSIBLE if isinstance(value, Opaque) else CERTAIN


def as_text(value: Literal) -> tuple[str, Confidence]:
    """A value as JavaScript makes text of it; what is unknown in it stands as ``$name``."""
    plain, sure = settled(value)
    if isinstance(plain, Opaque):
        return plain.known or "$unknown", POSSIBLE
    if isinstance(plain, bool):
        return str(plain).lower(), sure
    if isinstance(plain, tuple):
        texts = [as_text(each) for each in plain]
        return ",".join(text for text, _ in texts), worst(sure, *(each for _, each in texts))
    if isinstance(plain, Table):
        return "$object", POSSIBLE
    if isinstance(plain, float) and plain.is_integer():
        return str(int(plain)), sure
    return "null" if plain is None else str(plain), sure


def believed(text: str, sure: Confidence, node: Node | None) -> Literal:
    """A text as the value that it is with this confidence; ``node`` is how it is written."""
    if sure is CERTAIN:
        return text
    return Guess(text) if sure is LIKELY else unknown(node, text)


def joined(values: Iterable[Literal], node: Node, separator: str = "") -> Literal:
    """Texts one behind the other."""
    texts = [as_text(value) for value in values]
    return believed(separator.join(text for text, _ in texts), worst(*(sure for _, sure in texts)), node)


def member(value: Literal, key: str | int, node: Node | None) -> Literal:
    """A property or an item of a value."""
    plain, sure = settled(value)
    found: Literal = unknown(node)
    if isinstance(plain, Table):
        entry = plain.entry(str(key))
        found = found if entry is None else entry.value
    elif isinstance(plain, tuple):
        index = int(key) if str(key).lstrip("-").isdecimal() else None
        if key == "length":
            found = len(plain)
        elif index is not None and 0 <= index < len(plain):
            found = plain[index]
    return guessed(found) if sure is LIKELY else found
