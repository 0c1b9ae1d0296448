"""One-liners in Perl, Ruby and PHP, which ghostfix does not parse: what their calls hand to a shell."""

import shlex
from collections.abc import Iterator

from ghostfix.model.pattern import Pattern

_CALL = Pattern(r"\b(?:exec|system|spawn|popen|passthru|shell_exec|proc_open)\b\s*\(?(?P<words>[^;)]*)")
_QUOTED = Pattern(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'")


def started_texts(code: str) -> Iterator[str]:
    """The shell text of each such call: its one string, or its strings as the words of a command."""
    for call in _CALL.finditer(code):
        strings = [each[1] or each[2] or "" for each in _QUOTED.finditer(call["words"])]
        if strings:
            yield strings[0] if len(strings) == 1 else shlex.join(strings)
