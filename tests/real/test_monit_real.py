"""A genuine monit: found by its control file, held by ``unmonitor``, released."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ghostfix.model.job import LinkKind
from ghostfix.model.service import Service
from tests.real.ghost_house import wait_until
from tests.real.restarter_bench import GHOST, LocalBench, found, look, put_through

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("monit") is None, reason="needs Debian's package monit"),
]


class Monit:
    """A monit of our own, looking every second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "monit"
        self.folder.mkdir()
        self.control = self.folder / "monitrc"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, checks: str) -> None:
        (self.folder / "checks.conf").write_text(checks)
        self.control.write_text(
            f"set daemon 1\nset pidfile {self.folder}/pid\nset idfile {self.folder}/id\n"
            f"set statefile {self.folder}/state\nset log {self.folder}/log\n"
            f"set httpd unixsocket {self.folder}/sock\n  allow localhost\n"
            f"include {self.folder}/*.conf\n"
        )
        self.control.chmod(0o600)
        self.process = subprocess.Popen(
            ["monit", "-I", "-c", str(self.control)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
        for process in psutil.process_iter():
            try:
                command = " ".join(process.cmdline())
                if process.pid > 1 and str(self.folder.parent) in command and "ghost" in command:
                    process.kill()
            except psutil.Error:
                continue


@pytest.fixture
def monit(tmp_path: Path) -> Iterator[Monit]:
    program = Monit(tmp_path)
    yield program
    program.close()


@pytest.fixture
def bench() -> LocalBench:
    return LocalBench()


@pytest.fixture
def service(tmp_path: Path) -> Service:
    (tmp_path / "ghost.py").write_text(GHOST)
    start = tmp_path / "start.sh"
    start.write_text(
        f"#!/bin/sh\ncd {tmp_path}\n"
        f"nohup python3 {tmp_path}/ghost.py > ghost.log 2>&1 &\necho $! > ghost.pid\n"
    )
    start.chmod(0o755)
    return Service(name="ghost", profile="test", directory=str(tmp_path), script="ghost.py")


def check(folder: Path, name: str = "ghost") -> str:
    return (
        f"check process {name} with pidfile {folder}/ghost.pid\n"
        f'  start program = "{folder}/start.sh" with timeout 5 seconds\n'
        f'  stop program = "/bin/true"\n'
    )


def test_a_check_is_held_and_released(
    bench: LocalBench, monit: Monit, service: Service, tmp_path: Path
) -> None:
    other = 'check program other with path "/bin/true"\n  if status != 0 then alert\n'
    dependent = "check file leaf with path /etc/hostname\n  depends on ghost\n"
    monit.start(other + check(tmp_path) + dependent)
    wait_until(lambda: len(bench.running(service)) == 1, 20, "monit starts the service")
    wait_until(lambda: found(bench, "monit", service, "ghost").enabled, 10, "monit has looked")
    job = found(bench, "monit", service, "ghost")
    assert job.where is not None
    assert (job.where.file, job.where.line) == (f"{monit.folder}/checks.conf", 4)
    assert job.scope == str(monit.control)
    assert job.starts == bench.running(service)
    assert (job.trigger, job.restarts_on_exit) == ("when it does not exist, looked at every 1 s", True)
    assert (job.link.kind, job.link.hops[0].file) == (LinkKind.RUNS_SCRIPT, f"{tmp_path}/start.sh")

    put_through(bench, service, job, 1.0, str(monit.control), f"{monit.folder}/checks.conf")
    status = subprocess.run(
        ["monit", "-B", "-c", str(monit.control), "summary"], capture_output=True, text=True, check=True
    ).stdout
    assert "Not monitored" not in status, status


def test_what_was_not_monitored_stays_so(
    bench: LocalBench, monit: Monit, service: Service, tmp_path: Path
) -> None:
    monit.start(check(tmp_path))
    wait_until(lambda: len(bench.running(service)) == 1, 20, "monit starts the service")
    wait_until(lambda: found(bench, "monit", service, "ghost").enabled, 10, "monit has looked")
    subprocess.run(["monit", "-c", str(monit.control), "unmonitor", "ghost"], check=True, capture_output=True)
    wait_until(lambda: not found(bench, "monit", service, "ghost").enabled, 10, "unmonitored")
    assert "it is not monitored" in found(bench, "monit", service, "ghost").trigger


def test_a_stopped_monit_is_asked_in_vain(
    bench: LocalBench, monit: Monit, service: Service, tmp_path: Path
) -> None:
    """One that hangs: the diagnosis goes on, and says what it could not ask."""
    monit.start(check(tmp_path))
    wait_until(lambda: len(bench.running(service)) == 1, 20, "monit starts the service")
    assert monit.process is not None
    os.kill(monit.process.pid, signal.SIGSTOP)
    try:
        reading = bench.look("monit", service)
    finally:
        os.kill(monit.process.pid, signal.SIGCONT)
    assert not reading.complete
    assert reading.problem is not None
    assert "did not answer" in reading.problem
    assert [job.id for job in reading.value] == ["ghost"]


def test_another_s_check_is_no_job(bench: LocalBench, monit: Monit, service: Service, tmp_path: Path) -> None:
    monit.start('check process other matching "nothing-of-the-kind"\n  start program = "/bin/true"\n')
    assert look(bench, "monit", service) == ()
