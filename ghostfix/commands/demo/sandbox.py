"""Sandbox: a folder with a broken ghost runner in it, for ``ghostfix demo`` only."""

import base64
import io
import zipfile
from importlib import resources

from msgspec import Struct

from ghostfix.model.machine import ActingSystem
from ghostfix.model.process import Process

PACKAGE = "ghost-parts"
"""What the broken venv lacks. Its wheel is made on the spot, so the demo needs no network."""

_WHEEL = "ghost_parts-1.0-py3-none-any.whl"


class Sandbox(Struct, frozen=True, kw_only=True):
    """Where the broken service is, and the port that it fights over."""

    folder: str
    port: int
    python: str
    """The interpreter outside the venv under which the ghosts run."""


def build(system: ActingSystem, sandbox: Sandbox) -> None:
    """Writes the broken service's files: its code, a venv that does not run, and a stale PID file."""
    resource = system.resources(sandbox.folder).value
    values = {
        "@PORT@": str(sandbox.port),
        "@PYTHON@": sandbox.python,
        "@PACKAGE@": f"{PACKAGE} @ file://{sandbox.folder}/{_WHEEL}",
        # The incident's limits were its machine's; here the ghosts must not be lost in a crowd.
        "@PROCESSES@": str((0 if resource is None else resource.process_count) + 500),
        "@ZOMBIES@": str((0 if resource is None else resource.zombie_count) + 10),
    }
    _write(system, sandbox, "gpt_cursor_runner/__init__.py", b"")
    _write(system, sandbox, "gpt_cursor_runner/main.py", _part("runner.py", {}))
    _write(system, sandbox, "scripts/watchdog.sh", _part("watchdog.sh", values), 0o755)
    _write(system, sandbox, "scripts/start.sh", _part("start.sh", values), 0o755)
    _write(system, sandbox, "ghostfix.toml", _part("ghostfix.toml", values))
    _write(system, sandbox, _WHEEL, _wheel())
    _write(system, sandbox, ".venv/pyvenv.cfg", b"home = /nonexistent/bin\nversion = 3.9.0\n")
    _write(system, sandbox, ".venv/bin/python", b"#!/nonexistent/bin/python3.9\n", 0o755)
    _write(system, sandbox, "pids/ghost-runner.pid", b"%d\n" % _free_pid(system))
    system.make_folder(f"{sandbox.folder}/logs")


def release_ghosts(system: ActingSystem, sandbox: Sandbox) -> Process:
    """Starts the watchdog, which starts the ghosts; gives the watchdog."""
    return system.spawn(
        ("/bin/sh", "scripts/watchdog.sh"), sandbox.folder, {}, f"{sandbox.folder}/logs/watchdog.log"
    )


def inhabitants(system: ActingSystem, sandbox: Sandbox) -> tuple[Process, ...]:
    """Every process whose working directory lies in the sandbox: all that the demo has started."""
    return tuple(
        process
        for process in system.processes().value
        if process.alive and _lives_in(system, process, sandbox.folder)
    )


def _lives_in(system: ActingSystem, process: Process, folder: str) -> bool:
    cwd = system.detail(process).cwd
    return cwd is not None and (cwd == folder or cwd.startswith(f"{folder}/"))


def _free_pid(system: ActingSystem) -> int:
    """A PID that no process has."""
    taken = {process.pid for process in system.processes().value}
    return next(pid for pid in range(30_000, 2, -1) if pid not in taken)


def _part(name: str, values: dict[str, str]) -> bytes:
    text = resources.files("ghostfix.commands.demo").joinpath(name).read_text(encoding="utf-8")
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text.encode()


def _write(system: ActingSystem, sandbox: Sandbox, name: str, content: bytes, mode: int = 0o644) -> None:
    path = f"{sandbox.folder}/{name}"
    system.make_folder(path.rpartition("/")[0])
    system.create(path, content, mode)


def _wheel() -> bytes:
    """A wheel of one module (the format is PEP 427's): what ``pip`` can install without a network."""
    info = "ghost_parts-1.0.dist-info"
    files = {
        "ghost_parts/__init__.py": b'"""The part that the ghost runner lacked."""\n\nprocess_limit = 300\n',
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: ghost-parts\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},{_digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{info}/RECORD"] = (record + f"{info}/RECORD,,\n").encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _digest(content: bytes) -> str:
    import hashlib  # not at the top: it loads all of OpenSSL

    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"sha256={digest}"
