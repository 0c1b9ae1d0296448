"""A regular expression that is compiled when it is first used."""

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import AnyStr, Generic, Protocol


class _Finder(Protocol[AnyStr]):
    def __call__(self, string: AnyStr, pos: int = ..., /) -> re.Match[AnyStr] | None: ...


class _Finders(Protocol[AnyStr]):
    def __call__(self, string: AnyStr, /) -> Iterator[re.Match[AnyStr]]: ...


class _Splitter(Protocol[AnyStr]):
    def __call__(self, string: AnyStr, /) -> list[AnyStr]: ...


class _Replacer(Protocol[AnyStr]):
    def __call__(
        self, repl: AnyStr | Callable[[re.Match[AnyStr]], AnyStr], string: AnyStr, count: int = ...
    ) -> AnyStr: ...


class Pattern(Generic[AnyStr]):
    """As ``re.compile``, for modules: most questions load many patterns and use few.

    A method is looked up once; from then on it is the compiled pattern's own, and costs nothing more.
    Two threads may compile the same pattern at once; both get the same. A mistake in the expression is
    not raised before its first use, so a test compiles them all.
    """

    def __init__(self, source: AnyStr, flags: int = 0) -> None:
        self.source: AnyStr = source
        self.flags = flags

    @cached_property
    def compiled(self) -> re.Pattern[AnyStr]:
        """The pattern itself; raises ``re.error`` when the expression is none."""
        return re.compile(self.source, self.flags)

    @cached_property
    def match(self) -> _Finder[AnyStr]:
        """As ``re.Pattern.match``; so are the others."""
        return self.compiled.match

    @cached_property
    def fullmatch(self) -> _Finder[AnyStr]:
        """The whole text."""
        return self.compiled.fullmatch

    @cached_property
    def search(self) -> _Finder[AnyStr]:
        """The first match anywhere."""
        return self.compiled.search

    @cached_property
    def finditer(self) -> _Finders[AnyStr]:
        """Each match in turn."""
        return self.compiled.finditer

    @cached_property
    def split(self) -> _Splitter[AnyStr]:
        """The text between the matches, and each group of theirs in between."""
        return self.compiled.split

    @cached_property
    def sub(self) -> _Replacer[AnyStr]:
        """The text with its matches replaced."""
        return self.compiled.sub
