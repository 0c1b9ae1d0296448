"""``ghostfix why`` on genuine processes: a terminal, a server with children, a shared port, cron, a unit."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import psutil
import pytest

from ghostfix.commands.machine import local_system
from ghostfix.commands.why.explanation import Explanation, Why
from ghostfix.commands.why.why import why
from tests.real import test_systemd_real
from tests.real.ghost_house import cron_daemon, free_port, listens, wait_until
from tests.real.restarter_bench import ghost, machine, sh

pytestmark = pytest.mark.real

SERVER = """
import os, socket, subprocess, sys, time
port, children = int(sys.argv[1]), int(sys.argv[2])
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listener.bind((sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1", port))
listener.listen()
for _ in range(children):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
time.sleep(600)
"""


@dataclass
class Stage:
    """A folder with a server in it, and what the test started."""

    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def server(self) -> str:
        return str(self.folder / "server.py")

    def start(self, *argv: str) -> int:
        """Starts a command in its own session, and gives its PID."""
        process = subprocess.Popen(
            argv,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started.append(process)
        return process.pid

    def serve(self, port: int, children: int = 0) -> int:
        pid = self.start(sys.executable, self.server, str(port), str(children))
        wait_until(lambda: listens(port), 20, f"nobody listens on {port}")
        return pid

    def end(self) -> None:
        """Ends what was started, what that started, and whatever else lives in the folder."""
        for process in psutil.process_iter():
            if process.pid > 1 and (cwd(process) == str(self.folder) or process.pid in self.pids):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        for started in self.started:
            started.wait(5)

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(started.pid for started in self.started)


def cwd(process: psutil.Process) -> str | None:
    with suppress(psutil.Error):
        return process.cwd()
    return None


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    (tmp_path / "server.py").write_text(SERVER)
    made = Stage(tmp_path)
    try:
        yield made
    finally:
        made.end()


def explained(target: str, *, tree: bool = False) -> Explanation:
    answer = why(local_system(), target, tree=tree)
    assert answer.problems == ()
    assert len(answer.processes) == 1
    return answer.processes[0]


def test_a_server_with_children(stage: Stage) -> None:
    port = free_port()
    pid = stage.serve(port, children=2)
    wait_until(lambda: len(psutil.Process(pid).children()) == 2, 20, "no children")
    seen = explained(f":{port}", tree=True)
    assert (seen.pid, seen.cwd, seen.venv) == (pid, str(stage.folder), sys.prefix)
    assert [(each.address, each.port, each.reach) for each in seen.listeners] == [
        ("127.0.0.1", port, "loopback")
    ]
    below = [row.pid for row in seen.tree if row.depth == len(seen.chain)]
    assert sorted(below) == sorted(child.pid for child in psutil.Process(pid).children())
    assert [link.pid for link in seen.chain][-1] == pid
    assert (
        abs(seen.started - psutil.Process(pid).create_time()) < 1.02
    )  # psutil counts from a boot time of whole seconds
    assert seen.usage.threads == 1
    assert seen.usage.memory_bytes > 1_000_000
    assert "temporary-folder" in [warning.code for warning in seen.warnings]


def test_two_processes_on_one_port(stage: Stage) -> None:
    port = free_port()
    pids = [stage.serve(port)]
    pids.append(stage.start(sys.executable, stage.server, str(port), "0"))
    wait_until(lambda: len(why(local_system(), f":{port}").processes) == 2, 20, "one owner only")
    answer = why(local_system(), f":{port}")
    assert [seen.pid for seen in answer.processes] == sorted(pids)
    assert all("port-shared" in [each.code for each in seen.warnings] for seen in answer.processes)


def test_a_program_that_was_deleted_since(stage: Stage) -> None:
    program = stage.folder / "sleeper"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    pid = stage.start(str(program), "600")
    wait_until(lambda: psutil.Process(pid).name() == "sleeper", 10, "it did not start")
    program.unlink()
    assert "executable-deleted" in [warning.code for warning in explained(str(pid)).warnings]


def test_a_loop_that_restarts(stage: Stage) -> None:
    port = free_port()
    script = stage.folder / "loop.sh"
    script.write_text(
        f"#!/bin/bash\nwhile true; do\n  {sys.executable} {stage.server} {port} 0\n  sleep 2\ndone\n"
    )
    loop = stage.start("bash", str(script))
    wait_until(lambda: listens(port), 20, "the loop started nothing")
    seen = explained(f":{port}")
    assert [(restarter.kind, restarter.id) for restarter in seen.kept_alive_by] == [("watchdog", str(script))]
    assert [link.pid for link in seen.chain][-2:] == [loop, seen.pid]
    assert seen.summary == "the loop loop.sh restarts it when the process exits, 2 s later"


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_under_a_shell_in_tmux(stage: Stage) -> None:
    port = free_port()
    name = f"ghostfix-{secrets.token_hex(4)}"
    tmux = ["tmux", "-L", name, "-f", "/dev/null"]
    subprocess.run([*tmux, "new-session", "-d", "-c", str(stage.folder), "bash", "--norc"], check=True)
    try:
        line = f"{sys.executable} {stage.server} {port} 0"
        subprocess.run([*tmux, "send-keys", line, "Enter"], check=True)
        wait_until(lambda: listens(port), 20, "nothing was started in tmux")
        seen = explained(f":{port}")
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
    assert [link.kind for link in seen.chain][-3:] == ["terminal", "shell", "program"]
    assert "nobody restarts it" in seen.summary
    assert "tmux" in seen.summary
    assert "TMUX" in seen.signs
    assert seen.terminal is not None
    assert seen.terminal.startswith("pts/")


def test_the_program_as_a_user_types_it(stage: Stage) -> None:
    port = free_port()
    pid = stage.serve(port)
    ghostfix = [sys.executable, "-m", "ghostfix", "why"]

    def ask(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*ghostfix, *words], cwd=stage.folder, capture_output=True, text=True, timeout=60, check=False
        )

    plain = ask(f":{port}")
    assert plain.returncode == 0
    assert f"(pid {pid}) listens on port {port}" in plain.stdout
    document = json.loads(ask(str(pid), "--json").stdout)
    assert (document["schema"], document["processes"][0]["pid"]) == ("ghostfix.why/1", pid)
    missing = ask("4194304")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "there is no process 4194304" in missing.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it adds a file to /etc/cron.d")
@pytest.mark.skipif(shutil.which("cron") is None, reason="needs Debian's package cron")
def test_what_cron_started_and_put_into_the_background(stage: Stage) -> None:
    port = free_port()
    table = Path(f"/etc/cron.d/ghostfix-{secrets.token_hex(4)}")
    log = stage.folder / "server.log"
    command = f"cd {stage.folder} && {sys.executable} server.py {port} 0 >>{log} 2>&1 &"
    # Before cron starts: it compares whole seconds, and overlooks what is written right after its look.
    table.write_text(f"# the test's\n* * * * * root {command}\n")
    try:
        with cron_daemon():
            wait_until(lambda: listens(port), 130, "cron started nothing")
            seen = why(local_system(), f":{port}").processes[0]
    finally:
        table.unlink()
    found = seen.kept_alive_by[0]
    assert (found.kind, found.file, found.line, found.started) == (
        "cron",
        str(table),
        2,
        True,
    )
    assert "every minute" in seen.summary


@pytest.mark.slow
@pytest.mark.skipif(test_systemd_real.REASON is not None, reason=test_systemd_real.REASON or "")
def test_a_unit_of_a_genuine_systemd(tmp_path: Path) -> None:
    with machine(tmp_path / "machine") as bench:
        ghost(bench, "/srv/ghost")
        unit = (
            "[Service]\\nExecStart=/usr/bin/python3 /srv/ghost/ghost.py\\nRestart=always\\nRestartSec=0.1\\n"
        )
        sh(bench, f"printf '{unit}' > /etc/systemd/system/ghost.service")
        sh(bench, "systemctl daemon-reload && systemctl start ghost.service")
        sh(bench, "systemctl kill --signal=KILL ghost.service")
        restarts = "systemctl show -p NRestarts --value ghost.service"
        wait_until(lambda: sh(bench, restarts).strip() == "1", 20, "it was not restarted")
        answer = sh(bench, f"cd / && {sys.executable} -m ghostfix why ghost.py --json")
    seen = msgspec.json.decode(answer, type=Why).processes[0]
    unit_seen = seen.kept_alive_by[0]
    assert (unit_seen.kind, unit_seen.id, unit_seen.restarts) == ("systemd", "ghost.service", 1)
    assert unit_seen.file == "/etc/systemd/system/ghost.service"
    assert seen.control_group is not None
    assert seen.control_group.endswith("/ghost.service")
    assert [link.kind for link in seen.chain] == ["systemd", "program"]
    assert "restarts it when it ends" in seen.summary
