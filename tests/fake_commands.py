"""The commands and URLs of the in-memory machine: canned answers, and programs that answer by themselves."""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn
from urllib.parse import urlsplit

from msgspec import structs

from ghostfix.model.machine import Caller, CommandAnswer, Platform
from ghostfix.model.snapshot import HttpAnswer
from tests.fake_process_acts import FakeProcessActs

Words = tuple[str, ...]
Program = Callable[[Words, bytes], CommandAnswer]
"""What a command answers, from its words and its standard input."""
Page = Callable[[bytes], HttpAnswer]
"""What a URL answers, from the body that was sent."""

UNEXPECTED: list[str] = []
"""What was asked of any in-memory machine that no test had foreseen; ``conftest`` fails the test for it."""


class FakeCommands(FakeProcessActs):
    """Answers commands and HTTP; what nobody listed raises AssertionError."""

    def __init__(self, platform: Platform, caller: Caller | None, now: float) -> None:
        super().__init__(platform, caller, now)
        self.asked: list[Words] = []
        """Every command that was run only to look, in order."""
        self.asked_as: list[str | None] = []
        """As whom each of them was run; None is the caller."""
        self._commands: dict[Words, Program] = {}
        self._programs: dict[Words, Program] = {}
        self._pages: dict[tuple[str, str], tuple[Page, bool]] = {}

    # building

    def add_command(
        self,
        argv: Sequence[str],
        answer: CommandAnswer | Program | None = None,
        *,
        stdout: bytes | str = b"",
        stderr: bytes | str = b"",
        status: int = 0,
    ) -> None:
        """What exactly this command answers: a text and a status, a whole answer, or a function's."""
        words = tuple(argv)
        if callable(answer):
            self._commands[words] = answer
        else:
            fixed = answer or answered(words, status, stdout, stderr)
            self._commands[words] = lambda asked, _: structs.replace(fixed, argv=asked)

    def add_programs(self, beginning: Sequence[str], program: Program) -> None:
        """Answers every command that begins with these words; the longest beginning answers."""
        self._programs[tuple(beginning)] = program

    def add_page(
        self,
        url: str,
        answer: HttpAnswer | Page | None = None,
        *,
        method: str = "GET",
        status: int = 200,
        body: str = "",
        needs_listener: bool = False,
    ) -> None:
        """What a URL answers; with ``needs_listener`` only while a process listens on its port."""
        if callable(answer):
            page = answer
        else:
            fixed = answer or HttpAnswer(url=url, status=status, body=body, elapsed=0.01)
            page = lambda _: fixed  # noqa: E731
        self._pages[method, url] = (page, needs_listener)

    # looking and acting

    def ask(
        self, argv: Sequence[str], timeout: float = 5.0, cwd: str | None = None, user: str | None = None
    ) -> CommandAnswer:
        self.asked.append(tuple(argv))
        self.asked_as.append(user)
        return self._run(tuple(argv), b"")

    def command(
        self,
        argv: Sequence[str],
        timeout: float,
        stdin: bytes = b"",
        cwd: str | None = None,
        user: str | None = None,
        *,
        to_its_end: bool = False,
    ) -> CommandAnswer:
        assert to_its_end or not stdin, "what is fed goes on without ghostfix, and nobody would wait for it"
        self._did("command", " ".join(argv), user or "")
        return self._run(tuple(argv), stdin)

    def attach(self, argv: Sequence[str], cwd: str, variables: Mapping[str, str]) -> int:
        self._did("attach", " ".join(argv), cwd)
        status = self._run(tuple(argv), b"").status
        return 127 if status is None else status

    def get(self, url: str, timeout: float, headers: Mapping[str, str] | None = None) -> HttpAnswer:
        return self._fetch("GET", url, b"")

    def post(
        self, url: str, body: bytes, timeout: float, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        self._did("post", url, body.decode(errors="backslashreplace"))
        return self._fetch("POST", url, body)

    # within

    def _run(self, words: Words, stdin: bytes) -> CommandAnswer:
        if words not in self._commands and "/" in words[0]:
            words = (self._in_real_folder(words[0]), *words[1:])
        program = self._commands.get(words)
        beginnings = sorted((each for each in self._programs if words[: len(each)] == each), key=len)
        if program is None and beginnings:
            program = self._programs[beginnings[-1]]
        if program is not None:
            return program(words, stdin)
        if words[0].startswith("/") and self.program(words[0]) is None:
            return CommandAnswer(argv=words, status=None, problem=f"{words[0]}: No such file or directory")
        return _unexpected(f"command {words!r}")

    def _in_real_folder(self, path: str) -> str:
        """By the name that its folder has without symlinks, when it is known by that alone."""
        if any(known[0] == path for known in (*self._commands, *self._programs)):
            return path
        folder, name = posixpath.split(path)
        return posixpath.join(self.resolve(folder), name)

    def _fetch(self, method: str, url: str, body: bytes) -> HttpAnswer:
        page, needs_listener = self._pages.get((method, url), (None, True))
        port = urlsplit(url).port
        if needs_listener and not any(socket.port == port for socket in self.sockets):
            return HttpAnswer(url=url, problem="Connection refused")
        return _unexpected(f"{method} {url}") if page is None else page(body)


def answered(
    argv: Sequence[str], status: int = 0, stdout: bytes | str = b"", stderr: bytes | str = b""
) -> CommandAnswer:
    """The answer of a command that ran to its end."""
    return CommandAnswer(argv=tuple(argv), status=status, stdout=_bytes(stdout), stderr=_bytes(stderr))


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _unexpected(what: str) -> NoReturn:
    UNEXPECTED.append(what)
    raise AssertionError(f"the in-memory machine was asked for what nobody listed: {what}")
