"""The incident, built with genuine processes, sockets, files and a crontab, and taken down again."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import psutil

CROWD = 25
"""How many idle children each ghost has: three ghosts bring the machine over its limit."""


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Waits for a condition with a deadline, and fails with ``what`` when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class GhostHouse:
    """A folder with the ghost runner in it, and all processes that the test started."""

    folder: Path
    port: int
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "XDG_STATE_HOME": str(self.folder / "state"), "COLUMNS": "120"}

    def ghostfix(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the program as a user does, in the service's folder, without a terminal."""
        return subprocess.run(
            [sys.executable, "-m", "ghostfix", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )

    def diagnose(self) -> "Found":
        answer = self.ghostfix("diagnose", "--format", "json")
        assert answer.stdout.startswith("{"), answer.stderr
        return Found(answer.returncode, json.loads(answer.stdout))

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            argv,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def inhabitants(self) -> list[psutil.Process]:
        """Every process whose working directory lies in the house."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.cwd().startswith(str(self.folder)):
                    found.append(process)
        return found

    def ghosts(self) -> list[psutil.Process]:
        """The running instances: processes of the service without a parent that is one, too."""
        ghosts = {}
        for process in self.inhabitants():
            with contextlib.suppress(psutil.Error):
                if "gpt_cursor_runner.main" in process.cmdline():
                    ghosts[process.pid] = process
        return [ghost for ghost in ghosts.values() if ghost.ppid() not in ghosts]

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def close(self) -> None:
        for _ in range(10):
            left = [process for process in self.inhabitants() if process.pid > 1]
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            for child in self.started:
                if child.poll() is None and child.pid > 1:
                    child.kill()
                child.wait(10)
            psutil.wait_procs(left, timeout=3)
            if not self.inhabitants():
                break


@dataclass(frozen=True)
class Found:
    """One diagnosis, read from its JSON."""

    exit_code: int
    report: dict[str, object]

    def codes(self, severity: str | None = None) -> set[str]:
        results = self.report["results"]
        assert isinstance(results, list)
        return {
            finding["code"]
            for result in results
            for finding in result["findings"]
            if severity is None or finding["severity"] == severity
        }

    def rows(self, key: str) -> list[dict[str, object]]:
        rows = self.report[key]
        assert isinstance(rows, list)
        return rows


def runner_source() -> str:
    """The demo's runner, but needing psutil, and with a crowd of idle children as long as it lacks it."""
    source = resources.files("ghostfix.commands.demo").joinpath("runner.py").read_text()
    source = source.replace('PART = "ghost_parts"', 'PART = "psutil"')
    crowd = f"""    for _ in range({CROWD} if process_limit is None else 0):
        if os.fork() == 0:
            threading.Event().wait()
"""
    return source.replace("    port = int(sys.argv[1])\n", "    port = int(sys.argv[1])\n" + crowd)


def count_zombies() -> int:
    found = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            found += process.status() == psutil.STATUS_ZOMBIE
    return found


def build(folder: Path) -> GhostHouse:
    """All files of the incident; nothing runs yet."""
    house = GhostHouse(folder, free_port())
    python = f"{sys.executable} -S"
    house.write("gpt_cursor_runner/__init__.py", "")
    house.write("gpt_cursor_runner/main.py", runner_source())
    house.write(
        "scripts/start.sh",
        f"#!/bin/bash\n# starts the runner\ncd {folder}\n"
        f"nohup {python} -m gpt_cursor_runner.main {house.port} >> logs/ghost-runner.log 2>&1 &\n",
        0o755,
    )
    house.write(
        "scripts/boot.sh", f"#!/bin/sh\n. {folder}/scripts/env.sh\n{folder}/scripts/start.sh\n", 0o755
    )
    house.write("scripts/env.sh", "export GHOST=1\n")
    house.write("scripts/stop.sh", "#!/bin/sh\npkill -f gpt_cursor_runner.main\n", 0o755)
    house.write(
        "scripts/watchdog.sh",
        "#!/bin/bash\n"
        "# never let it be down\n"
        f"cd {folder}\n"
        "while true; do\n"
        '  if ! kill -0 "$(cat pids/ghost-runner.pid)" 2>/dev/null; then\n'
        '    if [ "$(cat starts 2>/dev/null | wc -l)" -lt 2 ] || ! curl -s -o /dev/null '
        f"http://127.0.0.1:{house.port}/health; then\n"
        "      echo started >> starts\n"
        f"      {python} -m gpt_cursor_runner.main {house.port} >> logs/ghost-runner.log 2>&1 &\n"
        "    fi\n"
        "  fi\n"
        "  sleep 0.5\n"
        "done\n",
        0o755,
    )
    subprocess.run([sys.executable, "-m", "venv", str(folder / ".venv")], check=True)
    house.write("logs/ghost-runner.log", "")
    count = len(psutil.pids())
    zombies = count_zombies()
    url = f"http://localhost:{house.port}"
    house.write(
        "ghostfix.toml",
        f"""
[services.ghost-runner]
module = "gpt_cursor_runner.main"
pidfiles = ["pids/*.pid"]
ports = [{house.port}]
logs = ["logs/ghost-runner.log"]
start = ["{{python}}", "-m", "gpt_cursor_runner.main", "{house.port}"]
stop = {{ signal = "TERM", grace = 3 }}

[services.ghost-runner.environment]
venv = ".venv"
requires = ["psutil"]

[services.ghost-runner.health]
url = "{url}/health"
expect = {{ "components.ghost_runner" = "up" }}
timeout = 3

[services.ghost-runner.webhook]
url = "{url}/webhook"
payload = {{ id = "probe" }}
expect_status = [202]

[services.ghost-runner.limits]
processes = {count + 2 * CROWD}
zombies = {zombies + 10}
load_per_cpu = 60
memory_percent = 99
disk_percent = 99.9
""",
    )
    return house


def haunt(house: GhostHouse) -> None:
    """Lets the ghosts loose, and waits until the incident is as it was."""
    bystander = house.start("/bin/sleep", "1000")
    house.write("pids/ghost-runner.pid", "999999\n" if not psutil.pid_exists(999999) else "4194303\n")
    recycled = house.write("pids/old-runner.pid", f"{bystander.pid}\n")
    os.utime(recycled, (time.time() - 86_400, time.time() - 86_400))
    house.start(
        sys.executable,
        "-c",
        f"import socket, time; s = socket.create_server(('::1', {house.port}), family=socket.AF_INET6); "
        "time.sleep(1000)",
    )
    house.start("/bin/bash", str(house.folder / "scripts/watchdog.sh"))
    log = house.folder / "logs/ghost-runner.log"
    wait_until(lambda: len(house.ghosts()) >= 2, 20, "two ghosts")
    subprocess.run([str(house.folder / "scripts/boot.sh")], check=True, stdout=subprocess.DEVNULL)
    wait_until(lambda: len(house.ghosts()) == 3, 20, "three ghosts")
    wait_until(lambda: log.read_text().count("cannot listen") == 2, 20, "two that cannot listen")
    wait_until(lambda: log.read_text().count("server fixes failed") > 40, 40, "tracebacks and zombies")


@contextlib.contextmanager
def crontab(line: str) -> Iterator[bytes]:
    """Root's crontab with nasty lines and ours among them; gives its bytes, and restores what was there."""
    before = subprocess.run(["crontab", "-l"], capture_output=True, check=False)
    text = (
        b"# m h dom mon dow command\n"
        b'MAILTO=""\n'
        b'FOO = "a  b"\n'
        b"\n"
        b"*/7\t*  *\t* 7\techo  'spaced   out' % input\n" + line.encode() + b"\n"
        b"# 0 0 * * * echo commented\n"
        b"22 2 * * 0,7 /bin/true\n"
        b"LATE=1\n"
    )
    subprocess.run(["crontab", "-"], input=text, check=True)
    try:
        yield text
    finally:
        if before.returncode == 0:
            subprocess.run(["crontab", "-"], input=before.stdout, check=True)
        else:
            subprocess.run(["crontab", "-r"], check=True)


def _is_cron(process: psutil.Process) -> bool:
    """The daemon: not its zombie, where PID 1 does not reap, nor its child, which waits for a last job."""
    argv = process.info["cmdline"]
    return bool(argv) and os.path.basename(argv[0]) == "cron"


@contextlib.contextmanager
def cron_daemon() -> Iterator[None]:
    """A running cron: the machine's, or one of our own for as long as it is needed."""
    if any(map(_is_cron, psutil.process_iter(["cmdline"]))):
        yield
        return
    program = shutil.which("cron")
    assert program is not None, "Debian's package `cron` is needed"
    daemon = subprocess.Popen([program, "-f"], start_new_session=True)
    try:
        yield
    finally:
        if daemon.pid > 1:
            daemon.send_signal(signal.SIGTERM)
        daemon.wait(10)
