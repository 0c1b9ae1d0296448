"""The Ansible collection: what it imports, what it says of itself, and that it is part of the package."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import ghostfix
from tests.commands.fleet.lab import PROGRAMS
from tests.test_architecture import PACKAGE, ROOT

COLLECTION = PACKAGE / "ansible_collections/ghostfix/ghostfix"
FILES = sorted((COLLECTION / "plugins").rglob("*.py"))
MODULES = ("diagnose", "repair", "undo")
SHARED = "ansible_collections.ghostfix.ghostfix.plugins.module_utils.command"
STANDARD = {"__future__", "json", "os", "re"}
"""All of the standard library that a module needs: it runs with whatever Python a host has."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_runs_on_a_host_imports_nothing_of_ghostfix(path: Path) -> None:
    taken = set()
    for node in ast.walk(ast.parse(path.read_text(), feature_version=(3, 8))):
        if isinstance(node, ast.Import):
            taken |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            taken.add(node.module or "")
    assert taken - STANDARD <= {"ansible.module_utils.basic", SHARED}


def test_it_has_the_package_s_version() -> None:
    galaxy = yaml.safe_load((COLLECTION / "galaxy.yml").read_text())
    assert galaxy["version"] == ghostfix.__version__


@pytest.mark.parametrize("module", MODULES)
def test_the_page_names_each_option_that_the_module_takes(module: str) -> None:
    tree = ast.parse((COLLECTION / f"plugins/modules/{module}.py").read_text())
    page = yaml.safe_load(_constant(tree, "DOCUMENTATION"))
    call = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "AnsibleModule"
    )
    spec = next(word.value for word in call.keywords if word.arg == "argument_spec")
    assert isinstance(spec, ast.Dict)
    names = {key.value for key in spec.keys if isinstance(key, ast.Constant)}
    assert names == set(page["options"])
    assert yaml.safe_load(_constant(tree, "EXAMPLES"))
    assert yaml.safe_load(_constant(tree, "RETURN"))["exit_code"]["returned"] == "always"


def _constant(tree: ast.Module, name: str) -> str:
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            assert isinstance(node.value, ast.Constant)
            return str(node.value.value)
    raise AssertionError(f"there is no {name}")


def test_the_role_s_defaults_are_its_argument_specs() -> None:
    role = COLLECTION / "roles/install"
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text())
    spec = yaml.safe_load((role / "meta/argument_specs.yml").read_text())
    options = spec["argument_specs"]["main"]["options"]
    assert {name: option["default"] for name, option in options.items()} == defaults


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(PACKAGE),
        "NO_COLOR": "1",
    }


@pytest.mark.slow
@pytest.mark.parametrize("page", [*(["-t", "module", name] for name in MODULES), ["-t", "role", "install"]])
def test_ansible_doc_shows_its_page(page: list[str]) -> None:
    words = [str(PROGRAMS / "ansible-doc"), *page[:2], f"ghostfix.ghostfix.{page[2]}"]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=True)
    assert "ghostfix" in done.stdout
    assert "OPTIONS" in done.stdout.upper()


@pytest.mark.slow
def test_ansible_lint_has_nothing_to_say(tmp_path: Path) -> None:
    """With its strictest profile. It writes beside what it looks at, so it looks at a copy."""
    copy = tmp_path / "ansible_collections/ghostfix/ghostfix"
    copy.parent.mkdir(parents=True)
    subprocess.run(["cp", "-r", str(COLLECTION), str(copy)], check=True)
    done = subprocess.run(
        [str(PROGRAMS / "ansible-lint"), "--offline", "--nocolor", "."],
        cwd=copy,
        env={**environment(), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failure(s), 0 warning(s)" in done.stderr
    assert "Profile 'production' was required, and it passed" in done.stderr


GET_PIP = """
import os, subprocess, sys
environment = {name: value for name, value in os.environ.items() if name != "GET_PIP"}
for words in (["ensurepip"], ["pip", "install", "--quiet", "pip==VERSION"]):
    subprocess.run([sys.executable, "-m", *words], check=True, stdout=subprocess.DEVNULL, env=environment)
"""
"""What ansible-test fetches from a server of Ansible's own, made of Python's own pip."""
_NOT_FETCHED = re.compile(r"/get-pip-([\d.]+)\.py\n.*saved to: (\S+)\n", re.DOTALL)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(400)
def test_ansible_test_has_nothing_to_say(tmp_path: Path) -> None:
    """Every sanity test, among them an import of what runs on a host, and the options against their page."""
    copy = tmp_path / "ansible_collections/ghostfix/ghostfix"
    shutil.copytree(COLLECTION, copy, ignore=shutil.ignore_patterns("__pycache__"))
    python = f"{sys.version_info.major}.{sys.version_info.minor}"

    def sanity(*options: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(PROGRAMS / "ansible-test"), "sanity", "--python", python, *options],
            cwd=copy,
            env={**environment(), "HOME": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    missing = _NOT_FETCHED.search(sanity("--test", "yamllint").stdout)
    if missing is not None:
        Path(missing[2]).parent.mkdir(parents=True, exist_ok=True)
        Path(missing[2]).write_text(GET_PIP.replace("VERSION", missing[1]))
    done = sanity()
    assert done.returncode == 0, done.stdout
    ran = re.findall(r'Running sanity test "([\w-]+)"', done.stdout)
    assert {"validate-modules", "import", "compile", "pylint", "pep8", "yamllint", "ansible-doc"} <= set(ran)


@pytest.mark.slow
@pytest.mark.real
def test_the_wheel_has_it(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path)]
    subprocess.run([*words, str(ROOT)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", str(wheel)], capture_output=True, text=True, check=True
    ).stdout
    files = (path for path in COLLECTION.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    own = [str(path.relative_to(ROOT)) for path in files]
    assert len(own) >= 12
    assert [path for path in own if path not in listed] == []
