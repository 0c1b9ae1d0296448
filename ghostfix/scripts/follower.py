"""Follower: from a command to the starts of the service, through every script on the way."""

import posixpath
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import structs

from ghostfix.model.invocation import Invocation, read_command
from ghostfix.model.job import Place
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service
from ghostfix.scripts.ghostfix_run_command import GUARD, OwnRun, read_own_run
from ghostfix.scripts.manager_command import starts_managed
from ghostfix.scripts.non_starting_programs import MENTIONS
from ghostfix.scripts.one_liner import started_texts
from ghostfix.scripts.package_json import script_line
from ghostfix.scripts.program import Program
from ghostfix.scripts.python_script import read_python
from ghostfix.scripts.script import Language, Loop, Scene, Script, language_of
from ghostfix.scripts.script_files import ScriptFiles
from ghostfix.scripts.service_start import ServiceStart, behind, less_sure, seen_from
from ghostfix.scripts.shell_script import read_shell
from ghostfix.scripts.task_runner import TaskCall, recipes, task_call
from ghostfix.scripts.wrappers import is_launcher, launches
from ghostfix.service.instance import runs_service

_DEPTH = 6
_OTHER_LANGUAGES = ("perl", "ruby", "php")
_PACKAGE_RUNNERS = frozenset({"npm", "yarn", "pnpm", "bun"})


_PLAIN = Pattern(
    r"\s*(?P<words>/[\w./@%+,:=-]++(?:[ \t]++[\w./@%+,:=-]++)*+)(?: ?>>? ?/dev/null)?(?: 2>&1)?\s*"
)
"""One command by its path, and words that mean themselves: most lines of most crontabs."""


class Follower:
    """One search: what was read, what could not be read, and the scripts that are being followed."""

    def __init__(self, system: System, service: Service) -> None:
        self._service = service
        self._managers = system.managers
        self._files = ScriptFiles(system, service.directory)
        self._unfollowed: list[str] = []
        self._active: list[str] = []
        self._again: set[str] = set()
        self._known: dict[tuple[str, tuple[str, ...], str | None], tuple[ServiceStart, ...]] = {}

    @property
    def problems(self) -> tuple[str, ...]:
        """The scripts that could not be read, each once."""
        return tuple(dict.fromkeys(self._files.problems))

    @property
    def unfollowed(self) -> tuple[str, ...]:
        """The Node scripts in the service's folder that start what could not be followed, each once.

        Those of libraries are left out: they run what they are handed by a script that is read as well.
        """
        return tuple(dict.fromkeys(self._unfollowed))

    # commands

    def text(self, text: str, program: Program, depth: int) -> tuple[ServiceStart, ...]:
        """Follows shell text that stands in no file."""
        plain = _PLAIN.fullmatch(text)
        if plain is not None:
            # Nothing for a shell to read: where the words lead nowhere, its parser need not find them first.
            inner = structs.replace(program, words=tuple(plain["words"].split()), stdin=None)
            if not self.program(inner, depth):
                return ()
        scene = self._scene("", program, None)
        script = read_shell(text.encode(errors="surrogateescape"), scene, self._files.content)
        return self._commands(script, program, depth)

    def program(self, program: Program, depth: int) -> tuple[ServiceStart, ...]:
        """Follows one command to every start of the service that it leads to."""
        if depth > _DEPTH or not program.words or not program.words[0]:
            return ()
        found = self._direct(program.words, program, depth)
        if found or "$" not in program.words[0]:
            return found
        guesses = (self._direct(words, program, depth) for words in _guesses(program.words))
        return less_sure(next((guess for guess in guesses if guess), ()), Confidence.POSSIBLE)

    def _direct(self, words: tuple[str, ...], program: Program, depth: int) -> tuple[ServiceStart, ...]:
        launched = self._launched(words, program, depth)
        if launched is not None:
            return launched
        invocation = read_command(words)
        if invocation is None or invocation.name in MENTIONS or _only_reads(invocation, words):
            return ()
        program = self._in_its_folder(words, invocation, program)
        own_run = read_own_run(invocation)
        if own_run is not None:
            return self._own_run(own_run, words, program, depth)
        own = _own_words(invocation)
        if starts_managed(self._service, own, self._managers):
            return (ServiceStart(words=words, confidence=Confidence.CERTAIN),)
        if not invocation.is_shell and runs_service(self._service, invocation, program.cwd):
            sure = Confidence.LIKELY if program.cwd is None else Confidence.CERTAIN
            return (ServiceStart(words=words, confidence=sure, guard=_lock(words)),)
        if own != words:
            launched = self._launched(own, program, depth)
            if launched is not None:
                return launched
        found = self._inside(invocation, program, words, depth) or self._prefixed(invocation, program, depth)
        lock = _lock(words)
        return tuple(structs.replace(each, guard=each.guard or lock) for each in found)

    def _in_its_folder(self, words: Sequence[str], invocation: Invocation, program: Program) -> Program:
        """The surroundings with the folder that an option before the command names: ``env -C DIR``."""
        runs = next((each for each in (invocation.program, invocation.script) if each in words), None)
        folder = None if runs is None else self._folder_option(words[: words.index(runs)])
        return program if folder is None else structs.replace(program, cwd=folder)

    def _folder_option(self, words: Sequence[str]) -> str | None:
        """The last folder that stands as an option's value, whatever the option is called.

        ``-C``, ``-D``, ``--chdir=``, ``--cwd``, ``--working-directory=``: each program has its own.
        """
        found: str | None = None
        for option, value in pairwise((*words, "")):
            given = option.partition("=")[2] if option.startswith("--") and "=" in option else value
            if option.startswith("-") and given.startswith("/") and self._files.is_folder(given):
                found = given
        return found

    def _prefixed(self, invocation: Invocation, program: Program, depth: int) -> tuple[ServiceStart, ...]:
        """An unknown program with an interpreter and what it runs among its words: it likely runs that."""
        if _interprets(invocation) or invocation.is_shell or is_launcher(invocation.name):
            return ()
        for index, word in enumerate(invocation.arguments[:-1]):
            inner = read_command(invocation.arguments[index:])
            if inner is None or inner.program != word or not _interprets(inner):
                continue
            folder = self._folder_option(invocation.arguments[:index]) or program.cwd
            rest = structs.replace(program, words=invocation.arguments[index:], cwd=folder, stdin=None)
            return less_sure(self.program(rest, depth + 1), Confidence.LIKELY)
        return ()

    def _own_run(
        self, run: OwnRun, words: tuple[str, ...], program: Program, depth: int
    ) -> tuple[ServiceStart, ...]:
        """The command behind ``--``, or the profile's own start; it takes a lock either way."""
        if run.command:
            found = self.program(structs.replace(program, words=run.command), depth + 1)
            return tuple(structs.replace(each, guard=GUARD) for each in found)
        if not run.means(self._service, program.cwd):
            return ()
        sure = Confidence.LIKELY if program.cwd is None else Confidence.CERTAIN
        return (ServiceStart(words=words, confidence=sure, guard=GUARD),)

    def _launched(
        self, words: tuple[str, ...], program: Program, depth: int
    ) -> tuple[ServiceStart, ...] | None:
        launch = launches(words, program.stdin)
        if launch is None:
            return None
        size = len(words) - len(launch.words) if launch.words else len(words)
        folder = self._folder_option(words[: max(size, 0)]) or program.cwd
        inner = structs.replace(program, words=launch.words, stdin=None, cwd=folder)
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
        self, invocation: Invocation, program: Program, words: tuple[str, ...], depth: int
    ) -> tuple[ServiceStart, ...]:
        """What the program's own text starts: its code, its script, its standard input."""
        if invocation.name == "run-parts":
            return self._folder(invocation, program, depth)
        if invocation.name in _PACKAGE_RUNNERS:
            return self._package(invocation, program, depth)
        folder = self._folder_option(invocation.arguments)
        task = task_call(invocation.name, invocation.arguments, folder)
        if task is not None:
            return self._task(task, folder, program, depth)
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
            return self._module(invocation, program, words, depth)
        return self._script(invocation, program, depth)

    def _code(self, invocation: Invocation, program: Program, depth: int) -> tuple[ServiceStart, ...]:
        code = invocation.code or ""
        scene = self._scene("", program, invocation.arguments[1:])
        content = code.encode(errors="surrogateescape")
        if invocation.is_shell:
            script = read_shell(content, scene, self._files.content)
        elif invocation.is_python:
            script = read_python(content, scene)
        elif invocation.name.startswith(_OTHER_LANGUAGES):
            texts = started_texts(code)
            found = (start for text in texts for start in self.text(text, program, depth + 1))
            return less_sure(found, Confidence.LIKELY)
        else:
            script = _read_node(content, scene)
        return self._commands(script, program, depth)

    def _module(
        self, invocation: Invocation, program: Program, words: tuple[str, ...], depth: int
    ) -> tuple[ServiceStart, ...]:
        """A Python module that is not the service may be a script that starts it."""
        if program.cwd is None or invocation.module is None:
            return ()
        base = posixpath.join(program.cwd, invocation.module.replace(".", "/"))
        for path in (f"{base}.py", f"{base}/__main__.py"):
            if self._service.script is not None and path == self._service.path(self._service.script):
                return (ServiceStart(words=words, confidence=Confidence.CERTAIN),)
            if self._files.is_there(path):
                return self._file(path, invocation.arguments, program, depth)
        return ()

    def _script(self, invocation: Invocation, program: Program, depth: int) -> tuple[ServiceStart, ...]:
        given = invocation.script if invocation.script is not None else invocation.program
        for path, sure in self._files.places(given, program, called_by_name=invocation.script is None):
            if self._files.content(path) is not None:
                return less_sure(self._file(path, invocation.arguments, program, depth), sure)
        return ()

    def _folder(self, invocation: Invocation, program: Program, depth: int) -> tuple[ServiceStart, ...]:
        """``run-parts FOLDER``."""
        folders = [word for word in invocation.arguments if not word.startswith("-")]
        if not folders or program.cwd is None:
            return ()
        folder = posixpath.normpath(posixpath.join(program.cwd, folders[-1]))
        inner = (structs.replace(program, words=(path,)) for path in self._files.parts(folder))
        return tuple(start for each in inner for start in self.program(each, depth))

    def _task(
        self, call: TaskCall, folder: str | None, program: Program, depth: int
    ) -> tuple[ServiceStart, ...]:
        """What a task runner's file gives to a shell for this call."""
        for name in call.files:
            path = posixpath.normpath(posixpath.join(folder or program.cwd or "/", name))
            content = self._files.content(path)
            if content is None:
                continue
            inner = structs.replace(program, cwd=folder or call.folder_of(path) or program.cwd, stdin=None)
            found: list[ServiceStart] = []
            for recipe in recipes(content, path, call):
                place = Place(path, recipe.line, recipe.text)
                found.extend(behind(place, self.text(recipe.text, inner, depth + 1)))
            return tuple(found)
        return ()

    def _package(self, invocation: Invocation, program: Program, depth: int) -> tuple[ServiceStart, ...]:
        """``npm run x``: the line of ``package.json`` in the working directory."""
        words = [word for word in invocation.arguments if not word.startswith("-")]
        folder = self._folder_option(invocation.arguments)
        words = [word for word in words if word != folder]
        folder = folder or program.cwd
        if words[:1] == ["run"] or words[:1] == ["run-script"]:
            words = words[1:]
        if not words or folder is None:
            return ()
        program = structs.replace(program, cwd=folder)
        path = posixpath.join(folder, "package.json")
        content = self._files.content(path)
        entry = None if content is None else script_line(content, words[0])
        if entry is None:
            return ()
        place = Place(path, entry.line, entry.written)
        return behind(place, self.text(entry.text, program, depth + 1))

    # files

    def _file(
        self, path: str, arguments: tuple[str, ...], program: Program, depth: int
    ) -> tuple[ServiceStart, ...]:
        """Follows a script file, called with these arguments."""
        key = (path, arguments, program.cwd)
        if path in self._active:
            self._again.add(path)
            return ()
        if key in self._known:
            return self._known[key]
        content = self._files.content(path)
        language = None if content is None else language_of(path, content)
        if content is None or language is None:
            return ()
        scene = self._scene(path, program, arguments)
        self._active.append(path)
        script = self._read(content, language, scene)
        own = path.startswith(f"{self._service.directory}/") and "/node_modules/" not in path
        if language is Language.NODE and script.problem is not None and own:
            self._unfollowed.append(f"{path}: {script.problem}")
        found = self._commands(script, program, depth + 1)
        self._active.pop()
        if path in self._again:
            loop = Loop(line=1, text="the script starts itself again")
            found = tuple(structs.replace(each, loop=each.loop or loop, own_loop=loop) for each in found)
        self._known[key] = found
        return found

    def _read(self, content: bytes, language: Language, scene: Scene) -> Script:
        if language is Language.SHELL:
            return read_shell(content, scene, self._files.content)
        return read_python(content, scene) if language is Language.PYTHON else _read_node(content, scene)

    def _commands(self, script: Script, program: Program, depth: int) -> tuple[ServiceStart, ...]:
        found: list[ServiceStart] = []
        for command in script.commands:
            inner = Program(
                words=command.words,
                cwd=command.cwd,
                variables=command.variables,
                stdin=command.stdin,
                folder=posixpath.dirname(command.file) if command.file else program.folder,
            )
            found.extend(seen_from(command, each) for each in self.program(inner, depth))
        return tuple(found)

    def _scene(self, path: str, program: Program, arguments: tuple[str, ...] | None) -> Scene:
        return Scene(
            file=path,
            cwd=program.cwd,
            arguments=arguments,
            variables=program.variables,
            home=self._files.home(program),
            managers=self._managers,
        )


def _interprets(invocation: Invocation) -> bool:
    """Whether it is an interpreter with something to run."""
    return any(part is not None for part in (invocation.script, invocation.module, invocation.code))


def _only_reads(invocation: Invocation, words: Sequence[str]) -> bool:
    """``bash -n FILE``: the shell reads the commands, and runs none (bash(1), ``set -n``)."""
    if not invocation.is_shell or invocation.script is None or invocation.program not in words:
        return False
    options = words[words.index(invocation.program) + 1 : words.index(invocation.script)]
    return any(word.startswith("-") and not word.startswith("--") and "n" in word[1:] for word in options)


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


def _read_node(content: bytes, scene: Scene) -> Script:
    from ghostfix.scripts.node_script import read_node  # its patterns cost more than reading most scripts

    return read_node(content, scene)
