"""Trail: following a command through the scripts that it runs, to see whether it starts the service.

A word that occurs is no start: what counts is a command that runs the service, that tells the profile's
own manager to start it, or that runs a script in which such a command stands. Scripts are read as the
shell, Python or Node would run them, six deep at most, each once per way of being called.
"""

import posixpath
import re
from collections.abc import Iterable, Sequence

from msgspec import Struct, json, structs

from ghostfix.instance import runs_service
from ghostfix.invocation import Invocation, read_command
from ghostfix.job import Link, LinkKind, Place
from ghostfix.machine import System
from ghostfix.process import Variable
from ghostfix.reading import Confidence
from ghostfix.scripts.launcher import launches
from ghostfix.scripts.manager_command import starts_managed
from ghostfix.scripts.node_script import read_node
from ghostfix.scripts.python_script import read_python
from ghostfix.scripts.script import (
    SIZE_LIMIT,
    Command,
    Language,
    Loop,
    Scene,
    Script,
    follows,
    language_of,
    worst,
)
from ghostfix.scripts.shell_script import read_shell
from ghostfix.service import Service

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
_DEPTH = 6
_FILES = 200
# Programs that speak of others, look at them or end them: what stands in their words is not run.
_MENTIONS = frozenset(
    (
        "echo",
        "printf",
        "log",
        "logger",
        "cat",
        "tee",
        "grep",
        "egrep",
        "fgrep",
        "rg",
        "sed",
        "awk",
        "gawk",
        "ps",
        "pgrep",
        "pkill",
        "kill",
        "killall",
        "pidof",
        "fuser",
        "lsof",
        "test",
        "[",
        "[[",
        "cd",
        "export",
        "alias",
        "rm",
        "cp",
        "mv",
        "ln",
        "mkdir",
        "touch",
        "chmod",
        "chown",
        "tar",
        "gzip",
        "zip",
        "rsync",
        "scp",
        "ssh",
        "sleep",
        "wait",
        "trap",
        "find",
        "ls",
        "stat",
        "head",
        "tail",
        "less",
        "vi",
        "vim",
        "nano",
        "git",
        "mail",
        "notify-send",
        "osascript",
        "say",
        "crontab",
        "read",
        "type",
        "which",
        "whereis",
        "docker",
        "podman",
        "kubectl",
        "make",
        "pip",
        "pip3",
        "apt",
        "apt-get",
        "brew",
        "exit",
        "return",
        "unset",
        "set",
        "true",
        "false",
        ":",
        "dirname",
        "basename",
        "realpath",
        "readlink",
        "diff",
        "wc",
        "sort",
        "cut",
        "tr",
        "watchman",
    )
)
# Folders of the system's own programs: none of them is a script that starts a service.
_SYSTEM_FOLDERS = frozenset({"/bin", "/sbin", "/usr/bin", "/usr/sbin"})
_PACKAGE_RUNNERS = frozenset({"npm", "yarn", "pnpm", "bun"})


class Trail(Struct, frozen=True, kw_only=True):
    """How a command leads to the service."""

    link: Link
    confidence: Confidence
    guarded: bool = False
    """It looks first whether the service runs (``pgrep ... || start``, ``flock``, a PID file)."""
    loops: bool = False
    """Somewhere on the way a loop starts the service again and again."""
    guard: str = ""
    """The check that comes first, as it is written."""
    loop: Loop | None = None
    """The innermost of those loops."""
    own_loop: Loop | None = None
    """The loop in the command's own text, when it has one: a process with this command line is that loop."""
    background: bool = False
    """It does not wait for the service to end."""
    start: tuple[str, ...] = ()
    """The words of the command that starts the service, as far as they are known."""
    output: str | None = None
    """The file to which that command's output goes."""


class Search(Struct, frozen=True):
    """What following a command gave.

    ``problems`` names the scripts on the way that could not be read. ``again``: after one start, which it
    waits for, comes another one.
    """

    trail: Trail | None
    problems: tuple[str, ...] = ()
    again: bool = False


class _Found(Struct, frozen=True, kw_only=True):
    """One start of the service, below some command."""

    words: tuple[str, ...]
    confidence: Confidence
    hops: tuple[Place, ...] = ()
    guard: str = ""
    loop: Loop | None = None
    own_loop: Loop | None = None
    background: bool = False
    output: str | None = None
    command: Command | None = None
    """The command of the outermost text that leads to it."""


class _Program(Struct, frozen=True, kw_only=True):
    """A command to follow: its words and what it finds."""

    words: tuple[str, ...]
    cwd: str | None
    variables: tuple[Variable, ...] = ()
    stdin: str | None = None
    folder: str | None = None
    """The folder of the script in which it stands."""


def follow(
    system: System, service: Service, command: str, cwd: str, variables: tuple[Variable, ...] = ()
) -> Trail | None:
    """Reads shell text (a crontab command, ``sh -c`` code) run in ``cwd``; None when it is no start.

    ``variables`` are environment variables that it is known to have: a crontab's own, a plist's.
    """
    return search(system, service, command, cwd, variables).trail


def follow_argv(
    system: System, service: Service, argv: tuple[str, ...], cwd: str, variables: tuple[Variable, ...] = ()
) -> Trail | None:
    """The same for a command given as words (a plist's ProgramArguments, a process's argv)."""
    return search_argv(system, service, argv, cwd, variables).trail


def search(
    system: System, service: Service, command: str, cwd: str, variables: tuple[Variable, ...] = ()
) -> Search:
    """``follow``, with the scripts on the way that could not be read."""
    follower = _Follower(system, service)
    return follower.result(follower.text(command, _Program(words=(), cwd=cwd, variables=variables), 0))


def search_argv(
    system: System, service: Service, argv: tuple[str, ...], cwd: str, variables: tuple[Variable, ...] = ()
) -> Search:
    """``follow_argv``, with the scripts on the way that could not be read."""
    follower = _Follower(system, service)
    return follower.result(follower.program(_Program(words=argv, cwd=cwd, variables=variables), 0))


class _Follower:
    """One search: what was read, what could not be read, and the scripts that are being followed."""

    def __init__(self, system: System, service: Service) -> None:
        self._system = system
        self._service = service
        self._contents: dict[str, bytes | None] = {}
        self._problems: list[str] = []
        self._active: list[str] = []
        self._again: set[str] = set()
        self._known: dict[tuple[str, tuple[str, ...], str | None], tuple[_Found, ...]] = {}

    def result(self, found: Sequence[_Found]) -> Search:
        return Search(_trail(found), tuple(dict.fromkeys(self._problems)), _comes_again(found))

    # commands

    def text(self, text: str, program: _Program, depth: int) -> tuple[_Found, ...]:
        """Follows shell text that stands in no file."""
        scene = self._scene("", program, None)
        script = read_shell(text.encode(errors="surrogateescape"), scene, self._open)
        return self._commands(script, program, depth)

    def program(self, program: _Program, depth: int) -> tuple[_Found, ...]:
        """Follows one command to every start of the service that it leads to."""
        if depth > _DEPTH or not program.words or not program.words[0]:
            return ()
        found = self._direct(program.words, program, depth)
        if found or "$" not in program.words[0]:
            return found
        guesses = (self._direct(words, program, depth) for words in _guesses(program.words))
        return _less_sure(next((guess for guess in guesses if guess), ()), POSSIBLE)

    def _direct(self, words: tuple[str, ...], program: _Program, depth: int) -> tuple[_Found, ...]:
        launched = self._launched(words, program, depth)
        if launched is not None:
            return launched
        invocation = read_command(words)
        if invocation is None or invocation.name in _MENTIONS:
            return ()
        own = _own_words(invocation)
        if starts_managed(self._service, own):
            return (_Found(words=words, confidence=CERTAIN),)
        if not invocation.is_shell and runs_service(self._service, invocation, program.cwd):
            sure = LIKELY if program.cwd is None else CERTAIN
            return (_Found(words=words, confidence=sure, guard=_lock(words)),)
        if own != words:
            launched = self._launched(own, program, depth)
            if launched is not None:
                return launched
        found = self._inside(invocation, program, words, depth)
        lock = _lock(words)
        return tuple(structs.replace(each, guard=each.guard or lock) for each in found)

    def _launched(self, words: tuple[str, ...], program: _Program, depth: int) -> tuple[_Found, ...] | None:
        launch = launches(words, program.stdin)
        if launch is None:
            return None
        inner = structs.replace(program, words=launch.words, stdin=None)
        found = (
            self.program(inner, depth + 1)
            if launch.text is None
            else self.text(launch.text, inner, depth + 1)
        )
        if not launch.again:
            return found
        loop = Loop(line=0, text=launch.again, interval=launch.interval)
        return tuple(structs.replace(each, loop=each.loop or loop, own_loop=loop) for each in found)

    def _inside(
        self, invocation: Invocation, program: _Program, words: tuple[str, ...], depth: int
    ) -> tuple[_Found, ...]:
        """What the program's own text starts: its code, its script, its standard input."""
        if invocation.name == "run-parts":
            return self._folder(invocation, program, depth)
        if invocation.name in _PACKAGE_RUNNERS:
            return self._package(invocation, program, depth)
        if invocation.is_shell or invocation.code is not None:
            if invocation.code is not None:
                return self._code(invocation, program, depth)
            if invocation.script is None:
                return self.text(program.stdin, program, depth + 1) if program.stdin else ()
        if " " in invocation.program and "-c" in words:
            return self.text(invocation.program, program, depth + 1)
        if invocation.is_python and invocation.script in (None, "-") and invocation.module is None:
            code = structs.replace(invocation, code=program.stdin or "")
            return self._code(code, program, depth)
        if invocation.module is not None:
            return self._module(invocation, program, depth)
        return self._script(invocation, program, depth)

    def _code(self, invocation: Invocation, program: _Program, depth: int) -> tuple[_Found, ...]:
        code = invocation.code or ""
        scene = self._scene("", program, invocation.arguments[1:])
        content = code.encode(errors="surrogateescape")
        if invocation.is_shell:
            script = read_shell(content, scene, self._open)
        elif invocation.is_python:
            script = read_python(content, scene)
        else:
            script = read_node(content, scene)
        return self._commands(script, program, depth)

    def _module(self, invocation: Invocation, program: _Program, depth: int) -> tuple[_Found, ...]:
        """A Python module that is not the service may be a script that starts it."""
        if program.cwd is None or invocation.module is None:
            return ()
        base = posixpath.join(program.cwd, invocation.module.replace(".", "/"))
        for path in (f"{base}.py", f"{base}/__main__.py"):
            if self._system.status(path).value is not None:
                return self._file(path, invocation.arguments, program, depth)
        return ()

    def _script(self, invocation: Invocation, program: _Program, depth: int) -> tuple[_Found, ...]:
        given = invocation.script if invocation.script is not None else invocation.program
        for path, sure in self._places(given, program, called_by_name=invocation.script is None):
            if self._content(path) is not None:
                return _less_sure(self._file(path, invocation.arguments, program, depth), sure)
        return ()

    def _places(
        self, given: str, program: _Program, *, called_by_name: bool
    ) -> Iterable[tuple[str, Confidence]]:
        """Where a program or script may lie, with how sure that is."""
        if given.startswith("/"):
            if posixpath.dirname(given) not in _SYSTEM_FOLDERS:
                yield posixpath.normpath(given), CERTAIN
        elif called_by_name and "/" not in given:
            found = None if "$" in given else self._system.program(given)
            if found is not None and posixpath.dirname(found) not in _SYSTEM_FOLDERS:
                yield found, LIKELY
        elif given.startswith("~/"):
            yield posixpath.join(self._home(program), given[2:]), LIKELY
        elif "$" in given:
            # The folder is unknown: beside the script that names it, or in the service's own folder.
            rest = re.sub(r"^.*[$][^/]*/", "", given)
            if rest != given and "$" not in rest:
                for folder in (program.folder, program.cwd, self._service.directory):
                    if folder is not None:
                        yield posixpath.normpath(posixpath.join(folder, rest)), POSSIBLE
        elif program.cwd is not None:
            yield posixpath.normpath(posixpath.join(program.cwd, given)), CERTAIN
        elif program.folder is not None:
            yield posixpath.normpath(posixpath.join(program.folder, given)), POSSIBLE

    def _folder(self, invocation: Invocation, program: _Program, depth: int) -> tuple[_Found, ...]:
        """``run-parts FOLDER``: Debian's takes no name with a dot, cronie's does."""
        folders = [word for word in invocation.arguments if not word.startswith("-")]
        if not folders or program.cwd is None:
            return ()
        folder = posixpath.normpath(posixpath.join(program.cwd, folders[-1]))
        debian = self._system.status("/etc/debian_version").value is not None
        names = self._system.names(folder)
        if not names.complete:
            self._problems.append(f"{folder}: {names.problem}")
        found: list[_Found] = []
        for name in names.value:
            if debian and not re.fullmatch(r"[A-Za-z0-9_-]+", name):
                continue
            path = posixpath.join(folder, name)
            status = self._system.status(self._system.resolve(path)).value
            if status is not None and status.mode & 0o111:
                found.extend(self.program(structs.replace(program, words=(path,)), depth))
        return tuple(found)

    def _package(self, invocation: Invocation, program: _Program, depth: int) -> tuple[_Found, ...]:
        """``npm run x``: the line of ``package.json`` in the working directory."""
        words = [word for word in invocation.arguments if not word.startswith("-")]
        if words[:1] == ["run"] or words[:1] == ["run-script"]:
            words = words[1:]
        if not words or program.cwd is None:
            return ()
        path = posixpath.join(program.cwd, "package.json")
        content = self._content(path)
        line = _package_script(content, words[0]) if content is not None else None
        if content is None or line is None:
            return ()
        written = f'"{words[0]}"'
        lines = content.decode(errors="backslashreplace").splitlines()
        at = next((n for n, text in enumerate(lines, start=1) if written in text and ":" in text), None)
        place = Place(path, at, lines[at - 1].strip() if at else line)
        return _behind(place, self.text(line, program, depth + 1))

    # files

    def _file(
        self, path: str, arguments: tuple[str, ...], program: _Program, depth: int
    ) -> tuple[_Found, ...]:
        """Follows a script file, called with these arguments."""
        key = (path, arguments, program.cwd)
        if path in self._active:
            self._again.add(path)
            return ()
        if key in self._known:
            return self._known[key]
        content = self._content(path)
        language = None if content is None else language_of(path, content)
        if content is None or language is None:
            return ()
        scene = self._scene(path, program, arguments)
        self._active.append(path)
        found = self._commands(self._read(content, language, scene), program, depth + 1)
        self._active.pop()
        if path in self._again:
            loop = Loop(line=1, text="the script starts itself again")
            found = tuple(structs.replace(each, loop=each.loop or loop, own_loop=loop) for each in found)
        self._known[key] = found
        return found

    def _read(self, content: bytes, language: Language, scene: Scene) -> Script:
        if language is Language.SHELL:
            return read_shell(content, scene, self._open)
        return read_python(content, scene) if language is Language.PYTHON else read_node(content, scene)

    def _commands(self, script: Script, program: _Program, depth: int) -> tuple[_Found, ...]:
        found: list[_Found] = []
        for command in script.commands:
            inner = _Program(
                words=command.words,
                cwd=command.cwd,
                variables=command.variables,
                stdin=command.stdin,
                folder=posixpath.dirname(command.file) if command.file else program.folder,
            )
            found.extend(_seen_from(command, each) for each in self.program(inner, depth))
        return tuple(found)

    def _scene(self, path: str, program: _Program, arguments: tuple[str, ...] | None) -> Scene:
        return Scene(
            file=path,
            cwd=program.cwd,
            arguments=arguments,
            variables=program.variables,
            home=self._home(program),
        )

    def _home(self, program: _Program) -> str:
        home = next((entry.value for entry in program.variables if entry.name == "HOME"), None)
        return home or self._system.caller().home

    def _content(self, path: str) -> bytes | None:
        """A script's text; None for what is no text, is not there, or cannot be read (which is noted)."""
        if path in self._contents:
            return self._contents[path]
        if len(self._contents) >= _FILES:
            self._problems.append(f"more than {_FILES} scripts; {path} was not read")
            return None
        self._contents[path] = self._fetch(path)
        return self._contents[path]

    def _open(self, path: str) -> bytes | None:
        return self._content(path)

    def _fetch(self, path: str) -> bytes | None:
        beginning = self._system.read(path, 4096)
        if not beginning.complete:
            status = self._system.status(path)
            if status.value is not None or not status.complete:
                self._problems.append(f"{path}: {beginning.problem}")
            return None
        if b"\0" in beginning.value:
            return None
        if len(beginning.value) < 4096:
            return beginning.value
        whole = self._system.read(path, SIZE_LIMIT)
        return whole.value if whole.complete else beginning.value


def _own_words(invocation: Invocation) -> tuple[str, ...]:
    """The command without its wrappers, when it is a program with arguments."""
    if invocation.module is not None or invocation.code is not None:
        return (invocation.program,)
    script = () if invocation.script is None else (invocation.script,)
    return (invocation.program, *script, *invocation.arguments)


def _guesses(words: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """What a command may be whose program is a variable without a known value: ``$PYTHON -m service``."""
    rest = words[1:]
    if rest[:1] and (rest[0].startswith("-") or rest[0].endswith(".py")):
        yield ("python3", *rest)
    if rest[:1] and rest[0].endswith((".js", ".mjs", ".cjs")):
        yield ("node", *rest)
    if rest[:1]:
        yield rest


def _lock(words: Sequence[str]) -> str:
    """``flock FILE``, when the command runs under one."""
    for index, word in enumerate(words):
        if posixpath.basename(word) in ("flock", "lockf", "setlock"):
            return " ".join(words[index : index + 3])
        if not word.startswith("-") and posixpath.basename(word) in ("bash", "sh", "python", "python3"):
            return ""
    return ""


def _seen_from(command: Command, found: _Found) -> _Found:
    """A start as it looks from the script in which the command that leads to it stands."""
    via = tuple(place for place in command.via if place.file)
    here = (*via, command.place) if command.file else via
    sure = LIKELY if command.confidence is POSSIBLE else command.confidence
    return structs.replace(
        found,
        hops=(*here, *found.hops),
        confidence=worst(sure, found.confidence),
        guard=found.guard or command.guard,
        loop=found.loop or command.loop,
        own_loop=command.loop,
        background=found.background or command.background,
        command=command,
        output=found.output or command.output,
    )


def _behind(place: Place, found: Iterable[_Found]) -> tuple[_Found, ...]:
    return tuple(structs.replace(each, hops=(place, *each.hops)) for each in found)


def _less_sure(found: Iterable[_Found], sure: Confidence) -> tuple[_Found, ...]:
    return tuple(structs.replace(each, confidence=worst(sure, each.confidence)) for each in found)


def _trail(found: Sequence[_Found]) -> Trail | None:
    """The best of all starts: the surest; of those one in a loop; of those the first."""
    if not found:
        return None
    order = (CERTAIN, LIKELY, POSSIBLE)
    best = min(
        found, key=lambda each: (order.index(each.confidence), each.own_loop is None, each.loop is None)
    )
    return Trail(
        link=Link(LinkKind.RUNS_SCRIPT if best.hops else LinkKind.RUNS, best.hops),
        confidence=best.confidence,
        guarded=bool(best.guard),
        loops=best.loop is not None,
        guard=best.guard,
        loop=best.loop,
        own_loop=best.own_loop,
        background=best.background,
        start=best.words,
        output=best.output,
    )


def _comes_again(found: Sequence[_Found]) -> bool:
    commands = [(each.command, each.background) for each in found]
    return any(
        one is not None and other is not None and not background and follows(one, other)
        for index, (one, background) in enumerate(commands)
        for other, _ in commands[index + 1 :]
    )


class _Package(Struct):
    scripts: dict[str, str] = {}


def _package_script(content: bytes, name: str) -> str | None:
    try:
        return json.decode(content, type=_Package).scripts.get(name)
    except ValueError:
        return None
