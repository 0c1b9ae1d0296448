"""Pythons by many names: venvs, conda, uv, pyenv."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.false_alarms.bench import PYTHON, SERVER, Bench, needs
from tests.false_alarms.cell import ghost, healthy

VENVS = "venvs"


def _venv(bench: Bench, name: str = "venv", python: str = PYTHON) -> Path:
    """A venv without packages, made by this very Python."""
    subprocess.run([python, "-m", "venv", "--without-pip", str(bench.folder / name)], check=True, timeout=60)
    return bench.folder / name


def _run_from(bench: Bench, python: str) -> None:
    bench.start(python, "server.py", str(bench.port))
    bench.until_it_listens()


def _with_venv(bench: Bench) -> Path:
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"', 'environment = { venv = "venv" }')
    return _venv(bench)


@healthy(VENVS, "the venv's python")
def plain(bench: Bench) -> None:
    _run_from(bench, f"{_with_venv(bench)}/bin/python")


@healthy(VENVS, "python3.N of the same venv")
def versioned(bench: Bench) -> None:
    name = next(
        path.name for path in (_with_venv(bench) / "bin").iterdir() if path.name.startswith("python3.")
    )
    _run_from(bench, f"{bench.folder}/venv/bin/{name}")


@healthy(VENVS, "the venv's folder through a symlink, as the service sees it")
def linked_service(bench: Bench) -> None:
    venv = _with_venv(bench)
    (bench.folder / "current").symlink_to(venv)
    _run_from(bench, f"{bench.folder}/current/bin/python")


@healthy(VENVS, "the venv's folder through a symlink, as the profile has it")
def linked_profile(bench: Bench) -> None:
    bench.write("server.py", SERVER)
    venv = _venv(bench, "releases")
    (bench.folder / "venv").symlink_to(venv)
    bench.profile('script = "server.py"', 'environment = { venv = "venv" }')
    _run_from(bench, f"{venv}/bin/python")


@healthy(VENVS, "an activated venv: a bare python from the PATH")
def activated(bench: Bench) -> None:
    venv = _with_venv(bench)
    bench.start("bash", "-c", f"PATH={venv}/bin:$PATH; python server.py {bench.port}; true")
    bench.until_it_listens()


@healthy(VENVS, "pyenv's shim, which becomes the chosen version's python, by the bare name python")
def shim(bench: Bench) -> None:
    """The genuine pyenv, where there is one: it comes from its repository only, not from Debian or PyPI."""
    if shutil.which("pyenv") is None:
        _by_pyenv(bench, 'exec -a "$program" "$chosen/$program" "$@"')
        return
    root = _pyenv_root(bench)
    bench.variables |= {"PYENV_ROOT": str(root)}
    bench.succeeds("pyenv", "rehash")
    _run_from(bench, str(root / "shims" / "python"))


@healthy(VENVS, "an older pyenv's shim, which becomes it by its path")
def older_shim(bench: Bench) -> None:
    _by_pyenv(bench, 'exec "$chosen/$program" "$@"')


def _by_pyenv(bench: Bench, hand_over: str) -> None:
    """The shim, ``pyenv`` and ``pyenv exec`` become each other as the genuine ones do, by its sources."""
    root = _pyenv_root(bench)
    start = "#!/usr/bin/env bash\nset -e\n"
    bench.write(
        "pyenv/libexec/pyenv-exec",
        f'{start}program="$1"\nshift\nchosen="$PYENV_ROOT/versions/$PYENV_VERSION/bin"\n'
        f'export PATH="$chosen:$PATH"\n{hand_over}\n',
        0o755,
    )
    bench.write(
        "pyenv/libexec/pyenv",
        f'{start}command="$1"\nshift\nexec "$PYENV_ROOT/libexec/pyenv-$command" "$@"\n',
        0o755,
    )
    bench.write(
        "pyenv/shims/python",
        f'{start}export PYENV_ROOT="{root}"\nexec "{root}/libexec/pyenv" exec "${{0##*/}}" "$@"\n',
        0o755,
    )
    _run_from(bench, str(root / "shims" / "python"))


def _pyenv_root(bench: Bench) -> Path:
    """pyenv's folder, with the venv as the version that is chosen."""
    root = bench.folder / "pyenv"
    (root / "versions").mkdir(parents=True)
    (root / "versions" / "subject").symlink_to(_with_venv(bench))
    bench.variables = {"PYENV_VERSION": "subject"}
    return root


@healthy(VENVS, "uv run: a parent with the command, the venv's python below it")
def uv_run(bench: Bench) -> None:
    needs("uv")
    venv = _with_venv(bench)
    bench.variables = {"UV_OFFLINE": "1", "UV_CACHE_DIR": f"{bench.folder}/cache", "VIRTUAL_ENV": str(venv)}
    bench.start("uv", "run", "--active", "--no-project", "python", "server.py", str(bench.port))
    bench.until_it_listens()


@healthy(VENVS, "a venv that uv made")
def uv_venv(bench: Bench) -> None:
    needs("uv")
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"', 'environment = { venv = "venv" }')
    bench.succeeds("uv", "venv", "--offline", "--no-config", "--python", PYTHON, "venv")
    _run_from(bench, f"{bench.folder}/venv/bin/python")


def _conda(bench: Bench, name: str) -> Path:
    """A prefix as conda lays it out: its own Python, with its own ``sys.prefix``, and no ``pyvenv.cfg``."""
    prefix, version = bench.folder / name, f"python{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix)
    (prefix / "bin").mkdir(parents=True)
    (prefix / "lib").mkdir()
    shutil.copy(os.path.realpath(sys.executable), prefix / "bin" / version)
    (prefix / "bin" / "python").symlink_to(version)
    (prefix / "lib" / version).symlink_to(base / "lib" / version)
    bench.write(f"{name}/conda-meta/history", "==> 2026-01-01 00:00:00 <==\n# cmd: conda create\n")
    return prefix


@healthy(VENVS, "a conda environment")
def conda(bench: Bench) -> None:
    bench.write("server.py", SERVER)
    prefix = _conda(bench, "envs/subject")
    bench.profile('script = "server.py"', 'environment = { venv = "envs/subject" }')
    _run_from(bench, f"{prefix}/bin/python")


@ghost(VENVS, "another conda environment than the profile's", "wrong-interpreter")
def other_conda(bench: Bench) -> None:
    bench.write("server.py", SERVER)
    _conda(bench, "envs/subject")
    bench.profile('script = "server.py"', 'environment = { venv = "envs/subject" }')
    _run_from(bench, f"{_conda(bench, 'envs/other')}/bin/python")


@ghost(VENVS, "the same path of the script, another sys.prefix", "wrong-interpreter")
def another_prefix(bench: Bench) -> None:
    _with_venv(bench)
    other = _venv(bench, "other")
    _run_from(bench, f"{other}/bin/python")


@ghost(VENVS, "the base Python of the venv", "wrong-interpreter")
def base_python(bench: Bench) -> None:
    venv = _with_venv(bench)
    _run_from(bench, os.path.realpath(venv / "bin" / "python"))
