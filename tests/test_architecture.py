"""The house plan, checked: who may import whom, who may touch the machine, and what each family's files owe.

The imports are read with ``ast``; nothing is run. Every module lies in a room, and every room on a floor.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ghostfix.commands.application import COMMANDS, FOLDERS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ghostfix"

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"model"}),
    frozenset({"service"}),
    frozenset({"system"}),
    frozenset({"scripts", "steps"}),
    frozenset({"managers"}),
    frozenset({"survey"}),
    frozenset({"diagnosis"}),
    frozenset({"repair"}),
    frozenset({"report"}),
    frozenset({"commands"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
"""From the bottom to the top: a room may import those below its floor; two rooms of one floor are apart."""

APART = frozenset({"ansible_collections"})
"""Modules that run on other machines, outside the package (``tests/commands/fleet/test_collection.py``)."""
DEMO = "commands.demo.runner"
"""The broken service that the demo starts, copied into its folder: a program, which does what services do."""

TOUCHES_THE_MACHINE = frozenset({"commands", "cli", "system"})
"""Who may import ``ghostfix.system``; every other room is handed a System."""

PURE = frozenset({"model", "diagnosis", "report.formats"})
"""Rooms that never receive a System, and so cannot act or look; ``model`` holds the protocols themselves."""
PROTOCOLS = frozenset({"model.step"})
"""The shape of an act, which receives one."""

MACHINE_MODULES = frozenset(
    {"psutil", "subprocess", "signal", "fcntl", "socket", "shutil", "tempfile", "glob", "pathlib"}
) | {"pwd", "multiprocessing", "ctypes", "resource", "http", "urllib.request", "requests", "ansible_runner"}
"""Modules that touch the machine: imported in ``system/`` only."""

HARMLESS_OS = frozenset({"environ", "get_terminal_size"})
"""What others may take from ``os``: what concerns their own terminal."""
OWN_OUTPUT = {"cli": frozenset({"close", "devnull", "dup2", "open", "O_RDWR", "O_WRONLY", "_exit"})}
"""What one module may take besides: ``cli`` points its output nowhere when nobody reads it, and ends us."""

HEADINGS = ("What it finds", "Why it matters", "How ghostfix repairs it", "How to prevent it")


# reading


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its name below ``ghostfix``: ``diagnosis.checks.high_load``, ``cli``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if parts[0] not in APART:
            found[name] = path
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
    for source, name in imported(module):
        if source.partition(".")[0] == "ghostfix":
            below = source.partition(".")[2]
            whole = ".".join(part for part in (below, name) if part)
            found.add(whole if whole in modules() else below)
    return frozenset(found - {module, ""})


def room(module: str) -> str:
    return module.partition(".")[0]


def floor(module: str) -> int | None:
    """The number of a module's floor, 0 at the bottom; None where its room has no floor."""
    return next((number for number, rooms in enumerate(FLOORS) if room(module) in rooms), None)


def of_rooms(rooms: frozenset[str]) -> list[str]:
    return [name for name in modules() if any(name == each or name.startswith(f"{each}.") for each in rooms)]


# the floors


def test_every_module_lies_on_a_floor() -> None:
    assert [module for module in modules() if module and floor(module) is None] == []


def test_what_is_copied_out_of_the_package_stands_alone() -> None:
    assert imports(DEMO) == frozenset()
    assert {module for module in modules() if DEMO in imports(module)} == set()


def test_the_top_folder_is_a_table_of_contents() -> None:
    """The chapters, the entry and Ansible's own folder, beside what Python wants to find here."""
    entries = {path.name for path in PACKAGE.iterdir()} - {"__init__.py", "__main__.py", "py.typed"}
    assert len(entries - {"__pycache__"}) <= 14


@pytest.mark.parametrize("module", [name for name in modules() if name])
def test_imports_lead_down(module: str) -> None:
    """Wherever the import stands, at the top of the file or late in a function."""
    own = floor(module)
    assert own is not None
    others = {name for name in imports(module) if room(name) != room(module)}
    assert sorted(name for name in others if (floor(name) or 0) >= own) == []


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
    holders = {module for module in modules() if "system" in {room(name) for name in imports(module)}}
    assert {module for module in holders if room(module) not in TOUCHES_THE_MACHINE} == set()


@pytest.mark.parametrize("module", [name for name in of_rooms(PURE) if name not in PROTOCOLS])
def test_who_judges_or_formats_receives_no_system(module: str) -> None:
    taken = {name for source, name in imported(module) if source == "ghostfix.model.machine"}
    assert taken & {"System", "ActingSystem"} == set()


@pytest.mark.parametrize("module", of_rooms(frozenset({"report.formats"})))
def test_a_format_knows_only_the_report(module: str) -> None:
    known = frozenset({"model", "report", "diagnosis"})
    assert sorted(name for name in imports(module) if room(name) not in known) == []


# touching the machine


def outside() -> list[str]:
    return [module for module in modules() if room(module) != "system" and module != DEMO]


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


def is_step(module: str) -> bool:
    """Whether the module is an act: it defines a class with ``apply`` and ``undo``."""
    classes = [node for node in ast.walk(tree(module)) if isinstance(node, ast.ClassDef)]
    return any(
        {"apply", "undo"} <= {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
        for node in classes
    )


@pytest.mark.parametrize("module", [name for name in modules() if name != "repair.execute"])
def test_only_execute_applies_and_undoes(module: str) -> None:
    calls = [
        f"line {node.lineno}: .{node.func.attr}("
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("apply", "undo")
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id == "execute")
    ]
    assert is_step(module) or calls == []


# families


def below(folder: str) -> list[str]:
    return [name for name in modules() if name.startswith(f"{folder}.")]


def folders(room_: str) -> list[str]:
    """The folders of a room, by the names of their packages."""
    return [name for name in below(room_) if modules()[name].name == "__init__.py"]


def steps() -> list[str]:
    return [name for name in modules() if room(name) in ("steps", "managers") and is_step(name)]


def test_every_command_is_listed() -> None:
    """By its name: its module is loaded when it is invoked."""
    named = {name for name in COMMANDS if f"commands.{name}" in modules() and name not in FOLDERS}
    named |= {name for name in FOLDERS if f"commands.{name}.command" in modules()}
    assert sorted(named) == sorted(COMMANDS)


def test_only_the_application_imports_by_a_name() -> None:
    """Whatever is imported by a name that a variable holds escapes the rules above."""
    ways = {("importlib", ""), ("importlib", "import_module")}
    assert {module for module in modules() if ways & set(imported(module))} == {"commands.application", DEMO}


def late(function: ast.FunctionDef) -> list[str]:
    """The modules of ghostfix that a function imports when it is called."""
    taken = [node for node in ast.walk(function) if isinstance(node, ast.ImportFrom)]
    return [node.module or "" for node in taken if (node.module or "").startswith("ghostfix.")]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_imports_late_what_it_does_and_nothing_else(command: str) -> None:
    """Each function of its that takes options: one late import; the work lies in the module imported."""
    module = f"commands.{command}.command" if command in FOLDERS else f"commands.{command}"
    functions = [node for node in tree(module).body if isinstance(node, ast.FunctionDef)]
    commands = [function for function in functions if function.decorator_list]
    assert {function.name: len(late(function)) for function in commands if len(late(function)) > 1} == {}
    assert any(late(function) for function in commands)
    assert [function.name for function in functions if function not in commands and late(function)] == []


FAMILIES = {
    "diagnosis.checks": (below("diagnosis.checks"), "diagnosis.checks"),
    "report.formats": (below("report.formats"), "report.formats"),
    "steps": (steps(), "repair.every_step"),
    "managers": (folders("managers"), "managers.register"),
}
"""Each family: its members, and the module that lists them by importing them."""


@pytest.mark.parametrize("family", FAMILIES)
def test_every_member_is_listed(family: str) -> None:
    members, register = FAMILIES[family]
    assert members
    assert sorted(set(members) - imports(register)) == []


@pytest.mark.parametrize("module", modules())
def test_every_module_says_what_it_is(module: str) -> None:
    assert ast.get_docstring(tree(module)), f"{modules()[module]} has no docstring"


@pytest.mark.parametrize("module", below("diagnosis.checks"))
def test_a_check_s_docstring_is_its_page(module: str) -> None:
    page = (ast.get_docstring(tree(module)) or "").splitlines()
    assert [line for line in page if line in HEADINGS] == list(HEADINGS)


def sources() -> list[str]:
    """The sources of a snapshot: what the survey imports of its own room."""
    return sorted(name for name in imports("survey.survey") if room(name) == "survey")


def owing() -> list[str]:
    """The members that owe a test of their own; a manager's are those of its folder (``test_register``)."""
    return [name for family, (members, _) in FAMILIES.items() if family != "managers" for name in members]


@pytest.mark.parametrize("module", [*owing(), *sources()])
def test_every_member_has_its_tests(module: str) -> None:
    """A file of its own name in the mirrored folder, or one in that folder that imports it among others."""
    *folders, name = module.split(".")
    folder = ROOT.joinpath("tests", *folders)
    texts = [path.read_text() for path in folder.glob("test_*.py")]
    source = f"ghostfix.{'.'.join(folders)}"
    by_name = any(f"from {source}.{name} import" in text for text in texts)
    as_module = any(f"from {source} import" in text and f"{name}." in text for text in texts)
    assert (folder / f"test_{name}.py").is_file() or by_name or as_module


# one way to act on files

_BY_NAME = frozenset(
    {"chmod", "chown", "lchown", "link", "makedirs", "mkdir", "mkfifo", "mknod", "remove", "removedirs"}
    | {"rename", "renames", "replace", "rmdir", "symlink", "truncate", "unlink", "utime"}
)
_IN_A_FOLDER = frozenset({"dir_fd", "src_dir_fd", "dst_dir_fd"})
_WRITES = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_TMPFILE")
OWN_FOLDER_ONLY = frozenset({"system.ansible", "system.temp_folder"})
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
