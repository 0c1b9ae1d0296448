"""The house plan, checked: who may import whom, who may touch the machine, and what each family's files owe.

The imports are read with ``ast``; nothing is run. Nouns that no layer names may be used from anywhere,
and count as part of whoever uses them: what they import, their users import.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ghostfix.application import COMMANDS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ghostfix"

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "reading", "process", "job", "snapshot", "machine", "service", "finding", "step"})
    | {"invocation", "instance", "restarter", "untrusted", "report", "observation"},
    frozenset({"system"}),
    frozenset({"trail", "trails", "scripts"}),
    frozenset({"collectors", "steps"}),
    frozenset({"restarters"}),
    frozenset({"checks"}),
    frozenset({"survey", "judgement", "plan", "cause", "journal", "execute"}),
    frozenset({"pipeline", "why", "observing", "verification"}),
    frozenset({"renderers"}),
    frozenset({"commands"}),
    frozenset({"application"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
"""From the bottom to the top: a module or folder may import its own layer and those below it."""

SEPARATE = (("collectors", "steps"), ("steps", "collectors"))
"""Families of one layer of which the first must not import the second."""

TOUCHES_THE_MACHINE = frozenset({"commands", "cli", "__main__", "system"})
"""Who may import ``ghostfix.system``; everybody else is handed a System."""

PURE = ("checks", "cause", "plan", "judgement", "renderers", "report", "compose")
"""Who never receives a System, and so cannot act or look."""

MACHINE_MODULES = frozenset(
    {"psutil", "subprocess", "signal", "fcntl", "socket", "shutil", "tempfile", "glob", "pathlib"}
) | {"pwd", "multiprocessing", "ctypes", "resource", "http", "urllib.request", "requests", "ansible_runner"}
"""Modules that touch the machine: imported in ``system/`` only."""

HARMLESS_OS = frozenset({"environ", "get_terminal_size"})
"""What others may take from ``os``: what concerns their own terminal."""
OWN_OUTPUT = {"cli": frozenset({"close", "devnull", "dup2", "open", "O_RDWR", "O_WRONLY", "_exit"})}
"""What one module may take besides: ``cli`` points its output nowhere when nobody reads it, and ends us."""

FAMILIES = {
    "checks": "checks",
    "steps": "steps",
    "restarters": "restarters",
    "renderers": "renderers",
    "collectors": "survey",
    "adoption": "adoption",
}
"""Each family, and the module that lists its members by importing them."""

TESTED = ("checks", "steps", "restarters", "renderers", "collectors", "adoption")
HEADINGS = ("What it finds", "Why it matters", "How ghostfix repairs it", "How to prevent it")


# reading


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its name below ``ghostfix`` (``checks.high_load``, ``cli``).

    The files of the demo are the broken service that it starts: a program of its own. Those of the Ansible
    collection run on other machines, outside the package (``tests/fleet/test_collection.py`` checks them).
    """
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] not in ("demo", "ansible_collections"):
            found[".".join(part for part in parts if part != "__init__")] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


def imported(module: str) -> Iterator[tuple[str, str]]:
    """Each import anywhere in a module: the module's full name, and the name taken from it ("" for none)."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            yield from ((node.module or "", alias.name) for alias in node.names)


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of ghostfix that a module imports, itself and the package's own ``__init__`` left out."""
    found = set()
    for name, taken in imported(module):
        if name == "ghostfix" or name.startswith("ghostfix."):
            below = name.removeprefix("ghostfix").lstrip(".")
            whole = f"{below}.{taken}".strip(".")
            found.add(whole if whole in modules() else below)
    return frozenset(found - {module, ""})


def family(module: str) -> str:
    return module.partition(".")[0]


@cache
def layer(module: str) -> int | None:
    """The number of a module's layer; None for a noun that no layer names."""
    return next((number for number, names in enumerate(LAYERS) if family(module) in names), None)


def reached(module: str) -> dict[str, tuple[str, ...]]:
    """What a module imports, and what that imports through nouns of no layer; each with the way to it."""
    ways: dict[str, tuple[str, ...]] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(name, (module, name)) for name in sorted(imports(module))]
    while waiting:
        name, way = waiting.pop(0)
        if name in ways:
            continue
        ways[name] = way
        if layer(name) is None and name in modules():
            waiting += [(further, (*way, further)) for further in sorted(imports(name))]
    return ways


def layered() -> list[str]:
    return [module for module in modules() if layer(module) is not None]


# the layers


@pytest.mark.parametrize("module", layered())
def test_nobody_imports_upward(module: str) -> None:
    own = layer(module)
    assert own is not None
    upward = [" -> ".join(way) for name, way in reached(module).items() if (layer(name) or 0) > own]
    assert upward == []


@pytest.mark.parametrize(("one", "other"), SEPARATE)
def test_families_of_one_layer_are_apart(one: str, other: str) -> None:
    mixed = [
        " -> ".join(way)
        for module in modules()
        if family(module) == one
        for name, way in reached(module).items()
        if family(name) == other
    ]
    assert mixed == []


def test_nothing_imports_in_a_circle() -> None:
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way[way.index(module) :], module))
        if module not in done:
            for name in sorted(imports(module) & modules().keys()):
                visit(name, (*way, module))
            done.add(module)

    for module in modules():
        visit(module, ())


def test_only_the_commands_get_hold_of_the_machine() -> None:
    holders = {module for module in modules() if "system" in {family(name) for name in imports(module)}}
    assert {module for module in holders if family(module) not in TOUCHES_THE_MACHINE} == set()


@pytest.mark.parametrize("module", [name for name in modules() if family(name) in PURE])
def test_who_judges_or_tells_receives_no_system(module: str) -> None:
    taken = {name for source, name in imported(module) if source == "ghostfix.machine"}
    assert taken & {"System", "ActingSystem"} == set()


@pytest.mark.parametrize("module", [name for name in modules() if family(name) == "renderers"])
def test_a_renderer_knows_only_the_report(module: str) -> None:
    known = {"report", "untrusted", "renderers"}
    others = {name: way for name, way in reached(module).items() if layer(name) is not None}
    assert [" -> ".join(way) for name, way in others.items() if family(name) not in known] == []


# touching the machine


def outside() -> list[str]:
    return [module for module in modules() if family(module) != "system"]


@pytest.mark.parametrize("module", outside())
def test_only_system_touches_the_machine(module: str) -> None:
    sources = {name for name, _ in imported(module)}
    whole = sources | {f"{name}.{taken}" for name, taken in imported(module)}
    touching = {name for name in whole if name in MACHINE_MODULES or name.split(".")[0] in MACHINE_MODULES}
    assert touching == set()
    assert set(acts_of_os(module)) == set()


def acts_of_os(module: str) -> Iterator[str]:
    """What a module takes from ``os`` beyond the harmless, its ``sys.platform``, and files that it opens."""
    harmless = HARMLESS_OS | OWN_OUTPUT.get(module, frozenset())
    for source, taken in imported(module):
        if source == "os" and taken and taken not in harmless:
            yield f"os.{taken}"
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
            if name == "sys.platform" or (node.value.id == "os" and node.attr not in harmless):
                yield name
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            yield "open()"


@pytest.mark.parametrize("module", [name for name in modules() if name != "execute"])
def test_only_execute_applies_and_undoes(module: str) -> None:
    calls = [
        f"line {node.lineno}: .{node.func.attr}("
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("apply", "undo")
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id == "execute")
    ]
    assert family(module) == "steps" or calls == []


# families


def members(folder: str) -> list[str]:
    return [name.partition(".")[2] for name in modules() if name.startswith(f"{folder}.")]


@pytest.mark.parametrize(("folder", "registry"), FAMILIES.items())
def test_every_member_is_listed(folder: str, registry: str) -> None:
    listed = {name.partition(".")[2] for name in imports(registry) if family(name) == folder}
    assert sorted(set(members(folder)) - listed) == []


def test_every_command_is_listed() -> None:
    """By its name: its module is loaded when it is invoked."""
    assert sorted(members("commands")) == sorted(COMMANDS)


def test_only_the_application_imports_by_a_name() -> None:
    """Whatever is imported by a name that a variable holds escapes the rules above."""
    ways = {("importlib", ""), ("importlib", "import_module")}
    assert {module for module in modules() if ways & set(imported(module))} == {"application"}


@pytest.mark.parametrize("module", modules())
def test_every_module_says_what_it_is(module: str) -> None:
    assert ast.get_docstring(tree(module)), f"{modules()[module]} has no docstring"


@pytest.mark.parametrize("name", members("checks"))
def test_a_check_s_docstring_is_its_page(name: str) -> None:
    page = (ast.get_docstring(tree(f"checks.{name}")) or "").splitlines()
    assert [line for line in page if line in HEADINGS] == list(HEADINGS)


@pytest.mark.parametrize("folder", TESTED)
def test_every_member_has_its_tests(folder: str) -> None:
    """A file of its own name, or one in the same folder that imports it among others."""
    tests = ROOT / "tests" / folder
    texts = "\n".join(path.read_text() for path in tests.glob("test_*.py"))
    untested = [
        name
        for name in members(folder)
        if not (tests / f"test_{name}.py").is_file() and f"{name}.CHECK" not in texts
    ]
    assert untested == []


# one way to act on files

_BY_NAME = frozenset(
    {"chmod", "chown", "lchown", "link", "makedirs", "mkdir", "mkfifo", "mknod", "remove", "removedirs"}
    | {"rename", "renames", "replace", "rmdir", "symlink", "truncate", "unlink", "utime"}
)
_IN_A_FOLDER = frozenset({"dir_fd", "src_dir_fd", "dst_dir_fd"})
_WRITES = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_TMPFILE")
OWN_FOLDER_ONLY = frozenset({"system.ansible", "system.scratch"})
"""They act in a folder that they have just made for themselves, private, and that nobody else can bend."""


def constants(module: str) -> dict[str, str]:
    """The text of each module's own constants."""
    return {
        target.id: ast.unparse(node.value)
        for node in tree(module).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def written_by_name(module: str) -> Iterator[str]:
    """Every call that changes what a whole path leads to, instead of a name in a folder that is open."""
    known = constants(module)
    for node in ast.walk(tree(module)):
        if not isinstance(node, ast.Call) or {each.arg for each in node.keywords} & _IN_A_FOLDER:
            continue
        called = ast.unparse(node.func)
        if called.removeprefix("os.") in _BY_NAME and called.startswith("os."):
            yield f"{module}:{node.lineno} {ast.unparse(node)}"
        if (
            called in ("os.open", "open")
            and len(node.args) > 1
            and "devnull" not in ast.unparse(node.args[0])
        ):
            flags = ast.unparse(node.args[1])
            for name in ast.walk(node.args[1]):
                flags += known.get(name.id, "") if isinstance(name, ast.Name) else ""
            if any(word in flags for word in _WRITES) or (called == "open" and set(flags) & set("wax+")):
                yield f"{module}:{node.lineno} {ast.unparse(node)}"


@pytest.mark.parametrize("module", [name for name in modules() if name not in OWN_FOLDER_ONLY])
def test_files_are_acted_on_in_an_open_folder_only(module: str) -> None:
    """``folders.opened`` is the one way to it: there the rights of the folder's owner are taken."""
    assert list(written_by_name(module)) == []


def test_the_look_for_acts_by_name_sees_them() -> None:
    assert len(list(written_by_name("system.ansible"))) >= 4
