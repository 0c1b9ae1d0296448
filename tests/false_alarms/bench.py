"""A folder with a genuine service in it, and all processes that a cell of the table starts."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import psutil
import pytest
from msgspec import Struct

from tests.real.restarter_bench import inside, machine

DEADLINE = 30.0
PYTHON = sys.executable
BIN = Path(PYTHON).parent

WSGI = """
import os, time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/stuck":
        time.sleep(600)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [b'{"status": "ok"}']
"""
ASGI = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    head = {"type": "http.response.start", "status": 200}
    await send({**head, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b'{"status": "ok"}'})
"""
FLASK = """
from flask import Flask

app = Flask(__name__)

@app.get("/health")
def health():
    return {"status": "ok"}
"""
SERVER = """
import http.server, os, socket, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')

    def log_message(self, *arguments):
        pass

class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self):
        if os.environ.get("REUSE"):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, "only" in sys.argv)
        super().server_bind()

def main():
    port, address = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1"
    Server.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = Server((address, port), Handler)
    if os.environ.get("PIDFILE"):
        with open(os.environ["PIDFILE"], "w") as file:
            file.write(f"{os.getpid()}\\n")
    server.serve_forever()

if __name__ == "__main__":
    main()
"""
"""A small server without dependencies: ``server.py PORT [ADDRESS [only]]``."""


class Found(Struct, frozen=True):
    """One finding of a diagnosis."""

    code: str
    severity: str
    confidence: str
    doubt: str | None
    summary: str
    evidence: str


class Diagnosis(Struct, frozen=True):
    """What the real program said."""

    exit_code: int
    verdict: str
    pids: tuple[int, ...]
    """The instances, by their top processes."""
    findings: tuple[Found, ...]
    problems: tuple[str, ...]
    """Checks that could not look, or crashed, with the reason."""

    @property
    def complaints(self) -> tuple[Found, ...]:
        """The findings that are more than information."""
        return tuple(found for found in self.findings if found.severity != "info")

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(found.code for found in self.findings)


class Bench:
    """Where a cell builds its service. Everything below ``folder`` is ended when the cell is over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.instances = 1
        """How many a healthy look must show."""
        self.variables: dict[str, str] = {}
        """What its programs and ghostfix have in their environment besides."""
        self._inside: tuple[str, ...] = ()
        self._ending = contextlib.ExitStack()
        self._children: list[subprocess.Popen[bytes]] = []

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def profile(self, recognised: str, more: str = "", health: bool = True) -> None:
        """Writes the service's profile; limits are wide, since the machine at hand is not the subject."""
        url = f'health = {{ url = "http://127.0.0.1:{self.port}/health", expect = {{ status = "ok" }} }}\n'
        self.write(
            "ghostfix.toml",
            f"[services.subject]\n{recognised}\n{more}\n"
            + (url if health else "")
            + ("" if "ports" in more or not health else f"ports = [{self.port}]\n")
            + ("" if "limits" in more else f"{WIDE}\n"),
        )

    def start(
        self, *argv: str, cwd: Path | None = None, user: str | int | None = None, **variables: str
    ) -> subprocess.Popen[bytes]:
        """Starts a program in a session of its own, without a terminal."""
        with (self.folder / "output.txt").open("ab") as output:
            child = subprocess.Popen(
                self._words(argv, cwd or self.folder, variables),
                cwd=cwd or self.folder,
                env={**self.environment, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
            )
        self._children.append(child)
        return child

    def start_in_terminal(self, *argv: str) -> "subprocess.Popen[bytes]":
        """Starts a program that wants a terminal, in one of its own that nobody reads."""
        master, terminal = os.openpty()
        self._ending.callback(os.close, master)
        child = subprocess.Popen(
            argv,
            cwd=self.folder,
            env={**self.environment, "TERM": "xterm"},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        )
        os.close(terminal)
        self._children.append(child)
        return child

    @property
    def environment(self) -> dict[str, str]:
        """ghostfix and the services see the venv's programs first, and no process titles unless asked for."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        return {
            **inherited,
            "PATH": f"{self.folder / 'bin'}:{BIN}:{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(self.folder / "hidden"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            **self.variables,
        }

    def enter_machine(self) -> None:
        """Boots a throw-away machine with a systemd; all programs of the bench run in it from now on."""
        place = self.folder.with_name(f"{self.folder.name}-machine")
        self._ending.callback(shutil.rmtree, place, ignore_errors=True)
        self._ending.enter_context(machine(place, self.folder))
        self._inside = inside(place)

    def enter(self, *words: str) -> None:
        """The words before a command that lead into a container, in which all of it runs from now on."""
        self._inside = words

    def _words(self, argv: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> Sequence[str]:
        """The command, as it is started on the machine of the bench."""
        if not self._inside:
            return argv
        kept = {name: self.environment[name] for name in ("PATH", "PYTHONPATH", "XDG_STATE_HOME")}
        settings = [f"{name}={value}" for name, value in {**kept, **variables}.items()]
        return [*self._inside, "env", "-C", str(cwd), *settings, *argv]

    def succeeds(self, *argv: str) -> None:
        """Runs a command to its end."""
        done = subprocess.run(
            self._words(argv, self.folder, {}),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout}"

    def at_end(self, *argv: str) -> None:
        """Runs a command when the cell is over."""
        self._ending.callback(self.succeeds, *argv)

    def serve(self, *arguments: str, cwd: Path | None = None, **variables: str) -> subprocess.Popen[bytes]:
        """Starts the small server on the bench's port, and waits until it answers."""
        child = self.start(PYTHON, "server.py", str(self.port), *arguments, cwd=cwd, **variables)
        if self._inside:
            self.until_it_listens()
        else:
            self.wait(lambda: listening_pids(self.port, child.pid), "the small server listens")
        return child

    def until_it_listens(self, port: int | None = None) -> None:
        """Waits until somebody accepts connections on the port."""
        self.wait(lambda: accepts(port or self.port), f"port {port or self.port} is served")

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Waits for a condition; fails with ``what`` and the programs' output when it does not come true."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            if time.monotonic() > deadline:
                written = self.folder / "output.txt"
                output = written.read_text(errors="replace")[-2000:] if written.exists() else ""
                raise AssertionError(f"waited {DEADLINE:.0f} s in vain until {what}\n{output}")
            time.sleep(0.05)

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        """Signals a process of the bench, and waits until it is gone when it was killed."""
        assert pid > 1
        os.kill(pid, number)
        if number == signal.SIGKILL:
            for child in self._children:
                if child.pid == pid:
                    child.wait(DEADLINE)
            self.wait(lambda: not psutil.pid_exists(pid), f"process {pid} is gone")

    def inhabitants(self) -> list[psutil.Process]:
        """Every live process whose working directory is in the bench's folder."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.cwd().startswith(str(self.folder)):
                    found.append(process)
        return found

    def children(self, pid: int) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(pid).children()
        return []

    def ghostfix(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the program as a user does, in the service's folder."""
        return subprocess.run(
            self._words([PYTHON, "-m", "ghostfix", *arguments], self.folder, {}),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def diagnose(self, *arguments: str) -> Diagnosis:
        answer = self.ghostfix("diagnose", "--format", "json", "--fail-on", "warning", *arguments)
        assert answer.stdout.startswith("{"), answer.stderr
        report = json.loads(answer.stdout)
        results = report["results"]
        return Diagnosis(
            exit_code=answer.returncode,
            verdict=report["verdict"],
            pids=tuple(instance["pid"] for instance in report["instances"]),
            findings=tuple(
                Found(
                    each["code"],
                    each["severity"],
                    each["confidence"],
                    each["doubt"],
                    each["summary"],
                    "; ".join(seen["text"] for seen in each["evidence"]),
                )
                for result in results
                for each in result["findings"]
            ),
            problems=tuple(
                f"{result['check']}: {result['reason']}"
                for result in results
                if result["unread"] or result["outcome"] == "crashed"
            ),
        )

    def drafted(self, target: str) -> None:
        """Writes the profile with ``ghostfix init``, but for the limits: the machine is not the subject."""
        profile = self.folder / "ghostfix.toml"
        profile.unlink()
        answer = self.ghostfix("init", "--from", target)
        assert answer.returncode == 0, answer.stderr
        text = profile.read_text()
        profile.write_text("\n".join(WIDE if "# limits" in line else line for line in text.splitlines()))

    def close(self) -> None:
        """Ends what the cell started, and whatever came of it."""
        self._ending.close()
        for _ in range(20):
            left = [process for process in self.inhabitants() if process.pid > 1]
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            for child in self._children:
                if child.poll() is None:
                    child.kill()
                child.wait(DEADLINE)
            psutil.wait_procs(left, timeout=3)
            if not self.inhabitants():
                return


WIDE = (
    "limits = { processes = 100000, zombies = 10000, load_per_cpu = 1000.0, memory_percent = 100, "
    "disk_percent = 100 }"
)


@contextlib.contextmanager
def bench() -> Iterator[Bench]:
    """A new bench in a folder of its own, cleared up afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ghostfix-cell-")).resolve()
    folder.chmod(0o755)
    opened = Bench(folder)
    hide_titles(opened)
    try:
        yield opened
    finally:
        opened.close()
        shutil.rmtree(folder, ignore_errors=True)


def hide_titles(opened: Bench) -> None:
    """Without ``setproctitle``, gunicorn and celery leave their command lines as they were."""
    opened.write("hidden/setproctitle.py", "raise ImportError('hidden from this service')\n")


def show_titles(opened: Bench) -> None:
    """With it, they write what they do over their command lines."""
    needs("setproctitle")
    (opened.folder / "hidden" / "setproctitle.py").unlink()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    for address, family in (("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)):
        with socket.socket(family) as probe:
            if probe.connect_ex((address, port)) == 0:
                return True
    return False


def answers(port: int) -> bool:
    """Whether a health request is answered, and not only accepted by whoever has the socket."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def listening_pids(port: int, *wanted: int) -> list[int]:
    """The processes among ``wanted`` (or all) that listen on the port."""
    rows = psutil.net_connections("tcp")
    found = [
        row.pid
        for row in rows
        if row.status == psutil.CONN_LISTEN and row.laddr and row.laddr.port == port and row.pid
    ]
    return [pid for pid in found if not wanted or pid in wanted]


def needs(*modules: str) -> None:
    """Skips by name when a server of the tests' own requirements is not installed."""
    for module in modules:
        pytest.importorskip(module)


def argv_of(process: psutil.Process) -> Sequence[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return ()
