"""Node scripts: the commands that they run, found by their calls of ``child_process``.

The text is read, not parsed: comments are blanked out, and of ``spawn``, ``exec``, ``execFile``, ``fork`` and
their ``Sync`` kin those with literal words, or with names that are bound to literals, are understood.
"""

import posixpath
import re
from collections.abc import Sequence
from itertools import islice

from ghostfix.pattern import Pattern
from ghostfix.reading import Confidence
from ghostfix.scripts.script import SIZE_LIMIT, Command, Loop, Scene, Script, worst

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
_STRING = r"""'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`"""
_TOKEN = Pattern(rf"({_STRING})|(//[^\n]*|/\*.*?\*/)", re.DOTALL)
_CALL = Pattern(
    r"(?<![\w$.])(?:(\w+)\.|require\([^)]*child_process[^)]*\)\.)?"
    r"(spawn|spawnSync|exec|execSync|execFile|execFileSync|fork)\s*\("
)
_BINDING = Pattern(rf"(?:const|let|var)\s+(\w+)\s*(?::\s*[\w\[\]]+)?\s*=\s*({_STRING}|\[[^\]]*\]|[^;\n]+)")
_INTERVAL = Pattern(r"setInterval\s*\(.*?,\s*([\w.* ]+)\s*\)", re.DOTALL)
_ON_EXIT = Pattern(r"""\.on\(\s*['"](exit|close)['"]""")
_CHECK = Pattern(r"if\s*\(([^{}]*?(?:running|alive|health|status|pid|check|isUp)[^{}]*?)\)", re.IGNORECASE)
_CWD = Pattern(rf"\bcwd\s*:\s*({_STRING}|[\w.]+(?:\([^)]*\))?)")
_CALLS = 500


def read_node(source: bytes, scene: Scene) -> Script:
    """The commands that a Node program starts, in the order of the text."""
    problem = None if len(source) <= SIZE_LIMIT else f"only its first {SIZE_LIMIT} bytes were read"
    text = _TOKEN.sub(_without_comment, source[:SIZE_LIMIT].decode(errors="backslashreplace"))
    reader = _Reader(text, scene)
    every = list(islice(_CALL.finditer(text), _CALLS + 1))
    if len(every) > _CALLS:
        problem = problem or f"only its first {_CALLS} calls were read"
    calls = [match for match in every[:_CALLS] if not _in_string(text, match.start())]
    commands = [command for match in calls if (command := reader.command(match)) is not None]
    return Script(commands=tuple(commands), problem=problem)


class _Reader:
    def __init__(self, text: str, scene: Scene) -> None:
        self._text = text
        self._lines = text.splitlines()
        self._scene = scene
        self._bound = {match.group(1): match.group(2) for match in _BINDING.finditer(text)}
        self._loop = self._find_loop()

    def command(self, match: re.Match[str]) -> Command | None:
        owner, called = match.group(1), match.group(2)
        if owner is not None and called.startswith("exec") and not self._is_child_process(owner):
            return None  # a regular expression's ``exec``
        arguments = _arguments(self._text, match.end())
        if not arguments:
            return None
        words, sure = self._words(called.removesuffix("Sync"), arguments)
        line = self._text.count("\n", 0, match.start()) + 1
        before = self._text[max(0, match.start() - 400) : match.start()]
        checks = _CHECK.compiled.findall(before)
        return Command(
            words=words,
            line=line,
            text=self._lines[line - 1].strip(),
            file=self._scene.file,
            confidence=sure,
            cwd=self._cwd(arguments[1:]),
            loop=self._loop,
            guard=f"if ({checks[-1].strip()})" if checks else "",
            background=not called.endswith("Sync"),
            variables=self._scene.variables,
        )

    def _words(self, called: str, arguments: Sequence[str]) -> tuple[tuple[str, ...], Confidence]:
        program, sure = self._value(arguments[0])
        if called == "exec":
            return ("/bin/sh", "-c", program), sure
        rest, also = self._list(arguments[1]) if len(arguments) > 1 else ((), CERTAIN)
        if called == "fork":
            return ("node", program, *rest), worst(sure, also)
        if any("shell: true" in argument for argument in arguments[1:]):
            return ("/bin/sh", "-c", " ".join((program, *rest))), worst(sure, also)
        return (program, *rest), worst(sure, also)

    def _list(self, written: str) -> tuple[tuple[str, ...], Confidence]:
        written = self._bound.get(written, written).strip()
        if not written.startswith("["):
            return (), CERTAIN if written.startswith("{") else POSSIBLE
        values = [self._value(part) for part in _split(written[1:].rstrip("]"))]
        return tuple(text for text, _ in values), worst(*(sure for _, sure in values))

    def _value(self, written: str, deep: int = 4) -> tuple[str, Confidence]:
        """The text of an expression; ``$name`` for what is not known."""
        written = written.strip().rstrip(";").strip()
        if re.fullmatch(_STRING, written, re.DOTALL):
            return (
                self._template(written[1:-1], deep) if written[0] == "`" else (_plain(written[1:-1]), CERTAIN)
            )
        if written == "__dirname" and self._scene.file:
            return posixpath.dirname(self._scene.file), CERTAIN
        if written == "__filename" and self._scene.file:
            return self._scene.file, CERTAIN
        if written == "process.execPath":
            return "node", CERTAIN
        if written == "process.cwd()" and self._scene.cwd is not None:
            return self._scene.cwd, CERTAIN
        joined = re.fullmatch(r"(?:path\.)?(?:join|resolve)\((.*)\)", written, re.DOTALL)
        if joined and deep > 0:
            parts = [self._value(part, deep - 1) for part in _split(joined.group(1))]
            path = posixpath.normpath(posixpath.join("", *(text for text, _ in parts)))
            return path, worst(*(sure for _, sure in parts))
        if "||" in written and deep > 0:
            text, sure = self._value(written.rpartition("||")[2], deep - 1)
            return text, worst(sure, LIKELY)
        if written in self._bound and deep > 0:
            return self._value(self._bound[written], deep - 1)
        return f"${written}", POSSIBLE

    def _template(self, inner: str, deep: int) -> tuple[str, Confidence]:
        """A template string, its ``${names}`` filled in as far as they are known."""
        sure = CERTAIN
        parts = re.split(r"\$\{([^}]*)\}", inner)
        for index in range(1, len(parts), 2):
            parts[index], one = self._value(parts[index], deep - 1) if deep > 0 else (parts[index], POSSIBLE)
            sure = worst(sure, one)
        return _plain("".join(parts)), sure

    def _cwd(self, arguments: Sequence[str]) -> str | None:
        given = next((match for argument in arguments if (match := _CWD.search(argument))), None)
        if given is None:
            return self._scene.cwd
        text, sure = self._value(given.group(1))
        if sure is POSSIBLE:
            return None
        return posixpath.normpath(posixpath.join(self._scene.cwd or "/", text))

    def _is_child_process(self, owner: str) -> bool:
        if owner in ("child_process", "childProcess", "cp"):
            return True
        return (
            re.search(rf"\b{re.escape(owner)}\b[^;\n]*['\"](?:node:)?child_process['\"]", self._text)
            is not None
        )

    def _find_loop(self) -> Loop | None:
        """What makes the program start things again: an interval, or an exit that it listens for."""
        match = _INTERVAL.search(self._text)
        if match is not None:
            line = self._text.count("\n", 0, match.start()) + 1
            return Loop(line=line, text="setInterval", interval=self._milliseconds(match.group(1)))
        match = _ON_EXIT.search(self._text) or re.search(r"while\s*\(\s*(?:true|1)\s*\)", self._text)
        if match is None:
            return None
        line = self._text.count("\n", 0, match.start()) + 1
        return Loop(line=line, text=self._text.splitlines()[line - 1].strip())

    def _milliseconds(self, written: str) -> float | None:
        written = self._bound.get(written.strip(), written)
        product = 1.0
        for factor in written.split("*"):
            if not re.fullmatch(r"\s*[0-9_.]+\s*", factor):
                return None
            product *= float(factor.replace("_", ""))
        return product / 1000


def _without_comment(match: re.Match[str]) -> str:
    """Strings stay; of a comment only the line ends do, so that line numbers hold."""
    string, comment = match.groups()
    return string if string is not None else "\n" * comment.count("\n")


def _in_string(text: str, position: int) -> bool:
    start = text.rfind("\n", 0, position) + 1
    return any(
        match.start() + start < position < match.end() + start
        for match in re.finditer(_STRING, text[start : position + 200])
    )


def _arguments(text: str, start: int) -> list[str]:
    """The arguments of the call whose parenthesis opens before ``start``."""
    depth, position = 1, start
    for match in re.finditer(rf"{_STRING}|[(\[{{]|[)\]}}]", text[start : start + 4000], re.DOTALL):
        if match.group(0) in "([{":
            depth += 1
        elif match.group(0) in ")]}":
            depth -= 1
        position = start + match.start()
        if depth == 0:
            break
    return _split(text[start:position])


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no string and no bracket."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(rf"{_STRING}|[(\[{{]|[)\]}}]|,", text, re.DOTALL):
        mark = match.group(0)
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
        elif mark == "," and depth == 0:
            parts.append(text[start : match.start()].strip())
            start = match.end()
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match.group(1), match.group(1)), text)
