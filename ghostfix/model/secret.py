r"""Secrets in text: the same text without them, whatever it is (pure).

A secret is known by a name before it (``secret_names``), by the program that takes it (``secret_clients``),
by its own shape, or by what it stands in (``secret_forms``). Hiding is generous.

The words of a command line are joined by ``\x1f``, a blank to every pattern and never inside a value: one
word's secret is found by the word before it, and what comes back is split into the same words.
"""

import re
from collections.abc import Sequence

from ghostfix.model.pattern import Pattern
from ghostfix.model.secret_clients import client_secrets
from ghostfix.model.secret_forms import (
    ADDRESSES,
    BOUNDARY,
    CUT,
    CUT_TOKEN,
    FORMS,
    GAP,
    HEADER,
    LONG_LINE,
    MASK,
    NOTHING,
    SENTENCES,
    VALUE,
    WHOLE,
    holds_secret,
    is_quoted,
    is_spoken,
    masked,
)
from ghostfix.model.secret_names import is_strong, names_secret

_BETWEEN = "\x1f"

_PATH = (
    r"[\"']?(?:(?:~|\.{1,2})?/[\w.~@/-]*"
    r"|[A-Za-z]:[\\/].*|[\w./-]+\.(?:pem|key|crt|p12|jks|json|txt|ya?ml))[\"',;)]*"
)
_VALUE_HERE = Pattern(rf"(?P<value>{VALUE})")
_ASSIGNED = Pattern(
    rf"""{BOUNDARY}(?P<name>[-\w.\u0300-\u036f]++)(?P<link>(?:\\*+["'\]])*+{GAP}{{0,64}}+(?::=?|=(?:=|>)*|<-|->|：){GAP}{{0,64}}+"""
    r"""(?:Some\(|\((?=["']))?)"""
)
_OPTION = Pattern(rf"{BOUNDARY}(?P<name>--?[A-Za-z][-\w.]*+|/[a-z]{{4,}}(?=\s))(?P<link>{GAP}{{1,64}}+)(?!-)")
# A word right before the place where a text was cut, and the beginning of such a secret in it.
_CUT_WORD = r"(?<![\w.-])[\w.-]++(?=[\"']?…)"
_HEADERS = Pattern(r"(?:authorization|cookie)$", re.IGNORECASE)
# Behind a file's name: ``token.js:12:5)``.
_PLACE = r"\d+(?::\d+)?[),:;]*"
# What is named holds names of its own, which are asked next: ``CREDENTIAL = (SECRET = 'X')``.
_GROUP = Pattern(r"[({]\s{0,8}+[A-Za-z_][-\w.]{0,100}+\s{0,8}+[=:]")
_FOLDER = r"[\"']?(?:[/~.$]|[A-Za-z]:[\\/])"


def without_secrets(text: str) -> str:
    """The same text with each secret in it replaced by ``***``."""
    lowered = text.lower()
    for rule in WHOLE:
        text = rule.hide(text, lowered)
    text = _long_lines(_cut_words(text))
    text = HEADER.hide(text, lowered)
    for rule in ADDRESSES:
        text = rule.hide(text, lowered)
    text = _hide_clients(text)
    for rule in FORMS:
        text = rule.hide(text, lowered)
    text = _hide_named(_OPTION, text)
    text = _hide_named(_ASSIGNED, text)
    for rule in SENTENCES:
        text = rule.hide(text, lowered)
    return text


def argv_without_secrets(argv: Sequence[str]) -> tuple[str, ...]:
    """The same words with each secret in them replaced by ``***``, also where a word names the next one."""
    words = _named_words(argv)
    if any(_BETWEEN in word for word in words):
        return tuple(map(without_secrets, words))
    safe = tuple(without_secrets(_BETWEEN.join(words)).split(_BETWEEN)) if words else ()
    return safe if len(safe) == len(words) else tuple(map(without_secrets, words))


def _cut_words(text: str) -> str:
    if CUT not in text:
        return text
    return re.sub(_CUT_WORD, lambda word: re.sub(CUT_TOKEN, MASK, word.group()), text)


def _long_lines(text: str) -> str:
    """Hides a line of a key's body, whose first line stands somewhere else."""
    if len(text) < 60:
        return text
    return re.sub(LONG_LINE, lambda match: MASK if _is_body(match.group()) else match.group(), text)


def _is_body(text: str) -> bool:
    """Base64 of something random has all kinds of characters; a path has many slashes, a hash no capitals."""
    kinds = (r"[a-z]", r"[A-Z]", r"\d")
    return text.count("/") * 15 <= len(text) and all(re.search(kind, text) for kind in kinds)


def _hide_clients(text: str) -> str:
    parts: list[str] = []
    done = 0
    for start, end in client_secrets(text):
        if start >= done:
            parts += text[done:start], masked(text[start:end])
            done = end
    return "".join((*parts, text[done:]))


def _hide_named(pattern: Pattern[str], text: str) -> str:
    """Hides the value after every name of a secret; what follows another name is searched as well."""
    parts: list[str] = []
    done = 0
    match = pattern.search(text)
    while match is not None:
        value = _value_of(match, text)
        if value is not None:
            parts += text[done : match.end()], masked(text[match.end() : value])
            done = value
        match = pattern.search(text, match.end() if value is None else done)
    return "".join((*parts, text[done:]))


def _value_of(match: re.Match[str], text: str) -> int | None:
    """Where the secret that the match introduces ends; None when it introduces none."""
    name, link = match["name"], match["link"]
    folder = name.upper() == "PWD" and "=" in link
    if not folder and not names_secret(name):
        return None
    if _GROUP.match(text, match.end()):
        return None
    found = _VALUE_HERE.match(text, match.end())
    if found is None or not _is_value(name, link, found["value"], folder=folder):
        return None
    opening = text[match.start() - 1 : match.start()]
    if link == "=" and opening in ("'", '"') and not is_quoted(found["value"]):
        # The quotes are around name and value: all of it up to the other one.
        end = text.find(opening, match.end(), match.end() + 500)
        if end > 0 and _BETWEEN not in text[match.end() : end] and "\\" not in text[match.end() : end]:
            return end
    return found.end()


def _is_value(name: str, link: str, value: str, *, folder: bool) -> bool:
    bare = value.strip("\"',;)").lower()
    strong = is_strong(name)
    if folder:
        return re.match(_FOLDER, value) is None
    if name.lower().endswith("key") and re.fullmatch(_PATH, value):
        return False
    if link == ":" and re.fullmatch(_PLACE, value) and not names_secret(name.rpartition(".")[2]):
        return False
    if ":" in link or "=" in link or "-" in link:
        # Headers have more than one word and were seen to; "3 pass: 4 fail" is about no password.
        if _HEADERS.search(name):
            return False
        if "=" not in link and not holds_secret(name, value):
            return False
        if "=" not in link and not strong and not (re.search(r"[-_.]|[a-z][A-Z]", name) or is_spoken(value)):
            return False
        return bare not in NOTHING
    return strong or bare not in NOTHING


def _named_words(words: Sequence[str]) -> list[str]:
    """Hides whole words, which text alone could not tell apart: ``--password 'a b&c'``."""
    safe: list[str] = []
    option = ""
    for word in words:
        name, equals, value = word.partition("=")
        named = re.fullmatch(r"-{0,2}[A-Za-z_][-\w.]*", name) is not None and names_secret(name)
        if option and not word.startswith("-") and _is_value(option, " ", word, folder=False):
            safe.append(MASK)
        elif named and equals and value and _is_value(name, "=", value, folder=False):
            safe.append(f"{name}={MASK}")
        else:
            safe.append(word)
        option = name if named and word.startswith("-") and not equals else ""
    return safe
