"""Installing what is required, with a genuine virtual environment and no network."""

import sys
import venv
from pathlib import Path

import pytest

from ghostfix.commands.machine import local_system
from ghostfix.model.errors import StepError
from ghostfix.model.machine import CommandAnswer
from ghostfix.model.step import Captured, Fact, Refused
from ghostfix.steps.install_packages import InstallPackages
from ghostfix.steps.installed_packages import Distribution, closure, installed, normal, states
from tests.fake_system import FakeSystem, answered

PYTHON = "/v/bin/python"


def a_machine(*, pip: bool, answer: int = 0, stderr: str = "") -> FakeSystem:
    machine = FakeSystem()
    machine.add_file(PYTHON, mode=0o755)

    def python(words: tuple[str, ...], _: bytes) -> CommandAnswer:
        if words[1:4] == ("-IB", "-m", "pip"):
            return answered(words, status=0 if pip else 1)
        if words[1] == "-m":
            return answered(words, status=answer, stderr=stderr)
        return answered(words, stdout="".join(f"{name} missing\n" for name in words[4:]))

    machine.add_programs((PYTHON,), python)
    machine.add_programs(("/usr/bin/uv",), lambda words, _: answered(words, status=answer, stderr=stderr))
    return machine


def step(*packages: str) -> InstallPackages:
    return InstallPackages(reason="missing-package", python=PYTHON, packages=packages)


def commands(machine: FakeSystem) -> list[str]:
    return [act.subject for act in machine.acts if act.act == "command"]


def test_with_pip() -> None:
    machine = a_machine(pip=True)
    assert step("psutil", "Flask>=3").apply(machine) == "installed psutil, Flask>=3"
    assert commands(machine) == [
        f"{PYTHON} -m pip install --disable-pip-version-check --no-input -- psutil Flask>=3"
    ]


def test_with_uv_where_there_is_no_pip() -> None:
    machine = a_machine(pip=False)
    with pytest.raises(StepError, match="has no pip, and uv is not there"):
        step("psutil").apply(machine)
    machine.add_program("uv")
    step("psutil").apply(machine)
    assert commands(machine) == [f"/usr/bin/uv pip install --python {PYTHON} -- psutil"]


def test_what_pip_says_last_is_told() -> None:
    stderr = "Looking\nERROR: No matching distribution found for psutil\n\n[notice] A new release\n"
    with pytest.raises(StepError, match="could not be installed: Looking / ERROR: No matching") as caught:
        step("psutil").apply(a_machine(pip=True, answer=1, stderr=stderr))
    assert "notice" not in str(caught.value)


@pytest.mark.parametrize("package", ["--index-url=http://evil", "-e.", "", " "])
def test_what_is_no_name_is_refused(package: str) -> None:
    assert isinstance(step(package).precondition(a_machine(pip=True)), Refused)


def test_without_an_interpreter_it_is_refused() -> None:
    assert step("psutil").precondition(FakeSystem()) == Refused(f"{PYTHON} is not there")


def test_undo_takes_away_what_came_with_it_and_nothing_else() -> None:
    machine = FakeSystem()
    machine.add_file(PYTHON, mode=0o755)
    now = "psutil 7.0 helper\nhelper 2.0\nmine-since 1.0\nflask 3.0\n"

    def python(words: tuple[str, ...], _: bytes) -> CommandAnswer:
        return answered(words, stdout=now if "-c" in words else "")

    machine.add_programs((PYTHON,), python)
    captured = Captured(facts=(Fact("flask", "3.0"), Fact("helper", "1.0")))
    said = step("psutil").undo(machine, captured)
    assert said == "uninstalled psutil; went back to helper==1.0"
    assert [command.split(" -- ")[1] for command in commands(machine)] == ["psutil", "helper==1.0"]


def test_names_are_normalised() -> None:
    assert normal("Ruamel.YAML[x]>=1; python_version > '3'") == "ruamel-yaml"


def test_what_is_required_is_followed_and_circles_end() -> None:
    found = closure(
        ("a",), (Distribution("a", "1", ("b", "c")), Distribution("b", "1", ("a",)), Distribution("z", "1"))
    )
    assert found == {"a", "b"}


@pytest.mark.real
def test_a_genuine_environment_says_what_it_has(tmp_path: Path) -> None:
    system = local_system()
    assert states(system, sys.executable, ("psutil", "no-such-thing")) == {
        "psutil": "works",
        "no-such-thing": "missing",
    }
    assert "psutil" in {one.name for one in installed(system, sys.executable)}
    venv.create(tmp_path / "v", with_pip=False)
    python = str(tmp_path / "v/bin/python")
    assert installed(system, python) == ()
    site = next((tmp_path / "v/lib").glob("python3*/site-packages"))
    (site / "torn").mkdir()
    (site / "torn/__init__.py").write_text("import no_such_module")
    info = site / "torn-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: torn\nVersion: 1.0\nRequires-Dist: other>=2\n"
    )
    (info / "top_level.txt").write_text("torn\n")
    (info / "RECORD").write_text("torn/__init__.py,,\n")
    assert installed(system, python) == (Distribution("torn", "1.0", ("other",)),)
    assert states(system, python, ("torn",)) == {"torn": "broken"}
    with pytest.raises(StepError, match="does not say"):
        installed(system, str(tmp_path / "nothing"))
