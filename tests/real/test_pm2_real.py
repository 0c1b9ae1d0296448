"""A genuine pm2: found, asked, held and released, ``cron_restart`` and cluster mode included."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest

from ghostfix.commands.machine import local_system
from ghostfix.managers.register import restarters
from ghostfix.model.job import Job, LinkKind
from ghostfix.model.last_end import EndKind, LastEnd
from ghostfix.model.process import ProcessTree
from ghostfix.model.service import Service
from ghostfix.survey import processes
from tests.real.ghost_house import wait_until
from tests.real.pm2_program import npm_programs
from tests.real.restarter_bench import GHOST, LocalBench, found, look, put_through

pytestmark = [pytest.mark.real, pytest.mark.slow]

SERVER = "require('http').createServer((q, a) => a.end('ghost')).listen(process.env.GHOST_PORT)\n"


class Pm2:
    """One pm2 with a home of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.home = folder, folder / "pm2-home"
        monkeypatch.setenv("PM2_HOME", str(self.home))
        monkeypatch.setenv("PATH", f"{npm_programs()}:{os.environ['PATH']}")

    def run(self, *words: str) -> str:
        done = subprocess.run(
            ["pm2", *words], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, **app: object) -> None:
        path = self.folder / "ghost.config.json"
        path.write_text(json.dumps({"apps": [{"name": "ghost", "cwd": str(self.folder), **app}]}))
        self.run("start", str(path))
        self.run("save", "--force")

    def daemon(self) -> psutil.Process | None:
        path = self.home / "pm2.pid"
        if not path.exists():
            return None
        try:
            return psutil.Process(int(path.read_text()))
        except psutil.NoSuchProcess:
            return None

    def close(self) -> None:
        if self.home.exists():
            subprocess.run(["pm2", "kill"], capture_output=True, timeout=60, check=False)
        for process in psutil.process_iter():
            try:
                ours = process.pid > 1 and process.cwd().startswith(str(self.folder))
                if ours:
                    process.kill()
            except psutil.Error:
                continue


@pytest.fixture
def pm2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pm2]:
    program = Pm2(tmp_path, monkeypatch)
    yield program
    program.close()


@pytest.fixture
def bench() -> LocalBench:
    return LocalBench()


@pytest.fixture
def service(tmp_path: Path) -> Service:
    (tmp_path / "ghost.py").write_text(GHOST)
    return Service(name="ghost", profile="test", directory=str(tmp_path), script="ghost.py")


def test_an_application_is_held_and_released(bench: LocalBench, pm2: Pm2, service: Service) -> None:
    pm2.start(script="ghost.py", interpreter="python3", restart_delay=300)
    (pid,) = bench.running(service)
    job = found(bench, "pm2", service, "ghost")
    assert (job.scope, job.enabled, job.restarts_on_exit) == (str(pm2.home), True, True)
    assert job.where is not None
    assert job.where.file == str(pm2.home / "dump.pm2")
    assert (job.starts, job.trigger, job.link.kind) == ((pid,), "when it exits", LinkKind.RUNS)

    dump = (pm2.home / "dump.pm2").read_bytes()
    put_through(bench, service, job, 1.0, str(pm2.home / "dump.pm2"))
    assert (pm2.home / "dump.pm2").read_bytes() == dump
    assert sorted(path.name for path in pm2.home.glob("ghostfix*")) == []


def test_a_held_application_does_not_resurrect(bench: LocalBench, pm2: Pm2, service: Service) -> None:
    pm2.start(script="ghost.py", interpreter="python3")
    before = (pm2.home / "dump.pm2").read_bytes()
    acts = bench.hold(found(bench, "pm2", service, "ghost"))
    pm2.run("resurrect")
    assert bench.running(service) == ()
    bench.release(acts)
    assert len(bench.running(service)) == 1
    assert (pm2.home / "dump.pm2").read_bytes() == before


def test_a_schedule_is_held_too_and_comes_back(bench: LocalBench, pm2: Pm2, service: Service) -> None:
    """``pm2 stop`` would not do: the schedule starts what was stopped."""
    pm2.start(script="ghost.py", interpreter="python3", autorestart=False, cron_restart="*/2 * * * * *")
    job = found(bench, "pm2", service, "ghost")
    assert (job.trigger, job.restarts_on_exit) == ("every 2 seconds (cron_restart)", False)
    put_through(bench, service, job, 2.0, str(pm2.home / "dump.pm2"))
    # The schedule is armed as before: it brings the service back by itself.
    for pid in bench.running(service):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: bench.running(service) != (), 10, "cron_restart starts it again")
    assert found(bench, "pm2", service, "ghost").trigger.startswith(job.trigger)


def test_a_cluster_is_one_job_of_several_processes(bench: LocalBench, pm2: Pm2, tmp_path: Path) -> None:
    (tmp_path / "ghost.js").write_text(SERVER)
    service = Service(name="ghost", profile="test", directory=str(tmp_path), script="ghost.js")
    pm2.start(script="ghost.js", exec_mode="cluster", instances=2, env={"GHOST_PORT": "0"})
    wait_until(lambda: len(bench.running(service)) == 2, 10, "both run")
    job = found(bench, "pm2", service, "ghost")
    assert set(job.starts) == set(bench.running(service))
    assert job.trigger == "when it exits, 2 processes"
    put_through(bench, service, job, 0.5, str(pm2.home / "dump.pm2"))
    wait_until(lambda: len(bench.running(service)) == 2, 10, "both are back")


def test_a_script_s_child_belongs_to_the_application(
    bench: LocalBench, pm2: Pm2, service: Service, tmp_path: Path
) -> None:
    (tmp_path / "start.sh").write_text("#!/bin/bash\npython3 ghost.py\n")
    pm2.start(script="start.sh", interpreter="bash")
    wait_until(lambda: len(bench.running(service)) == 1, 10, "it runs")
    job = found(bench, "pm2", service, "ghost")
    assert job.starts == bench.running(service)
    assert job.link.hops[0].file == str(tmp_path / "start.sh")


def test_what_its_dead_pm2_left_behind_is_nobody_s(bench: LocalBench, pm2: Pm2, service: Service) -> None:
    pm2.start(script="ghost.py", interpreter="python3")
    daemon = pm2.daemon()
    assert daemon is not None
    assert daemon.pid > 1
    daemon.kill()
    wait_until(lambda: pm2.daemon() is None or not daemon.is_running(), 10, "pm2 has died")
    (pid,) = bench.running(service)
    job = found(bench, "pm2", service, "ghost")
    assert (job.enabled, job.starts) == (False, (pid,))
    assert "pm2 itself does not run" in job.trigger
    assert pm2.daemon() is None, "looking started a pm2"


def test_looking_starts_no_pm2(bench: LocalBench, pm2: Pm2, service: Service) -> None:
    assert look(bench, "pm2", service) == ()
    assert not pm2.home.exists()


def test_a_step_survives_the_journal(bench: LocalBench, pm2: Pm2, service: Service) -> None:
    pm2.start(script="ghost.py", interpreter="python3")
    job: Job = found(bench, "pm2", service, "ghost")
    assert msgspec.json.decode(msgspec.json.encode(job), type=Job) == job


def _last_end(service: Service) -> LastEnd:
    restarter = next(each for each in restarters() if each.kind == "pm2")
    assert restarter.last_ends is not None
    system = local_system()
    tree = ProcessTree(processes.collect(system, service).value)
    (job,) = restarter.jobs(system, service, tree).value
    reading = restarter.last_ends(system, service, (job,))
    (end,) = reading.value
    assert end.log in job.output
    return end


def test_why_an_application_ended_is_told_by_a_genuine_pm2(pm2: Pm2, service: Service) -> None:
    (pm2.folder / "ghost.py").write_text(
        "import sys\nprint('DB_URL is not set', file=sys.stderr)\nsys.exit(78)\n"
    )
    pm2.start(script="ghost.py", interpreter="python3", max_restarts=2)
    wait_until(lambda: '"status":"errored"' in pm2.run("jlist"), 30, "pm2 gives up")
    end = _last_end(service)
    assert (end.kind, end.status, end.given_up) == (EndKind.EXITED, 78, True)
    assert end.words == (
        "it exited with status 78 (EX_CONFIG of sysexits.h, its configuration is wrong);"
        f" pm2 gave up after {end.starts} restarts"
    )
    assert end.lines[-1].text == "DB_URL is not set"
    assert end.reported_by == str(pm2.home / "pm2.log")


def test_what_a_signal_ended_and_what_was_stopped_are_told_apart_by_a_genuine_pm2(
    bench: LocalBench, pm2: Pm2, service: Service
) -> None:
    (pm2.folder / "ghost.py").write_text(f"print('up', flush=True)\n{GHOST}")
    pm2.start(script="ghost.py", interpreter="python3", autorestart=False)
    (pid,) = bench.running(service)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: '"status":"stopped"' in pm2.run("jlist"), 30, "pm2 sees it")
    end = _last_end(service)
    assert (end.kind, end.signal, end.status) == (EndKind.SIGNALLED, "KILL", None)
    pm2.run("restart", "ghost")
    pm2.run("stop", "ghost")
    assert _last_end(service).kind is EndKind.STOPPED
