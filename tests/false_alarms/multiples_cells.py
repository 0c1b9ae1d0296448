"""Deliberate multiples: as many as their manager runs, and one more."""

import os
from pathlib import Path

import pytest

from tests.false_alarms.bench import PYTHON, SERVER, Bench, free_port, listening_pids, needs
from tests.false_alarms.cell import ghost, healthy
from tests.real.pm2_program import npm_programs
from tests.real.restarter_bench import no_systemd

MULTIPLES = "deliberate multiples"

SUPERVISED = """[supervisord]
nodaemon=true
pidfile={folder}/supervisord.pid
logfile={folder}/supervisord.log
[unix_http_server]
file={folder}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{folder}/supervisor.sock
[program:subject]
command={python} server.py {port} 127.0.0.1
environment=REUSE="1"
directory={folder}
numprocs=3
process_name=%(program_name)s_%(process_num)02d
autorestart=true
"""


def _supervised(bench: Bench) -> None:
    needs("supervisor")
    bench.write("server.py", SERVER)
    bench.write(
        "supervisord.conf",
        SUPERVISED.format(folder=bench.folder, python=PYTHON, port=bench.port),
    )
    bench.profile('script = "server.py"', 'manager = "supervisord:subject"')
    bench.start(
        PYTHON, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(bench.folder / "supervisord.conf")
    )
    bench.wait(lambda: len(listening_pids(bench.port)) == 3, "supervisord runs three")
    bench.instances = 3


@healthy(MULTIPLES, "supervisord numprocs=3")
def supervised(bench: Bench) -> None:
    _supervised(bench)


@ghost(MULTIPLES, "supervisord numprocs=3, and one more started by hand", "duplicate-instance")
def supervised_and_more(bench: Bench) -> None:
    _supervised(bench)
    bench.serve(REUSE="1")


@healthy(MULTIPLES, "as many as the profile wants")
def wanted(bench: Bench) -> None:
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"', "instances = 2")
    bench.serve(REUSE="1")
    bench.serve(REUSE="1")
    bench.instances = 2


TEMPLATE = """[Unit]
Description=one of several
[Service]
ExecStart={python} server.py {port}
WorkingDirectory={folder}
Environment=REUSE=1
Restart=always
"""


def _templates(bench: Bench) -> None:
    """``subject@1`` and ``subject@2``, below a genuine systemd."""
    lacking = no_systemd()
    if lacking is not None:
        pytest.skip(lacking)
    bench.write("server.py", SERVER)
    bench.profile('script = "server.py"', 'manager = "systemd:subject@.service"')
    unit = TEMPLATE.format(python=PYTHON, port=bench.port, folder=bench.folder)
    bench.write("subject@.service", unit)
    bench.enter_machine()
    bench.succeeds("cp", "subject@.service", "/etc/systemd/system/")
    bench.succeeds("systemctl", "start", "subject@1", "subject@2")
    bench.wait(lambda: len(listening_pids(bench.port)) == 2, "systemd runs two")
    bench.instances = 2


@healthy(MULTIPLES, "systemd subject@1 and subject@2")
def templates(bench: Bench) -> None:
    _templates(bench)


@ghost(MULTIPLES, "systemd subject@1 and subject@2, and one more started by hand", "duplicate-instance")
def templates_and_more(bench: Bench) -> None:
    _templates(bench)
    bench.start(PYTHON, "server.py", str(bench.port), REUSE="1")
    bench.wait(lambda: len(listening_pids(bench.port)) == 3, "the third one listens")


NODE_SERVER = """
const answer = JSON.stringify({status: "ok"});
require("http").createServer((request, response) => response.end(answer))
    .listen(+process.argv[2], "127.0.0.1");
"""


def _cluster(bench: Bench) -> None:
    """Three workers of a pm2 cluster, whose socket belongs to the daemon above them."""
    bench.variables = {
        "PATH": f"{npm_programs()}:{os.environ['PATH']}",
        "PM2_HOME": str(bench.folder / "pm2-home"),
    }
    bench.write("server.js", NODE_SERVER)
    bench.profile('script = "server.js"', 'manager = "pm2:subject"\npidfiles = ["pm2-home/pids/*.pid"]')
    words = ("server.js", "--name", "subject", "-i", "3", "--", str(bench.port))
    bench.at_end("pm2", "kill")
    bench.succeeds("pm2", "start", *words)
    bench.until_it_listens()
    bench.wait(lambda: len(_workers(bench)) == 3, "pm2 runs three")
    bench.instances = 3


def _workers(bench: Bench) -> list[Path]:
    return list((bench.folder / "pm2-home" / "pids").glob("subject-*.pid"))


@healthy(MULTIPLES, "a pm2 cluster of three")
def cluster(bench: Bench) -> None:
    _cluster(bench)


@ghost(MULTIPLES, "a pm2 cluster of three, and one more started by hand", "duplicate-instance")
def cluster_and_more(bench: Bench) -> None:
    _cluster(bench)
    other = free_port()
    bench.start("node", "server.js", str(other))
    bench.until_it_listens(other)
