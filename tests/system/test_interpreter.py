import os
from pathlib import Path

import pytest

from ghostfix.system.interpreter import called_python, prefix_of

IMAGE = "/usr/bin/python3.11"


@pytest.mark.parametrize(
    ("argv", "cwd", "launcher", "python"),
    [
        (("/srv/.venv/bin/python", "-m", "x"), "/", None, "/srv/.venv/bin/python"),
        ((".venv/bin/../bin/python3", "x.py"), "/srv", None, "/srv/.venv/bin/python3"),
        ((".venv/bin/python3", "x.py"), None, None, IMAGE),
        (("python3", "x.py"), "/srv", None, IMAGE),
        (("gunicorn: master [app]",), "/srv", None, IMAGE),
        (
            ("/App/Python.app/Contents/MacOS/Python", "x"),
            "/",
            "/srv/.venv/bin/python",
            "/srv/.venv/bin/python",
        ),
    ],
)
def test_called_python(argv: tuple[str, ...], cwd: str | None, launcher: str | None, python: str) -> None:
    assert called_python(argv, cwd, "", IMAGE, launcher) == python


def test_what_is_no_python_has_no_interpreter() -> None:
    assert called_python(("bash", "x.sh"), "/", "/bin", "/bin/bash", "/launcher") is None
    assert called_python((), None, None, None, None) is None


def test_bare_name_is_looked_up_on_the_processs_own_path(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    (tmp_path / "one" / "python3").write_text("not executable")
    python = tmp_path / "two" / "python3"
    python.write_text("")
    python.chmod(0o755)
    path = f"{tmp_path}/none:{tmp_path}/one:{tmp_path}/two"
    assert called_python(("python3", "x"), "/", path, IMAGE, None) == str(python)
    assert called_python(("python3", "x"), str(tmp_path), "two", IMAGE, None) == str(python)


def test_prefix_is_the_venv_and_else_two_folders_above_the_resolved_path(tmp_path: Path) -> None:
    base = tmp_path / "base" / "bin"
    base.mkdir(parents=True)
    (base / "python3.11").write_text("")
    env = tmp_path / "env" / "bin"
    env.mkdir(parents=True)
    (env / "python").symlink_to(base / "python3.11")
    assert prefix_of(str(env / "python")) == os.path.realpath(tmp_path / "base")
    (tmp_path / "env" / "pyvenv.cfg").write_text("home = x\n")
    assert prefix_of(str(env / "python")) == str(tmp_path / "env")
    (tmp_path / "link").symlink_to(tmp_path / "env")
    assert prefix_of(str(tmp_path / "link" / "bin" / "python")) == str(tmp_path / "link")
    assert prefix_of("/nonexistent/bin/python") is None
