"""Run as a program of its own: runs ghostfix, and writes down what it loads, compiles, opens and starts.

``python counted_start.py FILE WORD ...``. Each line of FILE is a kind and a name: ``module`` for one that was
imported, ``pattern`` for the module that compiled a regular expression, ``early`` for a module of ghostfix
whose own patterns were compiled while it was imported, ``file`` for one that was opened, other than a
module's, and ``command`` for a program that was started.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType

_STARTS = {"subprocess.Popen": 0, "os.posix_spawn": 0, "os.exec": 0}
"""The events of a started program, and which of their arguments names it."""
_MODULES = (".py", ".pyc", ".so", ".pth", "pyvenv.cfg", "entry_points.txt")


def main() -> None:
    """Counts from before the first module of ghostfix is imported."""
    record = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sys.argv = ["ghostfix", *sys.argv[2:]]

    def write(kind: str, name: str) -> None:
        os.write(record, f"{kind} {name}\n".encode(errors="backslashreplace"))

    class Imports(MetaPathFinder):
        """Finds nothing, and so sees all that is looked for."""

        def find_spec(self, name: str, path: object, target: object = None) -> ModuleSpec | None:
            write("module", name)
            return None

    compiler = importlib.import_module("re._compiler")
    compiled = compiler.compile

    def counted(source: object, flags: int = 0) -> object:
        caller = _caller(sys._getframe(1))
        if caller is not None:
            own = caller.f_globals["__name__"]
            write("pattern", own)
            if own.startswith("ghostfix.") and any(_being_imported(caller)):
                write("early", own)
        return compiled(source, flags)

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and not arguments[0].endswith(_MODULES):
            write("file", arguments[0])
        elif event in _STARTS:
            write("command", os.fsdecode(str(arguments[_STARTS[event]])))

    sys.meta_path.insert(0, Imports())
    vars(compiler)["compile"] = counted
    sys.addaudithook(heard)
    from ghostfix.cli import main as ghostfix

    ghostfix()


def _caller(frame: FrameType | None) -> FrameType | None:
    """Who asked ``re`` for it."""
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == "re":
        frame = frame.f_back
    return frame


def _being_imported(frame: FrameType | None) -> Iterator[str]:
    """The modules of ghostfix whose import is under way."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        if frame.f_code.co_name == "<module>" and name.startswith("ghostfix."):
            yield name
        frame = frame.f_back


if __name__ == "__main__":
    main()
