"""Sockets, cron lines, PID files, tracebacks, venvs and the machine itself."""

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from tests.false_alarms.bench import PYTHON, SERVER, WIDE, Bench, answers, needs
from tests.false_alarms.cell import ghost, healthy
from tests.real.restarter_bench import no_systemd

SOCKETS, CRON, PIDFILES = "clients and sockets", "cron lines", "PID files"
LOGS, VENVS, MACHINE = "tracebacks", "venvs", "a busy machine"


def _server(bench: Bench, more: str = "", *arguments: str) -> "subprocess.Popen[bytes]":
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"', more)
    return bench.serve(*arguments)


# clients and sockets


@healthy(SOCKETS, "clients connected to the port, and connections in TIME_WAIT")
def clients(bench: Bench) -> None:
    _server(bench)
    client = (
        "import socket, time\n"
        f"for _ in range(5): socket.create_connection(('127.0.0.1', {bench.port})).close()\n"
        f"held = [socket.create_connection(('127.0.0.1', {bench.port})) for _ in range(5)]\n"
        "open('connected', 'w').close()\n"
        "time.sleep(600)\n"
    )
    bench.start(PYTHON, "-c", client)
    bench.wait((bench.folder / "connected").exists, "clients are connected")


@healthy(SOCKETS, "one dual-stack listener")
def dual_stack(bench: Bench) -> None:
    _server(bench, "", "::")


@healthy(SOCKETS, "a systemd socket unit, which passes its socket on")
def passed_on(bench: Bench) -> None:
    lacking = no_systemd()
    if lacking is not None:
        pytest.skip(lacking)
    given = "server = Server((address, port), Handler, False)\n    server.socket = socket.socket(fileno=3)"
    bench.write("server.py", SERVER.replace("server = Server((address, port), Handler)", given))
    bench.profile('script = "server.py"', 'manager = "systemd:subject.service"')
    start = f"[Service]\nExecStart={PYTHON} server.py {bench.port}\nWorkingDirectory={bench.folder}\n"
    bench.write("subject.service", start)
    bench.write("subject.socket", f"[Socket]\nListenStream=127.0.0.1:{bench.port}\n")
    bench.enter_machine()
    bench.succeeds("cp", "subject.service", "subject.socket", "/etc/systemd/system/")
    bench.succeeds("systemctl", "start", "subject.socket", "subject.service")
    bench.wait(lambda: answers(bench.port), "the service answers on systemd's socket")


@ghost(SOCKETS, "IPv4 and IPv6 split between two processes", "duplicate-instance", "port-shared")
def split(bench: Bench) -> None:
    _server(bench)
    bench.serve("::1", "only")


@ghost(SOCKETS, "SO_REUSEPORT twice, the second from another folder", "port-conflict")
def reuse(bench: Bench) -> None:
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"')
    bench.serve(REUSE="1")
    other = bench.folder / "checkout"
    other.mkdir()
    (other / "server.py").write_text(SERVER)
    bench.serve(cwd=other, REUSE="1")


# cron lines


def _crontab(bench: Bench, text: str) -> None:
    """What ``crontab -l`` says on this bench; the machine's own crontabs are left alone."""
    bench.write("crontab.txt", text)
    bench.write(
        "bin/crontab",
        '#!/bin/sh\n[ "$*" = -l ] || { echo "no crontab for $2" >&2; exit 1; }\n'
        f"cat {bench.folder}/crontab.txt\n",
        0o755,
    )


@healthy(CRON, "lines that stop, back up or rotate; a commented line; a job of a namesake")
def innocent_lines(bench: Bench) -> None:
    _server(bench)
    folder = bench.folder
    bench.write("stop.sh", "#!/bin/sh\npkill -f server.py\n", 0o755)
    bench.write("other/server.py.bak", "")
    bench.write("my-server.py", "print('another service')\n")
    _crontab(
        bench,
        f"0 3 * * * {folder}/stop.sh\n"
        f"0 4 * * * tar czf /var/backups/server.tgz {folder}/server.py\n"
        f"5 4 * * * logrotate {folder}/server.conf\n"
        f"# */5 * * * * cd {folder} && python3 server.py {bench.port}\n"
        f"*/5 * * * * cd {folder} && python3 my-server.py {bench.port}\n"
        f"@daily find {folder} -name 'server.py*' -mtime +7 -print\n"
        f"10 * * * * grep -c server.py {folder}/output.txt\n",
    )


@ghost(CRON, "a line that starts it through two scripts", "rogue-restarter", "unlocked-cron-job")
def through_two_scripts(bench: Bench) -> None:
    _server(bench)
    folder = bench.folder
    bench.write("boot.sh", f"#!/bin/sh\n{folder}/start.sh\n", 0o755)
    bench.write("start.sh", f"#!/bin/sh\ncd {folder}\nexec python3 server.py {bench.port}\n", 0o755)
    _crontab(bench, f"*/5 * * * * {folder}/boot.sh\n")


# PID files


@healthy(PIDFILES, "the file of a service that starts just now")
def starting(bench: Bench) -> None:
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"', 'pidfiles = ["*.pid"]')
    bench.serve(PIDFILE="server.pid")


@healthy(PIDFILES, "a file of several lines, as PostgreSQL writes it")
def several_lines(bench: Bench) -> None:
    server = _server(bench, 'pidfiles = ["*.pid"]')
    bench.write("server.pid", f"{server.pid}\n{bench.folder}\n1764000000\n{bench.port}\n\nlocalhost\n")


@healthy(PIDFILES, "the file of the wrapper above the service")
def wrapper(bench: Bench) -> None:
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"', 'pidfiles = ["*.pid"]')
    shell = bench.start("bash", "-c", f"{PYTHON} server.py {bench.port}; true")
    bench.write("server.pid", f"{shell.pid}\n")
    bench.until_it_listens()


def _dated(path: Path, age: float) -> None:
    moment = time.time() - age
    os.utime(path, (moment, moment))


@ghost(PIDFILES, "a PID that was given to another process", "recycled-pidfile")
def recycled(bench: Bench) -> None:
    _server(bench, 'pidfiles = ["*.pid"]')
    stranger = bench.start("sleep", "600")
    _dated(bench.write("server.pid", f"{stranger.pid}\n"), 3600)


@ghost(PIDFILES, "the PID of a worker that does not serve", "mismatched-pidfile")
def mismatched(bench: Bench) -> None:
    bench.write(
        "server.py",
        SERVER.replace(
            "def main():", "def main():\n    import subprocess\n    subprocess.Popen(['sleep', '600'])"
        ),
    )
    bench.profile('script = "server.py"', 'pidfiles = ["*.pid"]')
    server = bench.serve()
    bench.wait(lambda: bench.children(server.pid), "the worker is there")
    bench.write("server.pid", f"{bench.children(server.pid)[0].pid}\n")


@ghost(PIDFILES, "an empty file", "malformed-pidfile")
def empty(bench: Bench) -> None:
    _server(bench, 'pidfiles = ["*.pid"]')
    _dated(bench.write("server.pid", ""), 60)


@ghost(PIDFILES, "the PID of nobody", "stale-pidfile")
def stale(bench: Bench) -> None:
    _server(bench, 'pidfiles = ["*.pid"]')
    gone = bench.start("true")
    gone.wait()
    _dated(bench.write("server.pid", f"{gone.pid}\n"), 60)


# tracebacks

TRACEBACK = """Traceback (most recent call last):
  File "server.py", line 3, in go
    go()
ValueError: too late
"""


def _line(level: str, age: float) -> str:
    return (
        f"{datetime.fromtimestamp(time.time() - age, UTC):%Y-%m-%dT%H:%M:%SZ} {level} server: it went wrong\n"
    )


@healthy(LOGS, "old tracebacks, from before the last start")
def old_traceback(bench: Bench) -> None:
    bench.write("server.log", (_line("ERROR", 7200) + TRACEBACK) * 20)
    _server(bench, 'logs = ["server.log"]')
    with (bench.folder / "server.log").open("a") as log:
        log.write(_line("INFO", 0))


@healthy(LOGS, "a handled exception, logged at INFO")
def handled(bench: Bench) -> None:
    _server(bench, 'logs = ["server.log"]')
    bench.write("server.log", (_line("INFO", 0) + TRACEBACK) * 20)


@ghost(LOGS, "the same traceback every few seconds since the start", "traceback-in-log")
def fresh_traceback(bench: Bench) -> None:
    _server(bench, 'logs = ["server.log"]')
    bench.write("server.log", "".join(_line("ERROR", -second) + TRACEBACK for second in (0, 0, 0)))


# venvs


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


@healthy(VENVS, "pyenv's shim, which hands over to the venv's python")
def shim(bench: Bench) -> None:
    venv = _with_venv(bench)
    bench.write("shims/python", f'#!/usr/bin/env bash\nexec "{venv}/bin/python" "$@"\n', 0o755)
    _run_from(bench, str(bench.folder / "shims" / "python"))


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


# a busy machine


@healthy(MACHINE, "a load within the limits, a few zombies, hundreds of processes")
def busy(bench: Bench) -> None:
    """The default limits, but for the load, memory and disk, which are those of whoever runs the tests."""
    default = "limits = { load_per_cpu = 1000.0, memory_percent = 100, disk_percent = 100 }"
    _server(bench, default)
    crowd = (
        "import os, time\n"
        "for number in range(310):\n"
        "    if os.fork() == 0:\n"
        "        if number >= 300: os._exit(0)\n"
        "        time.sleep(600)\n"
        "open('crowded', 'w').close()\n"
        "time.sleep(600)\n"
    )
    bench.start(PYTHON, "-c", crowd)
    bench.wait((bench.folder / "crowded").exists, "the crowd is there")
    bench.wait(_ten_zombies, "ten of them have ended")


def _ten_zombies() -> bool:
    return sum(_status(process) == psutil.STATUS_ZOMBIE for process in psutil.process_iter()) >= 10


def _status(process: psutil.Process) -> str:
    try:
        return process.status()
    except psutil.Error:
        return ""


@ghost(
    MACHINE,
    "the incident's numbers: more processes and zombies than its profile allows",
    "process-count",
    "zombie-processes",
)
def crowded(bench: Bench) -> None:
    busy(bench)
    there = len(psutil.pids())
    limits = WIDE.replace("100000", str(there - 100)).replace("10000", "5")
    bench.profile('script = "server.py"', limits)


TENANT = 61_234
"""A user of whom nobody else has processes."""


def _tenant(bench: Bench, limit: int) -> None:
    """The service as a user of its own, who may have so many processes, and has twenty."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it starts programs as another user")
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"')
    limited = ("prlimit", f"--nproc={limit}", "/usr/bin/python3", "server.py", str(bench.port))
    bench.start(*limited, user=TENANT)
    for _ in range(19):
        bench.start("sleep", "600", user=TENANT)
    bench.until_it_listens()


@healthy(MACHINE, "a service whose user may have a thousand processes, and has twenty")
def roomy_tenant(bench: Bench) -> None:
    _tenant(bench, 1000)


@ghost(MACHINE, "a service whose user has nearly all the processes that the kernel allows", "process-count")
def crowded_tenant(bench: Bench) -> None:
    _tenant(bench, 21)
