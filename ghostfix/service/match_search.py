"""Match search: regular expressions of a profile, searched for in other people's command lines.

A search can take longer than a machine lives: ``(a+)+$``, or a harmless pattern on the two megabytes that any
user may have for a command line. While Python searches, nothing else of this process runs, the clock of
``--timeout`` included. So a search that could last is done by ``system`` in another process, and ended there.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from ghostfix.model.errors import ExitCode, GhostfixError
from ghostfix.model.pattern import Pattern

_SECONDS = 5.0
"""All that the searches for patterns may take together; a watch of many days is given a tenth of its time."""
_SHARE = 0.1
_END = 4096
"""Characters that are searched at each end of a longer text. Until Linux 4.2 no tool saw more than 4,096 of a
command line. At the front is the program; at the end, behind a long class path, what it is to do."""
_QUICK = 10_000_000
"""Steps that a search may take here: about a tenth of a second."""
_MOST_KNOWN = 10_000
_CHOICE = Pattern(r"[*+{|]|(?<!\()\?")
_NESTED = Pattern(r"\)[*+{]")
SEARCHING = "/ghostfix/system/match_program.py"
"""How the path of the program ends that searches elsewhere: its process belongs to no service."""


class SearchError(GhostfixError):
    """A pattern could not be searched for in the time that there is."""

    exit_code = ExitCode.COULD_NOT_LOOK


Search = Callable[[str, str, float], bool]
"""Whether a pattern is found in a text, within so many seconds; raises TimeoutError or OSError."""


class Searches:
    """The searches of this process, and how much of their time is left."""

    def __init__(self, elsewhere: Search | None = None, seconds: float = _SECONDS) -> None:
        self.elsewhere = elsewhere
        """Where a search that could last is done; None: here, for a caller that can wait."""
        self._most = self._left = seconds
        self._at = monotonic()
        self._known: dict[tuple[str, str], bool] = {}

    def found(self, pattern: str, text: str) -> bool:
        """Whether the pattern is found in the text; raises SearchError when that takes too long."""
        text = _ends(text)
        if self.elsewhere is None:
            return re.search(pattern, text) is not None
        if steps(pattern, len(text)) <= _QUICK:
            with self._charged(pattern):
                return re.search(pattern, text) is not None
        if (pattern, text) not in self._known:
            with self._charged(pattern):
                answer = self.elsewhere(pattern, text, self._left)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[pattern, text] = answer
        return self._known[pattern, text]

    @contextmanager
    def _charged(self, pattern: str) -> Iterator[None]:
        """Takes the time of a search from what is left of it."""
        began = monotonic()
        self._left, self._at = min(self._most, self._left + (began - self._at) * _SHARE), began
        if self._left <= 0:
            raise _too_long(pattern, "it takes too long")
        try:
            yield
        except TimeoutError as error:
            raise _too_long(pattern, "it takes too long") from error
        except OSError as error:
            raise _too_long(pattern, str(error)) from error
        finally:
            self._left -= monotonic() - began


def steps(pattern: str, length: int) -> int:
    """How many steps a search may take at the worst, as far as the form of the pattern shows.

    From each character of the text, each repetition and each choice may go on to the text's end; repetitions
    within repetitions take as many steps as there are ways to share the text out among them.
    """
    choices = sum(1 for _ in _CHOICE.finditer(pattern))
    nested = 10 * sum(1 for _ in _NESTED.finditer(pattern))
    return int(max(length, 1) ** min(1 + choices + nested, 40))


def _too_long(pattern: str, why: str) -> SearchError:
    return SearchError(
        f"the command lines were not searched for `match`, {pattern[:200]!r}: {why}",
        "a pattern with fewer `*` and `+` is faster; `script` or `module` name the service without one",
    )


def _ends(text: str) -> str:
    return text if len(text) <= 2 * _END else f"{text[:_END]} {text[-_END:]}"


SEARCHES = Searches()
"""Those of this process. ``system`` gives them a place for what could last."""
