"""A genuine circusd: found by its process and configuration, held by ``circusctl stop``, released."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ghostfix.model.job import LinkKind
from ghostfix.model.service import Service
from tests.real.ghost_house import wait_until
from tests.real.restarter_bench import GHOST, LocalBench, found, look, put_through

PROGRAM = Path(sys.executable).with_name("circusd")

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM.exists(), reason="needs circus (of the test extra)"),
]


class Circus:
    """A circusd of our own, which looks every half second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "circus"
        self.folder.mkdir()
        self.config = self.folder / "circus.ini"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, watchers: str) -> None:
        self.config.write_text(
            f"[circus]\nendpoint = ipc://{self.folder}/control\npubsub_endpoint = ipc://{self.folder}/news\n"
            f"check_delay = 0.5\ninclude = more/*.ini\n"
        )
        (self.folder / "more").mkdir()
        (self.folder / "more" / "ghost.ini").write_text(watchers)
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [str(PROGRAM), "circus.ini"],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def close(self) -> None:
        if self.process is None:
            return
        below = psutil.Process(self.process.pid).children(recursive=True)
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        for process in below:
            if process.is_running() and process.pid > 1:
                process.kill()


@pytest.fixture
def circus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Circus]:
    # With setproctitle neither its command line nor its environment says any more where it lives.
    monkeypatch.setenv("PATH", f"{PROGRAM.parent}:{os.environ['PATH']}")
    program = Circus(tmp_path)
    yield program
    program.close()


@pytest.fixture
def bench() -> LocalBench:
    return LocalBench()


@pytest.fixture
def service(tmp_path: Path) -> Service:
    (tmp_path / "ghost.py").write_text(GHOST)
    return Service(name="ghost", profile="test", directory=str(tmp_path), script="ghost.py")


def test_a_watcher_is_held_and_released(
    bench: LocalBench, circus: Circus, service: Service, tmp_path: Path
) -> None:
    circus.start(
        "[watcher:other]\ncmd = sleep 1000\n\n"
        f"[watcher:ghost]\ncmd = {sys.executable}\nargs = ghost.py\nworking_dir = {tmp_path}\n"
    )
    wait_until(lambda: len(bench.running(service)) == 1, 20, "circus starts the service")
    job = found(bench, "circus", service, "ghost")
    assert job.where is not None
    assert (job.where.file, job.where.line) == (f"{circus.folder}/more/ghost.ini", 5)
    assert job.scope == f"{circus.config} at ipc://{circus.folder}/control"
    assert (job.starts, job.enabled) == (bench.running(service), True)
    assert (job.trigger, job.link.kind) == ("when it exits", LinkKind.RUNS)
    put_through(bench, service, job, 1.0, str(circus.config), f"{circus.folder}/more")


def test_a_stopped_watcher_is_not_armed(
    bench: LocalBench, circus: Circus, service: Service, tmp_path: Path
) -> None:
    circus.start(
        f"[watcher:ghost]\ncmd = {sys.executable} ghost.py\nworking_dir = {tmp_path}\nautostart = False\n"
    )
    wait_until(lambda: (circus.folder / "control").exists(), 20, "circus listens")
    job = found(bench, "circus", service, "ghost")
    assert (job.enabled, job.trigger) == (False, "when it exits, it is stopped")


def test_no_circus_no_job(bench: LocalBench, service: Service) -> None:
    assert look(bench, "circus", service) == ()
