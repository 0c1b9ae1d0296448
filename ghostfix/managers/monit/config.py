"""monit's control file: the processes that it checks, and the commands with which it starts each.

The language is that of monit(1): words, quoted texts and braces; ``#`` starts a comment; filler words such
as ``is`` and ``with`` mean nothing.
"""

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

from ghostfix.model.pattern import Pattern

_TOKEN = Pattern(r"""#[^\n]*|"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|([{}=])|([^\s"'#{}=,;]+)|[,;]""")
_FILLERS = frozenset({"=", "is", "as", "with", "using", "the", "program", "on", "a"})
_UNITS = {"second": 1, "seconds": 1, "minute": 60, "minutes": 60, "hour": 3600, "hours": 3600}


class MonitCommand(Struct, frozen=True, kw_only=True):
    """A command of a check, and where it is written."""

    verb: str
    """``start``, ``restart``, or ``exec`` (of ``if ... then exec``)."""
    text: str
    line: int


class MonitCheck(Struct, frozen=True, kw_only=True):
    """One ``check process`` (or another kind of check that runs commands)."""

    name: str
    kind: str
    """``process``, ``host``, ``program``, ``file``, ..."""
    file: str
    line: int
    pidfile: str | None = None
    matching: str | None = None
    commands: tuple[MonitCommand, ...] = ()
    passive: bool = False
    """``mode passive``: it only sends alerts."""
    restarts: bool = True
    """Whether it starts a process that does not exist: unless ``if not exist then`` says otherwise."""
    depends: tuple[str, ...] = ()


class MonitConfig(Struct, frozen=True, kw_only=True):
    """The checks of one file, the patterns of the files that it includes, and the seconds of a cycle."""

    checks: tuple[MonitCheck, ...] = ()
    includes: tuple[str, ...] = ()
    period: int | None = None


class _Word(Struct, frozen=True):
    text: str
    line: int
    quoted: bool = False


def read_config(text: str, file: str) -> MonitConfig:
    """The facts of one file; statements that are none of these are passed over."""
    words = _words(text)
    starts = [index for index in range(len(words)) if _begins(words, index)]
    checks: list[MonitCheck] = []
    includes: list[str] = []
    period = None
    for start, end in zip(starts, [*starts[1:], len(words)], strict=False):
        part = words[start:end]
        first = part[0].text.lower()
        if first == "check" and len(part) > 2:
            checks.append(_check(part, file))
        elif first == "include" and len(part) > 1:
            includes.append(part[1].text)
        elif first == "set" and len(part) > 2 and part[1].text.lower() == "daemon":
            period = _period(part[2:])
    return MonitConfig(checks=tuple(checks), includes=tuple(includes), period=period)


def _words(text: str) -> list[_Word]:
    words: list[_Word] = []
    line = 1
    position = 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        double, single, mark, bare = match.groups()
        if double is not None or single is not None:
            words.append(_Word(double if double is not None else single, line, quoted=True))
        elif mark or bare:
            words.append(_Word(mark or bare, line))
    return words


def _begins(words: Sequence[_Word], index: int) -> bool:
    word = words[index]
    if word.quoted or word.text.lower() not in ("check", "set", "include"):
        return False
    return word.text.lower() == "include" or index + 1 < len(words)


def _check(part: Sequence[_Word], file: str) -> MonitCheck:
    lower = [word.text.lower() if not word.quoted else "" for word in part]
    return MonitCheck(
        name=part[2].text,
        kind=lower[1],
        file=file,
        line=part[0].line,
        pidfile=_after(part, lower, "pidfile"),
        matching=_after(part, lower, "matching") or _after(part, lower, "match"),
        commands=_commands(part, lower),
        passive=any(pair == ("mode", "passive") for pair in pairwise(lower)),
        restarts=_restarts(lower),
        depends=_depends(part, lower),
    )


def _commands(part: Sequence[_Word], lower: Sequence[str]) -> tuple[MonitCommand, ...]:
    found = []
    for index in range(3, len(part)):
        if lower[index] not in ("start", "restart", "exec"):
            continue
        after = index + 1
        while after < len(part) and not part[after].quoted and lower[after] in _FILLERS:
            after += 1
        if after < len(part) and (part[after].quoted or part[after].text.startswith("/")):
            found.append(MonitCommand(verb=lower[index], text=part[after].text, line=part[after].line))
    return tuple(found)


def _restarts(lower: Sequence[str]) -> bool:
    """What ``if [does] not exist ... then ACTION`` says; monit's own answer is a restart."""
    for index, word in enumerate(lower):
        if word != "not" or index + 1 >= len(lower) or not lower[index + 1].startswith("exist"):
            continue
        rest = lower[index:]
        action = rest[rest.index("then") + 1 : rest.index("then") + 2] if "then" in rest else []
        return action[:1] in (["restart"], ["start"], ["exec"])
    return True


def _depends(part: Sequence[_Word], lower: Sequence[str]) -> tuple[str, ...]:
    if "depends" not in lower:
        return ()
    found = []
    for index in range(lower.index("depends") + 1, len(part)):
        if lower[index] == "on":
            continue
        if lower[index] in ("if", "start", "stop", "restart", "every", "group", "mode", "onreboot"):
            break
        found.append(part[index].text)
    return tuple(found)


def _after(part: Sequence[_Word], lower: Sequence[str], name: str) -> str | None:
    """The text after ``[with] pidfile`` or ``matching``, among the first words of a check."""
    return next((part[index + 1].text for index in range(3, len(part) - 1) if lower[index] == name), None)


def _period(words: Sequence[_Word]) -> int | None:
    if not words[0].text.isdigit():
        return None
    unit = words[1].text.lower() if len(words) > 1 else "seconds"
    return int(words[0].text) * _UNITS.get(unit, 1)
