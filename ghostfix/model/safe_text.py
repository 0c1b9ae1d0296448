"""Text that came from the machine: secrets hidden, control characters written out.

Command lines, URLs, log lines and file names are written by the authors of other programs.
They carry secrets, and characters that move the cursor, recolour the screen or reverse the reading
direction. Nothing of that may reach a terminal, a ticket or a journal; so all text passes through
``shown`` or ``shown_argv`` on its way out.

What is a secret is ``secret``'s business.
"""

import re
from collections.abc import Sequence

from ghostfix.model.pattern import Pattern
from ghostfix.model.secret import argv_without_secrets, without_secrets
from ghostfix.model.secret_forms import CUT, MASK

# What is read of a text beyond what is shown, so that the end of a long secret is still seen.
_CUTS = 8
"""So often a text is cut and hidden again; each time less of it is left."""
_READ_AHEAD = 65_536

# Invisible although ``str.isprintable`` says otherwise: joiners, fillers and variation selectors.
_INVISIBLE = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800),
        (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)  # fmt: skip
_NOT_PLAIN = Pattern(r"[^\x20-\x7e]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# How Azure's, GitHub's and TeamCity's runners know a command in the middle of a line.
_MARKS = Pattern(r"##(?=\w{0,20}\[)")
_COMMAND_LINE = Pattern(r"(?m)^(?P<before>(?:\s|\x1b\[[0-9;]*m)*+)::(?=[^\W\d])")
_OWN_COLOURS = Pattern(r"(\n|\t|\x1b\[[0-9;]*m)")
_OWN_MOVES = Pattern(r"(\r|\n|\t|\x1b\[[0-9;?]*[A-Za-z])")
_NEEDS_QUOTES = Pattern(r"[^\w@%+=:,./\-]", re.ASCII)
_SPECIAL_IN_QUOTES = Pattern(r'[\\"$`]')
# The part of a word before its value, which stays outside the quotes: ``--name=``, ``NAME=``, ``-p``.
_BEFORE_VALUE = Pattern(r"-{0,2}[A-Za-z_][-\w.]*+=|-[A-Za-z]", re.ASCII)


def safe(text: str, limit: int = 500, *, reveal: bool = False) -> str:
    r"""Text safe to print anywhere: redacted, one line, no control marks, at most ``limit`` long.

    Control characters, direction marks and invisible ones are written as escapes (``\x1b``, ``\n``,
    ``\u202e``). ``reveal`` shows secrets, and nothing else changes. Giving its answer to it again
    changes nothing.
    """
    plain = written_out(text[: limit + _READ_AHEAD])
    safe = plain if reveal else without_secrets(plain)
    if len(safe) <= limit:
        return safe
    return _shortened(safe, limit) if reveal else _hidden_and_shortened(safe, limit)


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + CUT[:limit]


def _hidden_and_shortened(text: str, limit: int) -> str:
    """Shortened until nothing more of it reads as a secret: a cut may leave the beginning of one."""
    for _ in range(_CUTS):
        text = _shortened(text, limit)
        hidden = without_secrets(text)
        if hidden == text:
            break
        text = hidden
    return _shortened(text, limit)


def shown_argv(argv: Sequence[str], limit: int = 500, *, reveal: bool = False) -> str:
    """A command line safe to print, its words quoted as a shell would need them; empty for no words."""
    words = _within(argv, limit + _READ_AHEAD)
    if not reveal:
        words = list(argv_without_secrets(words))
    return safe(" ".join(_quoted(word) for word in words), limit, reveal=reveal)


def as_typed(argv: Sequence[str], limit: int = 300) -> str:
    """A command line in a shell's quotes, secrets and all, cut at about ``limit`` characters.

    It is for text that passes through ``shown`` later: the quotes keep each word in one piece, so that
    ``shown`` hides the whole of a secret that has blanks or marks in it.
    """
    words = _within(argv, limit)
    cut = "…" if sum(map(len, words)) < sum(map(len, argv)) else ""
    return " ".join(map(_quoted, words)) + cut


def written_out(text: str) -> str:
    """The same text on one line, with every control, direction and invisible character as an escape.

    The marks by which build servers know a command in the middle of a line get a blank: ``## [error]``.
    """
    if not (text.isascii() and text.isprintable()):
        text = _NOT_PLAIN.sub(lambda match: _visible(match.group()), text)
    return _MARKS.sub("## ", text) if "##" in text else text


def harmless(text: str, *, on_terminal: bool = False) -> str:
    """A whole output whose lines command neither a terminal nor a build server.

    Our own colours stay, and on a terminal our own movements. A line that would begin a workflow command
    gets a blank: ``: :error``. The runners take for one ``::name`` at the beginning of a line, blanks before
    it or not, and ``##[name`` anywhere (actions/runner, ``ActionCommand.cs``), ``##vso[`` anywhere
    (microsoft/azure-pipelines-agent, ``Command.cs``), and ``##teamcity[`` (TeamCity's service messages).
    """
    own = _OWN_MOVES if on_terminal else _OWN_COLOURS
    pieces = own.split(text)
    pieces[::2] = map(written_out, pieces[::2])
    return _COMMAND_LINE.sub(r"\g<before>: :", "".join(pieces))


def _visible(character: str) -> str:
    if character.isprintable() and character not in _INVISIBLE:
        return character
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _within(words: Sequence[str], length: int) -> list[str]:
    """As many words as make up ``length`` characters, the last one cut."""
    kept: list[str] = []
    for word in words:
        if length <= 0:
            break
        kept.append(word[:length])
        length -= len(word) + 1
    return kept


def _quoted(word: str) -> str:
    """The word as a shell would need it; the mask itself needs no quotes."""
    bare = word.replace(MASK, "")
    if word and not _NEEDS_QUOTES.search(bare):
        return word
    before = _BEFORE_VALUE.match(word)
    start = before.group() if before else ""
    rest = word[len(start) :]
    if "'" not in rest:
        return f"{start}'{rest}'"
    return start + '"' + _SPECIAL_IN_QUOTES.sub(r"\\\g<0>", rest) + '"'
