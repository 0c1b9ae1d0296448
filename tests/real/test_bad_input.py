"""Bad input to the real program: each is a finding or "could not look", and nothing makes it fail."""

import contextlib
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.ghost_house import free_port, listens, wait_until
from tests.real.real_program import Answered, diagnosed, ghostfix, profile, python_of_everybody
from tests.system.server import Behaviour, answer, hangs, says, serving

pytestmark = [pytest.mark.real]
NOBODY = 65_534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it becomes another user")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")


# PID files and logs


def test_pid_files_of_every_bad_kind(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    bad = {
        "binary": bytes(range(256)),
        "empty": b"",
        "huge": b"9" * 10_000_000,
        "negative": b"-1\n",
        "init": b"1\n",
        "zero": b"0\n",
        "overflow": b"99999999999999999999\n",
        "words": "siebzehn\u202e\n".encode(),
        "nested": b"[" * 100_000,
        "undecodable": b"\xff\xfe12\n",
    }
    for name, content in bad.items():
        (pids / f"{name}.pid").write_bytes(content)
    for path in pids.iterdir():
        os.utime(path, (1e9, 1e9))  # an empty file that was just made is one that is being written
    (pids / "link.pid").symlink_to("/etc/hostname")
    (pids / "dangling.pid").symlink_to("nowhere")
    (pids / "folder.pid").mkdir()
    os.mkfifo(pids / "pipe.pid")
    with socket.socket(socket.AF_UNIX) as listener:
        with contextlib.chdir(pids):
            listener.bind("socket.pid")
        profile(tmp_path, 'module = "no.such"\npidfiles = ["pids/*.pid"]\n')
        answered = diagnosed(tmp_path)
    malformed = [row for row in answered.results() if row["check"] == "malformed-pidfile"]
    told = json.dumps(malformed)
    for name in (*bad, "link", "dangling", "folder", "pipe", "socket"):
        # "1" names a process, so it is no malformed one.
        assert (f"{name}.pid" in told) is (name != "init"), name


def test_logs_of_every_bad_kind(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "line.log").write_bytes(b"ValueError: " + b"x" * 10_000_000)
    (logs / "raw.log").write_bytes(
        b"\x00\xff\xfe\x80" * 1000
        + b"\nTraceback (most recent call last):\n  File \"a\xff.py\", line 1\nKeyError: '\xff'\n"
    )
    (logs / "folder.log").mkdir()
    os.mkfifo(logs / "pipe.log")
    (logs / "loop.log").symlink_to("loop.log")
    profile(tmp_path, 'module = "no.such"\nlogs = ["logs/*.log", "logs/none.log"]\n')
    answered = diagnosed(tmp_path)
    assert "traceback-in-log" in answered.codes | answered.unread.keys()


# health


NESTED = b'{"status": "ok", "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        pytest.param(hangs, "health-unreachable", id="hangs"),
        pytest.param(says(*[b"H"] * 500, every=0.05), "health-unreachable", id="drips"),
        pytest.param(
            says(answer(b"", "302 Found", b"Location: http://127.0.0.1:1/x\r\n")),
            "health-degraded",
            id="redirects",
        ),
        pytest.param(says(answer(b"Internal", "500 Oops")), "health-degraded", id="500"),
        pytest.param(says(answer(b"<html>fine</html>")), "health-degraded", id="html"),
        pytest.param(says(answer(b'{"status": "o')), "health-degraded", id="half a document"),
        pytest.param(says(answer(NESTED)), "health-degraded", id="nested"),
        pytest.param(says(answer(b"[" * 60_000)), "health-degraded", id="nested and cut"),
        pytest.param(says(answer(b"\xff\xfe\x00{")), "health-degraded", id="undecodable"),
        pytest.param(says(b"\x00" * 100_000), "health-unreachable", id="no HTTP"),
        pytest.param(says(answer(b"x" * 5_000_000)), "health-degraded", id="huge"),
    ],
)
def test_a_health_page_that_misbehaves_is_a_finding(tmp_path: Path, behaviour: Behaviour, told: str) -> None:
    with serving(behaviour) as port:
        profile(
            tmp_path,
            f"""
            module = "no.such"
            ports = [{port}]
            [services.bad.health]
            url = "http://127.0.0.1:{port}/health"
            expect = {{ status = "ok" }}
            timeout = 1
            """,
        )
        answered = diagnosed(tmp_path, "--only", "health-unreachable,health-degraded")
    assert answered.codes & {"health-unreachable", "health-degraded"}, answered.stdout
    assert told in answered.codes, answered.codes


# crontabs, permissions


def test_an_unreadable_crontab_is_no_empty_one(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "crontab").write_text(
        "#!/bin/sh\necho 'crontab: \x1b[31mOperation not permitted' >&2\nexit 1\n"
    )
    (programs / "crontab").chmod(0o755)
    profile(tmp_path, 'module = "no.such"\n')
    answered = diagnosed(tmp_path, variables={"PATH": f"{programs}:{os.environ['PATH']}"})
    assert "not permitted" in answered.unread["rogue-restarter"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may look into, as pytest's own is not."""
    folder = Path(tempfile.mkdtemp(prefix="ghostfix-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def as_nobody(folder: Path, *arguments: str, **limits: int) -> Answered:
    def limit() -> None:
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, name), (value, value))

    python, variables = python_of_everybody(NOBODY)
    return ghostfix(
        folder,
        *arguments,
        python=(python,),
        variables={**variables, "HOME": "/nonexistent"},
        user=NOBODY,
        prepare=limit if limits else None,
    )


@needs_root
@needs_linux
def test_without_any_permission_nothing_is_claimed(open_folder: Path) -> None:
    closed = open_folder / "closed"
    for name in ("pids", "logs", ".venv/bin"):
        (closed / name).mkdir(parents=True)
    (closed / "pids/a.pid").write_text("1\n")
    closed.chmod(0o700)
    profile(
        open_folder,
        """
        directory = "closed"
        script = "main.py"
        pidfiles = ["pids/*.pid", "pids/a.pid"]
        logs = ["logs/*.log", "logs/a.log"]
        environment = { venv = ".venv", requires = ["psutil"] }
        """,
    )
    answered = as_nobody(open_folder, "diagnose", "--format", "json")
    assert answered.status in (1, 3), answered.stderr
    assert {"stale-pidfile", "missing-venv", "traceback-in-log"} <= answered.unread.keys()
    assert "missing-venv" not in answered.codes


@needs_root
@needs_linux
def test_a_profile_in_a_closed_folder_is_an_error_that_says_so(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    profile(closed, 'module = "x"\n')
    answered = as_nobody(open_folder, "diagnose", "--config", "closed/ghostfix.toml")
    assert answered.status == 2
    assert "Permission denied" in answered.stderr


@needs_root
@needs_linux
def test_a_healthy_service_of_root_s_is_unknown_to_others(open_folder: Path) -> None:
    """Its folder and its sockets cannot be seen: neither is it down, nor does a stranger hold its port."""
    port = free_port()
    server = (
        "import http.server as h\nh.HTTPServer(('127.0.0.1', {}), h.BaseHTTPRequestHandler).serve_forever()"
    )
    (open_folder / "server.py").write_text(server.format(port))
    profile(open_folder, f'script = "server.py"\nports = [{port}]\n')
    process = subprocess.Popen([sys.executable, "server.py"], cwd=open_folder)
    try:
        wait_until(lambda: listens(port), 10, "it does not listen")
        answered = as_nobody(open_folder, "diagnose", "--format", "json")
    finally:
        process.kill()
        process.wait()
    assert (answered.status, answered.report["verdict"]) == (3, "unknown"), answered.stdout
    assert {"not-running", "port-conflict"} <= set(answered.unread)


@needs_root
@needs_linux
def test_few_open_files_and_few_processes(open_folder: Path) -> None:
    profile(open_folder, 'module = "no.such"\nports = [9]\nlogs = ["*.log"]\npidfiles = ["*.pid"]\n')
    for limits in ({"RLIMIT_NOFILE": 64}, {"RLIMIT_NOFILE": 16}, {"RLIMIT_NPROC": 1}, {"RLIMIT_NPROC": 9}):
        answered = as_nobody(open_folder, "diagnose", "--format", "json", **limits)
        assert answered.status in (0, 1, 3, 70), (limits, answered.stderr)
        assert answered.report["schema"] == "ghostfix.report/1"


@needs_root
@needs_linux
def test_where_processes_of_others_are_hidden(open_folder: Path) -> None:
    profile(open_folder, 'module = "no.such"\n')
    script = 'mount -t proc -o hidepid=2 proc /proc && exec "$@"'
    command = ["unshare", "--mount", "/bin/sh", "-c", script, "sh"]
    python, variables = python_of_everybody(NOBODY)
    drop = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", python]
    if shutil.which("unshare") is None or shutil.which("setpriv") is None:
        pytest.skip("util-linux's `unshare` and `setpriv` are needed")
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("no other /proc can be mounted here")
    answered = ghostfix(
        open_folder, "diagnose", "--format", "json", python=(*command, *drop), variables=variables
    )
    assert "not-running" in answered.unread, answered.stdout + answered.stderr


# the surroundings of the program itself


@pytest.mark.parametrize(
    "variables",
    [
        {"PATH": ""},
        {"PATH": "/nonexistent::.:" + "x" * 5000},
        {"COLUMNS": "0"},
        {"COLUMNS": "garbage"},
        {"COLUMNS": "-5"},
        {"COLUMNS": "99999999999"},
        {"LANG": "C"},
        {"LC_ALL": "POSIX"},
        {"LC_ALL": "no_SUCH"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1:strict"},
        {"TERM": "dumb", "FORCE_COLOR": "1"},
        {"XDG_STATE_HOME": "relative/\x1b[31m"},
        {"TZ": "Nowhere/Land"},
    ],
    ids=lambda variables: " ".join(f"{name}={value[:20]}" for name, value in variables.items()).replace(
        "\x1b", "ESC"
    ),
)
def test_a_strange_environment(tmp_path: Path, variables: dict[str, str]) -> None:
    profile(tmp_path, 'module = "no.such"\nlogs = ["\u00fc.log"]\n')
    (tmp_path / "\u00fc.log").write_text("ValueError: \u4e2d\u6587 \u202e\n")
    answered = ghostfix(tmp_path, "diagnose", "-v", variables=variables)
    assert answered.status in (0, 1, 3), answered.stderr
    assert "not-running" in answered.stdout


def test_no_home(tmp_path: Path) -> None:
    profile(tmp_path, 'module = "no.such"\ndirectory = "~/x"\n')
    answered = ghostfix(
        tmp_path, "diagnose", python=("env", "-u", "HOME", "-u", "XDG_STATE_HOME", sys.executable)
    )
    assert answered.status in (0, 1, 3), answered.stderr


def test_a_current_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'rmdir "{gone}"; exec "$@"'
    answered = ghostfix(gone, "diagnose", python=("/bin/sh", "-c", script, "sh", sys.executable))
    assert answered.status in (0, 1, 2, 3), answered.stderr


@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["diagnose", "repair", "undo --list"])
def test_closed_streams(tmp_path: Path, closing: str, command: str) -> None:
    profile(tmp_path, 'module = "no.such"\n')
    script = f'exec "$@" {closing}'
    answered = ghostfix(tmp_path, *command.split(), python=("/bin/sh", "-c", script, "sh", sys.executable))
    assert answered.status in (0, 1, 3, 4), answered.stderr


@needs_linux
def test_a_full_disk(tmp_path: Path) -> None:
    profile(tmp_path, 'module = "no.such"\n')
    answered = ghostfix(tmp_path, "diagnose", "--output", "/dev/full")
    assert answered.status == 2
    assert "could not be written" in answered.stderr
    script = 'exec "$@" >/dev/full'
    answered = ghostfix(tmp_path, "diagnose", python=("/bin/sh", "-c", script, "sh", sys.executable))
    assert answered.status not in (0, 1)
    assert "No space left" in answered.stderr
