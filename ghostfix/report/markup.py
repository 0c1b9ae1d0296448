"""Markup: HTML and SVG that is escaped by construction: only what an element made is taken as markup."""

from collections.abc import Iterable
from html import escape

_EMPTY = frozenset({"meta", "br"})


class Markup(str):
    """Text that is HTML already. Every other string is escaped where it becomes part of an element."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str | float) -> Markup:
    """``<tag attributes>children</tag>``.

    A child that is no Markup is escaped, and so is each attribute. In the names of attributes a trailing
    ``_`` is dropped (``class_``) and the others become dashes (``stroke_width``).
    """
    written = "".join(f' {_name(name)}="{escape(_value(value))}"' for name, value in attributes.items())
    if tag in _EMPTY:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{together(children)}</{tag}>")


def together(parts: Iterable[str]) -> Markup:
    """The parts one after the other, those that are plain text escaped."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in parts))


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
