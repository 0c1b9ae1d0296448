"""A genuine forever: its monitor is found, stopped where it is, and let go."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ghostfix.model.service import Service
from tests.real.ghost_house import wait_until
from tests.real.pm2_program import npm_programs
from tests.real.restarter_bench import LocalBench, found, put_through

pytestmark = [pytest.mark.real, pytest.mark.slow]


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    (tmp_path / "ghost.js").write_text("setInterval(() => {}, 60000)\n")
    monkeypatch.setenv("FOREVER_ROOT", str(tmp_path / "forever"))
    monkeypatch.setenv("PATH", f"{npm_programs()}:{os.environ['PATH']}")
    yield Service(name="ghost", profile="test", directory=str(tmp_path), script="ghost.js")
    for _ in range(2):
        for process in psutil.process_iter():
            try:
                if process.pid > 1 and process.cwd() == str(tmp_path) and "ghost.js" in process.cmdline()[-1]:
                    process.kill()
            except (psutil.Error, IndexError):
                continue


def test_a_monitor_is_held_and_released(service: Service, tmp_path: Path) -> None:
    bench = LocalBench()
    words = ["forever", "start", "--minUptime", "100", "--spinSleepTime", "300", "ghost.js"]
    subprocess.run(words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wait_until(lambda: len(bench.running(service)) == 1, 20, "forever starts the service")
    job = found(bench, "forever", service, f"{tmp_path}/ghost.js")
    assert (job.enabled, job.starts) == (True, bench.running(service))
    put_through(bench, service, job, 1.0, f"{tmp_path}/ghost.js")
