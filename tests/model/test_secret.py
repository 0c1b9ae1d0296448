"""Every form of a secret in the table is hidden, in text and in words; what only looks like one stays."""

import re
import shlex

import pytest

from ghostfix.model.process import Process, ProcessId
from ghostfix.model.safe_text import as_typed, safe, shown_argv
from ghostfix.model.secret import argv_without_secrets, without_secrets
from ghostfix.model.secret_forms import (
    ADDRESSES,
    FORMS,
    HEADER,
    MASK,
    SENTENCES,
    WHOLE,
    Rule,
    looks_secret,
)
from ghostfix.model.secret_names import names_secret
from ghostfix.survey.redaction import redacted
from tests.secret_shapes import COMMANDS, HARMLESS, LINES, SECRET, TOKENS, rows


@pytest.mark.parametrize("row", [*rows(COMMANDS), *rows(LINES), *rows(TOKENS)])
def test_a_secret_in_text_is_hidden(row: str) -> None:
    assert SECRET not in safe(row)
    assert MASK in safe(row)
    assert safe(safe(row)) == safe(row)
    assert SECRET in safe(row, reveal=True)


@pytest.mark.parametrize("row", rows(COMMANDS))
def test_a_secret_in_words_is_hidden_wherever_words_are_kept(row: str) -> None:
    argv = shlex.split(row)
    kept = argv_without_secrets(argv)
    assert SECRET not in " ".join(kept)
    assert len(kept) == len(argv)
    assert SECRET not in shown_argv(argv)
    assert SECRET not in str(redacted(_process(argv)))
    sentence = safe(f"pid 7: {as_typed(argv)}, started 3 s ago")
    assert SECRET not in sentence
    assert sentence.endswith(", started 3 s ago")


def test_the_table_is_as_long_as_it_is_meant_to_be() -> None:
    assert len({*rows(COMMANDS), *rows(LINES), *rows(TOKENS)}) >= 240
    assert len({*rows(HARMLESS)}) >= 100


@pytest.mark.parametrize("row", rows(HARMLESS))
def test_what_is_no_secret_stays(row: str) -> None:
    assert safe(row) == row


def test_a_words_secret_leaves_the_other_words_alone() -> None:
    words = ("curl", "-H", "Authorization: Bearer abc12345", "-o", "f", "http://u:x@h/", "a b")
    hidden = ("curl", "-H", f"Authorization: Bearer {MASK}", "-o", "f", f"http://u:{MASK}@h/", "a b")
    assert argv_without_secrets(words) == hidden
    assert argv_without_secrets(("mysql", "-p", "shop")) == ("mysql", "-p", "shop")
    assert argv_without_secrets(()) == ()


def test_a_word_with_a_separator_in_it_is_still_one_word() -> None:
    assert argv_without_secrets(("a\x1fb", "--token=x1")) == ("a\x1fb", f"--token={MASK}")


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "--api-key", "FERNET_KEY", "PASS1", "dbPass", "clientSecret", "пароль"]
)
def test_names_of_secrets(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize(
    "name", ["primary_key", "monkey", "compass", "author", "tokenizer", "--key-file", "PWD", ""]
)
def test_names_of_others(name: str) -> None:
    assert not names_secret(name)


def test_a_word_of_a_sentence_is_no_secret() -> None:
    assert looks_secret("Hunter2x7k")
    for word in ("swordfish", "base64", "v1.2.3", "2026-11-30", "10s", "worker-12", "joe@example.com", "a1"):
        assert not looks_secret(word)


_PIECES = (
    "mysql -p|net user |password a b c d |key=|PASS |api key |password is |\x1f|a:b@|token is 'x', not "
    "|-p\x1f|https://x/hooks/|$2b$|<a>|echo x , |A0a/|“|</|-----BEGIN PRIVATE KEY-----"
)


@pytest.mark.parametrize("piece", _PIECES.split("|"))
def test_a_long_text_of_anything_comes_to_an_end(piece: str) -> None:
    """Patterns that backtrack take hours for this; a timeout would end it. Each rule has its cue."""
    assert without_secrets(f"{piece * (200_000 // len(piece))} {CUES}")


def _process(argv: list[str]) -> Process:
    return Process(id=ProcessId(7, 1.0), ppid=1, name=argv[0], argv=tuple(argv), user="me", uid=1)


RULES = (*WHOLE, HEADER, *ADDRESSES, *FORMS, *SENTENCES)
CUES = " ".join(cue for rule in RULES for cue in rule.cues)

# Groups that open, and then a class of characters without an end: nothing before it says where it may begin.
RUN_AT_ONCE = r"(?:\(\?i\)|\(\?P<\w+>|\(\?:|\()*(?:\[(?:\\.|[^\]\\])*\]|\\\w|\.)[+*]"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.source[:40])
def test_no_form_tries_a_long_word_again_from_each_of_its_letters(rule: Rule) -> None:
    """A command line of 64 kB took half a minute: a run without end has to begin where a word does."""
    assert re.match(RUN_AT_ONCE, rule.source) is None
