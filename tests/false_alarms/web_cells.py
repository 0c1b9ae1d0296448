"""Flask, gunicorn and uvicorn, each healthy and as a ghost."""

import os
import signal
import threading
import urllib.request
from pathlib import Path

import psutil

from tests.false_alarms.bench import (
    ASGI,
    BIN,
    FLASK,
    PYTHON,
    WSGI,
    Bench,
    argv_of,
    listening_pids,
    needs,
    show_titles,
)
from tests.false_alarms.cell import ghost, healthy

OURS = f"{Path(__file__).parents[2]}/*"
"""ghostfix's own files, a change of which must not make Flask reload while a test runs."""
FLASK_ROW, GUNICORN_ROW, UVICORN_ROW = "Flask with the reloader", "gunicorn", "uvicorn"


def _flask(bench: Bench) -> int:
    """Starts ``flask run --debug`` and gives the reloader's PID, its child being there."""
    needs("flask")
    bench.write("app.py", FLASK)
    words = ["--app", "app", "run", "--debug", "--port", str(bench.port), "--exclude-patterns", OURS]
    bench.profile(f"command = {['flask', *words]}".replace("'", '"'))
    parent = bench.start(str(BIN / "flask"), *words)
    bench.wait(lambda: bench.children(parent.pid), "the reloader has its child")
    bench.until_it_listens()
    return parent.pid


@healthy(FLASK_ROW, "flask run --debug: parent and child with the same argv, both listening")
def flask_reloader(bench: Bench) -> None:
    _flask(bench)


@healthy(FLASK_ROW, "python -m flask run --debug")
def flask_module(bench: Bench) -> None:
    needs("flask")
    bench.write("app.py", FLASK)
    bench.profile('module = "flask"')
    words = ["--port", str(bench.port), "--exclude-patterns", OURS]
    parent = bench.start(PYTHON, "-m", "flask", "run", "--debug", *words)
    bench.wait(lambda: bench.children(parent.pid), "the reloader has its child")
    bench.until_it_listens()


@healthy(FLASK_ROW, "python app.py with app.run(debug=True)")
def flask_script(bench: Bench) -> None:
    needs("flask")
    run = f"app.run(port={bench.port}, debug=True, exclude_patterns=['{OURS}'])"
    bench.write("app.py", f"{FLASK}\nif __name__ == '__main__':\n    {run}\n")
    bench.profile('script = "app.py"')
    parent = bench.start(PYTHON, "app.py")
    bench.wait(lambda: bench.children(parent.pid), "the reloader has its child")
    bench.until_it_listens()


@ghost(FLASK_ROW, "the reloader's child after its parent was killed", "orphan-instance")
def flask_orphan(bench: Bench) -> None:
    bench.kill(_flask(bench))
    bench.until_it_listens()


def _gunicorn(bench: Bench, *more: str, workers: int = 4, profiled: bool = True) -> int:
    """Starts gunicorn and gives its master's PID, all workers being there."""
    needs("gunicorn")
    bench.write("wsgi.py", WSGI)
    words = ["-w", str(workers), "-b", f"127.0.0.1:{bench.port}", "--no-control-socket", *more, "wsgi:app"]
    if profiled:
        bench.profile('command = ["gunicorn", "wsgi:app"]')
    master = bench.start(str(BIN / "gunicorn"), *words)
    bench.wait(lambda: len(bench.children(master.pid)) >= workers, "gunicorn has its workers")
    bench.until_it_listens()
    return master.pid


@healthy(GUNICORN_ROW, "gunicorn -w 4")
def gunicorn_workers(bench: Bench) -> None:
    _gunicorn(bench)


@healthy(GUNICORN_ROW, "gunicorn -w 4 with process titles (setproctitle)")
def gunicorn_titles(bench: Bench) -> None:
    show_titles(bench)
    _gunicorn(bench)


@healthy(GUNICORN_ROW, "gunicorn with process titles, from the venv that its profile names")
def gunicorn_titles_of_a_venv(bench: Bench) -> None:
    show_titles(bench)
    _gunicorn(bench)
    bench.profile('command = ["gunicorn", "wsgi:app"]', f'environment = {{ venv = "{BIN.parent}" }}')


@healthy(GUNICORN_ROW, "gunicorn during a USR2 hand-over: two masters")
def gunicorn_hand_over(bench: Bench) -> None:
    old = _gunicorn(bench, "--pid", "gunicorn.pid", workers=2)
    bench.profile('command = ["gunicorn", "wsgi:app"]', 'pidfiles = ["*.pid", "*.pid.2"]')
    os.kill(old, signal.SIGUSR2)
    bench.wait(
        lambda: any(len(bench.children(child.pid)) >= 2 for child in bench.children(old)),
        "the new master has its workers",
    )


@healthy(GUNICORN_ROW, "gunicorn after a USR2 hand-over: the old master is gone")
def gunicorn_handed_over(bench: Bench) -> None:
    old = _gunicorn(bench, "--pid", "gunicorn.pid", workers=2)
    bench.profile('command = ["gunicorn", "wsgi:app"]', 'pidfiles = ["*.pid", "*.pid.2"]')
    os.kill(old, signal.SIGUSR2)
    new: list[psutil.Process] = []

    def begun() -> bool:
        new[:] = [child for child in bench.children(old) if len(bench.children(child.pid)) >= 2]
        return bool(new)

    bench.wait(begun, "the new master has its workers")
    os.kill(old, signal.SIGTERM)
    bench.wait(lambda: not any(process.pid == old for process in bench.inhabitants()), "the old one is gone")
    file = bench.folder / "gunicorn.pid"
    bench.wait(lambda: file.exists() and file.read_text().strip() == str(new[0].pid), "the new PID file")


def _ask(bench: Bench) -> None:
    """Sends a request that does not end: a worker that is busy with it outlives its master."""

    def ask() -> None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{bench.port}/stuck", timeout=600).close()
        except OSError:
            return

    threading.Thread(target=ask, daemon=True).start()


def _busy(bench: Bench, pids: set[int]) -> int:
    found = {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_ESTABLISHED
        and connection.laddr
        and connection.laddr.port == bench.port
    }
    return len(found & pids)


def _stuck_workers(bench: Bench, workers: int, *more: str) -> None:
    """Workers that outlived their master; requests may queue up behind one, so more are sent than needed."""
    master = _gunicorn(bench, "--timeout", "0", *more, workers=workers)
    pids = {child.pid for child in bench.children(master)}

    def all_busy() -> bool:
        busy = _busy(bench, pids)
        for _ in range(workers - busy):
            _ask(bench)
        return busy == workers

    bench.wait(all_busy, "every worker is busy")
    bench.kill(master)


@ghost(GUNICORN_ROW, "workers whose master died", "orphan-instance")
def gunicorn_orphans(bench: Bench) -> None:
    _stuck_workers(bench, 3)


@ghost(GUNICORN_ROW, "one worker whose master died, by its title", "orphan-instance")
def gunicorn_titled_orphan(bench: Bench) -> None:
    show_titles(bench)
    _stuck_workers(bench, 1)


@ghost(GUNICORN_ROW, "26 workers for 6: twenty outlived their master", "duplicate-instance", "port-shared")
def gunicorn_twenty_six(bench: Bench) -> None:
    _stuck_workers(bench, 20, "--reuse-port")
    _gunicorn(bench, "--timeout", "0", "--reuse-port", workers=6)


def _uvicorn(bench: Bench, *more: str) -> int:
    needs("uvicorn")
    bench.write("asgi.py", ASGI)
    bench.profile('command = ["uvicorn", "asgi:app"]')
    server = bench.start(str(BIN / "uvicorn"), "asgi:app", "--port", str(bench.port), *more)
    bench.wait(lambda: _spawned(bench, server.pid), "uvicorn has its children")
    bench.until_it_listens()
    return server.pid


def _spawned(bench: Bench, pid: int) -> list[int]:
    """The children that serve; a resource tracker is none."""
    return [child.pid for child in bench.children(pid) if "spawn_main" in " ".join(argv_of(child))]


@healthy(UVICORN_ROW, "uvicorn --reload: a spawn_main child and a resource tracker")
def uvicorn_reload(bench: Bench) -> None:
    _uvicorn(bench, "--reload")


@healthy(UVICORN_ROW, "uvicorn --workers 3")
def uvicorn_workers(bench: Bench) -> None:
    server = _uvicorn(bench, "--workers", "3")
    bench.wait(lambda: len(_spawned(bench, server)) == 3, "three workers")


@healthy(UVICORN_ROW, "python -m uvicorn")
def uvicorn_module(bench: Bench) -> None:
    needs("uvicorn")
    bench.write("asgi.py", ASGI)
    bench.profile('module = "uvicorn"')
    bench.start(PYTHON, "-m", "uvicorn", "asgi:app", "--port", str(bench.port))
    bench.until_it_listens()


@ghost(UVICORN_ROW, "an orphaned spawn child that keeps the port", "orphan-instance", "not-running")
def uvicorn_orphan(bench: Bench) -> None:
    server = _uvicorn(bench, "--reload")
    (child,) = _spawned(bench, server)
    bench.kill(server)
    bench.wait(lambda: listening_pids(bench.port, child), "the child keeps the port")
