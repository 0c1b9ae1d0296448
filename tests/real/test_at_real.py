"""A genuine atd: a job that queues itself again is found, held, released and run."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ghostfix.managers.at.queue import FOLDERS
from ghostfix.model.job import LinkKind
from ghostfix.model.service import Service
from tests.real.ghost_house import wait_until
from tests.real.restarter_bench import GHOST, LocalBench, end_instances, look, stays_away

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it starts atd"),
    pytest.mark.skipif(shutil.which("atd") is None, reason="needs Debian's package at"),
]


def queue() -> set[Path]:
    folder = next(Path(path) for path in FOLDERS if Path(path).exists())
    return {path for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.fixture
def atd() -> Iterator[None]:
    """An atd of our own, unless the machine runs one; the queue is afterwards as it was."""
    before = queue()
    ours: subprocess.Popen[bytes] | None = None
    if not any(process.info["name"] == "atd" for process in psutil.process_iter(["name"])):
        ours = subprocess.Popen(["atd", "-f"], stdin=subprocess.DEVNULL, start_new_session=True)
        wait_until(Path("/run/atd.pid").exists, 10, "atd is up")
    try:
        yield
    finally:
        for path in queue() - before:
            path.unlink(missing_ok=True)
        if ours is not None:
            ours.terminate()
            ours.wait(10)


@pytest.fixture
def bench() -> LocalBench:
    return LocalBench()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "ghost.py").write_text(GHOST)
    start = tmp_path / "start.sh"
    start.write_text(
        f"#!/bin/sh\n"
        f"pgrep -f {tmp_path}/[g]host.py > /dev/null || python3 {tmp_path}/ghost.py < /dev/null &\n"
        f'echo {tmp_path}/start.sh | at now + 1 minute 2> "{tmp_path}/at.log"\n'
    )
    start.chmod(0o755)
    yield Service(name="ghost", profile="test", directory=str(tmp_path), script="ghost.py")
    for process in psutil.process_iter():
        try:
            if process.pid > 1 and str(tmp_path / "ghost.py") in process.cmdline():
                process.kill()
        except psutil.Error:
            continue


def submit(folder: Path, *when: str) -> None:
    subprocess.run(
        ["at", *when],
        cwd=folder,
        input=f"{folder}/start.sh\n",
        text=True,
        capture_output=True,
        check=True,
    )


@pytest.mark.timeout(400)
def test_a_job_that_queues_itself_is_held_and_released(
    bench: LocalBench, atd: None, service: Service, tmp_path: Path
) -> None:
    submit(tmp_path, "-t", "202001010000")  # long due: it runs at once, and queues itself for the next minute
    wait_until(lambda: len(bench.running(service)) == 1, 30, "at starts the service")
    wait_until(lambda: len(look(bench, "at", service)) == 1, 30, "it has queued itself")
    (job,) = look(bench, "at", service)
    assert job.where is not None
    assert Path(job.where.file) in queue()
    assert (job.scope, job.command, job.enabled) == ("root", f"{tmp_path}/start.sh", True)
    assert job.trigger.startswith("once, at ")
    assert (job.link.kind, job.link.hops[0].file) == (LinkKind.RUNS_SCRIPT, f"{tmp_path}/start.sh")
    assert job.starts == bench.running(service)

    acts = bench.hold(job)
    assert acts
    end_instances(bench, service)
    assert look(bench, "at", service) == ()
    stays_away(bench, service, 2 * 60 + 1)
    bench.release(acts)  # it is long due by now
    wait_until(lambda: bench.running(service) != (), 30, "released, it comes back")


def test_what_is_put_back_is_what_was_held(
    bench: LocalBench, atd: None, service: Service, tmp_path: Path
) -> None:
    submit(tmp_path, "-q", "k", "now + 2 hours")
    (job,) = look(bench, "at", service)
    for _ in range(2):
        (held,) = look(bench, "at", service)
        acts = bench.hold(held)
        assert look(bench, "at", service) == ()
        bench.release(acts)
        bench.release(acts)  # as after an undo that was cut short
        (back,) = look(bench, "at", service)
        assert (back.command, back.trigger, back.link) == (job.command, job.trigger, job.link)
        assert back.where is not None
        assert Path(back.where.file).name.startswith("k")
        assert back.source.count(b"put back by ghostfix") == 1
        assert back.source.rstrip().endswith(job.source.rstrip())
