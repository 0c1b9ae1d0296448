import sys
import venv
from pathlib import Path

import pytest

from ghostfix.model.machine import CommandAnswer
from ghostfix.model.reading import Reading
from ghostfix.model.service import EnvironmentWanted, Service
from ghostfix.model.snapshot import Environment, Venv, VenvState
from ghostfix.survey.environment import TIMEOUT, collect, pythons_on_path
from ghostfix.system import LocalSystem
from tests.fake_python import add_python, add_venv
from tests.fake_system import FakeSystem

VENV = "/srv/ghost/.venv"
PYTHON = f"{VENV}/bin/python"


def service(*requires: str, directory: str = "/srv/ghost") -> Service:
    wanted = EnvironmentWanted(venv=".venv", requires=requires)
    return Service(name="g", profile="t", directory=directory, environment=wanted)


def found(reading: Reading[Environment]) -> Venv:
    assert reading.complete, reading.problem
    assert reading.value.venv is not None
    return reading.value.venv


def test_a_venv_that_works_and_what_it_lacks() -> None:
    system = FakeSystem()
    base = add_python(system, "/usr/bin/python3.12")
    add_venv(system, VENV, base, packages=("psutil", "hurt"), damaged=("hurt",))
    venv = found(collect(system, service("psutil>=5", "hurt", "Flask[async]==3")))
    assert (venv.state, venv.version, venv.resolved) == (VenvState.WORKS, "3.12.4", VENV)
    assert venv.missing == ("hurt", "Flask[async]==3")


def test_missing_and_broken() -> None:
    system = FakeSystem()
    base = add_python(system, "/usr/bin/python3.12")
    assert found(collect(system, service())).state is VenvState.MISSING
    system.add_folder(VENV)
    assert found(collect(system, service())).state is VenvState.BROKEN
    add_venv(system, VENV, base, broken="/gone/python3: No such file or directory")
    broken = found(collect(system, service()))
    assert (broken.state, broken.python) == (VenvState.BROKEN, PYTHON)
    assert "/gone/python3" in (broken.problem or "")


@pytest.mark.parametrize(
    ("status", "stdout", "problem"),
    [
        (1, b"", "does not run"),
        (0, b"hello", "not as Python"),
        (0, b"\xff\xfe", "not as Python"),
        (0, b'{"version": "3.12.1", "prefix": "/usr", "missing": []}', "packages of /usr"),
    ],
)
def test_a_python_that_does_not_behave_is_broken(status: int, stdout: bytes, problem: str) -> None:
    system = FakeSystem()
    system.add_file(PYTHON, b"", 0o755)
    system.add_programs(
        (PYTHON,), lambda words, _: CommandAnswer(argv=words, status=status, stdout=stdout, stderr=b"oops\n")
    )
    venv = found(collect(system, service()))
    assert venv.state is VenvState.BROKEN
    assert problem in (venv.problem or "")


def test_no_answer_in_time_is_not_broken_but_unknown() -> None:
    system = FakeSystem()
    system.add_file(PYTHON, b"", 0o755)

    def slow(words: tuple[str, ...], _stdin: bytes) -> CommandAnswer:
        system.wait(TIMEOUT)
        return CommandAnswer(argv=words, status=None, problem="did not end")

    system.add_programs((PYTHON,), slow)
    reading = collect(system, service())
    assert (reading.complete, reading.value.venv) == (False, None)


def test_an_unreadable_folder_is_unknown() -> None:
    system = FakeSystem()
    system.add_folder("/srv/ghost", unreadable=True)
    assert not collect(system, service()).complete


def test_pythons_on_path_in_its_order_with_where_they_lead() -> None:
    system = FakeSystem()
    system.variables["PATH"] = "/opt/bin:relative::/usr/bin:/opt/bin:/nowhere"
    for path in ("/usr/bin/python3.12", "/opt/bin/python3"):
        add_python(system, path)
    system.add_symlink("/usr/bin/python3", "/usr/bin/python3.12")
    system.add_program("/usr/bin/python3-config")
    assert [(one.path, one.resolved) for one in pythons_on_path(system)] == [
        ("/opt/bin/python3", "/opt/bin/python3"),
        ("/usr/bin/python3", "/usr/bin/python3.12"),
        ("/usr/bin/python3.12", "/usr/bin/python3.12"),
    ]


@pytest.mark.real
def test_a_real_venv(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv", with_pip=False)
    answer = found(collect(LocalSystem(), service("json", "no-such-thing>=1", directory=str(tmp_path))))
    assert (answer.state, answer.problem) == (VenvState.WORKS, None)
    assert answer.version == ".".join(map(str, sys.version_info[:3]))
    assert answer.missing == ("no-such-thing>=1",)
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.real
def test_real_broken_venvs(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_bytes(b"#!/nonexistent/python\n")
    python.chmod(0o755)
    local = LocalSystem()
    assert found(collect(local, service(directory=str(tmp_path)))).state is VenvState.BROKEN
    python.unlink()
    python.symlink_to("/nonexistent/python")
    broken = found(collect(local, service(directory=str(tmp_path))))
    assert "/nonexistent/python" in (broken.problem or "")
    python.unlink()
    python.symlink_to(sys.executable)
    assert "is no venv" in (found(collect(local, service(directory=str(tmp_path)))).problem or "")
