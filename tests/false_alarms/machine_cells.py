"""Sockets, cron lines, PID files and tracebacks."""

import os
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.false_alarms.bench import PYTHON, SERVER, Bench, answers
from tests.false_alarms.cell import ghost, healthy
from tests.real.restarter_bench import no_systemd

SOCKETS, CRON, PIDFILES = "clients and sockets", "cron lines", "PID files"
LOGS = "tracebacks"


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


@healthy(PIDFILES, "PID 1 in a container, where ghostfix runs too")
def first_process(bench: Bench) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: it makes namespaces")
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"', 'pidfiles = ["*.pid"]')
    container = bench.start(
        *("unshare", "--pid", "--fork", "--mount-proc", "--kill-child"),
        *(PYTHON, "server.py", str(bench.port)),
        PIDFILE="server.pid",
    )
    bench.until_it_listens()
    assert (bench.folder / "server.pid").read_text() == "1\n"
    (first,) = bench.children(container.pid)
    bench.enter("nsenter", "--target", str(first.pid), "--pid", "--mount")


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
