"""Loops in a genuine tmux and a genuine screen: found as a watchdog, held and released."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ghostfix.model.service import Service
from tests.real.ghost_house import wait_until
from tests.real.restarter_bench import GHOST, LocalBench, end_instances, look, put_through, stays_away

pytestmark = [pytest.mark.real, pytest.mark.slow]

PERIOD = 0.5


@pytest.fixture
def bench() -> LocalBench:
    return LocalBench()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "ghost.py").write_text(GHOST)
    script = tmp_path / "watch.sh"
    script.write_text(f"#!/bin/bash\nwhile true; do\n  python3 ghost.py\n  sleep {PERIOD}\ndone\n")
    script.chmod(0o755)
    yield Service(name="ghost", profile="test", directory=str(tmp_path), script="ghost.py")
    for _ in range(3):
        left = [process for process in psutil.process_iter() if lives_in(process, tmp_path)]
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=3)


def lives_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return (
            process.pid > 1 and process.cwd() == str(folder) and process.name() in ("bash", "sh", "python3")
        )
    except psutil.Error:
        return False


@pytest.fixture
def tmux() -> Iterator[list[str]]:
    """The words that command a tmux server of our own."""
    if shutil.which("tmux") is None:
        pytest.skip("needs tmux")
    words = ["tmux", "-L", f"ghostfix-{secrets.token_hex(4)}", "-f", "/dev/null"]
    yield words
    subprocess.run([*words, "kill-server"], capture_output=True, check=False)


def pane(tmux: list[str]) -> int:
    listed = subprocess.run(
        [*tmux, "list-panes", "-a", "-F", "#{pane_pid}"], capture_output=True, text=True, check=True
    )
    return int(listed.stdout)


def options(tmux: list[str]) -> str:
    words = [*tmux, "show-options", "-p", "-t", "%0"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_a_pane_s_loop_is_ended_and_runs_in_its_pane_again(
    bench: LocalBench, tmux: list[str], service: Service
) -> None:
    loop = f"while true; do python3 ghost.py; sleep {PERIOD}; done"
    subprocess.run([*tmux, "new-session", "-d", "-c", service.directory, "bash", "-c", loop], check=True)
    wait_until(lambda: len(bench.running(service)) == 1, 10, "the loop starts the service")
    pid = pane(tmux)
    (job,) = look(bench, "watchdog", service)
    assert (job.id, job.enabled, job.starts) == (f"pid {pid}", True, bench.running(service))
    assert [process.pid for process in job.processes] == [pid]

    before = options(tmux)
    acts = bench.hold(job)
    end_instances(bench, service)
    stays_away(bench, service, 2 * PERIOD + 1)
    assert look(bench, "watchdog", service) == ()
    bench.release(acts)
    wait_until(lambda: len(bench.running(service)) == 1, 10, "released, it comes back")
    bench.release(acts)
    (back,) = look(bench, "watchdog", service)
    assert [process.pid for process in back.processes] == [pane(tmux)]
    assert back.command == job.command
    assert options(tmux) == before


def test_a_script_in_a_pane_is_ended_and_started_again(
    bench: LocalBench, tmux: list[str], service: Service, tmp_path: Path
) -> None:
    words = [*tmux, "new-session", "-d", "-c", service.directory, "bash", f"{tmp_path}/watch.sh"]
    subprocess.run(words, check=True)
    wait_until(lambda: len(bench.running(service)) == 1, 10, "the loop starts the service")
    (job,) = look(bench, "watchdog", service)
    assert (job.id, job.restarts_on_exit) == (f"{tmp_path}/watch.sh", True)
    assert job.where is not None
    assert (job.where.file, job.where.line) == (f"{tmp_path}/watch.sh", 3)
    assert [process.pid for process in job.processes] == [pane(tmux)]
    put_through(bench, service, job, PERIOD, f"{tmp_path}/watch.sh")


def test_a_loop_in_screen_is_held_and_released(bench: LocalBench, service: Service, tmp_path: Path) -> None:
    if shutil.which("screen") is None:
        pytest.skip("needs screen")
    name = f"ghostfix-{secrets.token_hex(4)}"
    folder = tmp_path / "screens"
    folder.mkdir(mode=0o700)
    variables = {**os.environ, "SCREENDIR": str(folder)}
    screen = ["screen", "-S", name]
    words = ["screen", "-dmS", name, "bash", f"{tmp_path}/watch.sh"]
    subprocess.run(words, cwd=tmp_path, env=variables, check=True)
    try:
        wait_until(lambda: len(bench.running(service)) == 1, 10, "the loop starts the service")
        (job,) = look(bench, "watchdog", service)
        assert (job.id, job.starts) == (f"{tmp_path}/watch.sh", bench.running(service))
        put_through(bench, service, job, PERIOD, f"{tmp_path}/watch.sh")
    finally:
        subprocess.run([*screen, "-X", "quit"], env=variables, capture_output=True, check=False)
