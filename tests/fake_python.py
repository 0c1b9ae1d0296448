"""Pythons of the in-memory machine: what they run with ``-c`` is run, in a world where they are installed.

A probe's text is executed by the Python of the tests, with ``sys`` and ``importlib`` of the pretended one;
so a test pins what a probe finds out, not how it is written.
"""

import builtins
import importlib
import io
import posixpath
import traceback
from collections.abc import Sequence
from contextlib import redirect_stdout
from types import ModuleType, SimpleNamespace

from ghostfix.model.machine import CommandAnswer
from tests.fake_commands import FakeCommands, Words, answered

_REAL = frozenset({"json", "os", "re"})
_PRETENDED = frozenset({"ensurepip", "site", "sysconfig", "venv"})


class FakePython:
    """One interpreter: ``prefix`` is its venv or installation, ``packages`` what is installed there."""

    def __init__(
        self,
        system: FakeCommands,
        path: str,
        packages: Sequence[str] = (),
        version: str = "3.12.4",
        *,
        venv: str | None = None,
        broken: str | None = None,
        damaged: Sequence[str] = (),
    ) -> None:
        self.system = system
        self.path = path
        self.packages = dict.fromkeys(packages, "1.0")
        self.version = version
        self.prefix = venv or posixpath.dirname(posixpath.dirname(path))
        self.broken = broken
        """Why it does not run at all: the base of its venv was upgraded away."""
        self.damaged = set(damaged)
        """Packages that are installed and cannot be imported."""
        system.add_programs((path,), self.answer)

    def answer(self, argv: Words, stdin: bytes) -> CommandAnswer:
        if self.broken is not None or self.system.program(argv[0]) is None:
            problem = self.broken or f"{argv[0]}: No such file or directory"
            return CommandAnswer(argv=argv, status=None, problem=problem)
        words = list(argv[1:])
        while words:
            word = words.pop(0)
            if word in ("-V", "--version"):
                return answered(argv, stdout=f"Python {self.version}\n")
            if word.startswith("-") and not word.startswith("--") and word[-1] in "cm":
                run = self._code if word.endswith("c") else self._module
                return run(argv, words[0], words[1:])
        return answered(argv, 2, stderr="nothing to run\n")

    def _module(self, argv: Words, module: str, words: Sequence[str]) -> CommandAnswer:
        if module == "venv":
            add_venv(self.system, words[-1], self)
            return answered(argv)
        if module != "pip":
            return answered(argv, 1, stderr=f"No module named {module}\n")
        names = [word for word in words[1:] if not word.startswith("-")]
        if words[0] == "install":
            self.damaged.difference_update(names)
            self.packages.update(
                {name.partition("==")[0]: name.partition("==")[2] or "2.0" for name in names}
            )
        if words[0] == "uninstall":
            for name in names:
                self.packages.pop(name, None)
        return answered(argv, stdout="pip 25.0\n")

    def _code(self, argv: Words, code: str, words: Sequence[str]) -> CommandAnswer:
        said = io.StringIO()
        names = {**vars(builtins), "__import__": self._importer(said, words)}
        try:
            with redirect_stdout(said):
                exec(code, {"__builtins__": names, "__name__": "__main__"})  # the probes of ghostfix itself
        except SystemExit as end:
            return answered(argv, end.code if isinstance(end.code, int) else 0, said.getvalue())
        except Exception:
            return answered(argv, 1, said.getvalue(), traceback.format_exc())
        return answered(argv, 0, said.getvalue())

    def _importer(self, said: io.StringIO, words: Sequence[str]) -> object:
        modules = self._modules(said, words)

        def load(name: str, *details: object) -> object:
            if name in modules:
                wanted = details[2] if len(details) > 2 else None
                return modules[name if wanted else name.partition(".")[0]]
            return self._load(name)

        return load

    def _modules(self, said: io.StringIO, words: Sequence[str]) -> dict[str, SimpleNamespace]:
        metadata = SimpleNamespace(
            distribution=self._distribution,
            version=lambda name: self._distribution(name).version,
            distributions=lambda: [self._distribution(name) for name in self.packages],
            packages_distributions=lambda: {name.replace("-", "_"): [name] for name in self.packages},
            PackageNotFoundError=importlib.import_module("importlib.metadata").PackageNotFoundError,
        )
        util = SimpleNamespace(find_spec=lambda name: name if name in self.packages else None)
        tools = SimpleNamespace(metadata=metadata, util=util, import_module=self._load)
        numbers = tuple(int(part) for part in self.version.split("."))
        system = SimpleNamespace(
            prefix=self.prefix,
            base_prefix="/usr",
            executable=self.path,
            version=self.version,
            version_info=numbers,
            argv=["-c", *words],
            stdout=said,
            __stdout__=said,
            path=[f"{self.prefix}/lib"],
        )
        named = {"sys": system, "importlib": tools, "importlib.metadata": metadata, "importlib.util": util}
        platform = SimpleNamespace(python_version=lambda: self.version)
        return {**named, "platform": platform}

    def _distribution(self, name: str) -> SimpleNamespace:
        if name not in self.packages:
            raise importlib.import_module("importlib.metadata").PackageNotFoundError(name)
        return SimpleNamespace(metadata={"Name": name}, version=self.packages[name], requires=[])

    def _load(self, name: str) -> ModuleType | SimpleNamespace:
        top = name.partition(".")[0]
        if top in self.damaged:
            raise ImportError(f"{top}: its shared object cannot be loaded")
        if top in self.packages or top in _PRETENDED:
            return SimpleNamespace(__name__=top)
        if top in _REAL:
            return importlib.import_module(name)
        raise ModuleNotFoundError(f"No module named {top!r}")


def add_python(
    system: FakeCommands, path: str, packages: Sequence[str] = (), version: str = "3.12.4"
) -> FakePython:
    """A Python of the machine; on the PATH when its folder is."""
    system.add_program(path)
    return FakePython(system, path, packages, version)


def add_venv(
    system: FakeCommands,
    path: str,
    base: FakePython,
    packages: Sequence[str] = (),
    *,
    broken: str | None = None,
    damaged: Sequence[str] = (),
) -> FakePython:
    """A virtual environment: its folder, its configuration, and an interpreter that is a symlink."""
    home = posixpath.dirname(base.path)
    uid = system.caller().uid
    content = f"home = {home}\nversion = {base.version}\n".encode()
    system.add_file(f"{path}/pyvenv.cfg", content, uid=uid)
    for name in ("python", "python3"):
        system.add_symlink(f"{path}/bin/{name}", base.path if broken is None else "/gone/python3", uid=uid)
    python = f"{path}/bin/python"
    made = FakePython(system, python, packages, base.version, venv=path, broken=broken, damaged=damaged)
    system.add_programs((f"{path}/bin/python3",), made.answer)
    return made
