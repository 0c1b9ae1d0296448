"""A tree of service folders, with the program that supervises them: what runit, s6 and daemontools share."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from ghostfix.managers.service_folders.hold_folder import HoldServiceFolder
from ghostfix.managers.service_folders.restart_folder import RestartServiceFolder
from ghostfix.model.job import LinkKind
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service
from ghostfix.model.step import Unneeded
from tests.real.restarter_bench import (
    LocalBench,
    becomes,
    end_instances,
    found,
    ghost,
    look,
    put_through,
    sh,
    stays_away,
)

PERIOD = 1.0
"""Seconds after which each of the three runs a service again."""


@dataclass(frozen=True)
class House:
    """The service, supervised in ``services/ghost``, and a scanner of ``services``."""

    bench: LocalBench
    service: Service
    services: Path

    @property
    def folder(self) -> Path:
        return self.services / "ghost"


@contextmanager
def supervised(scanner: str) -> Iterator[House]:
    """Starts the scanner on a folder with one service; ends it, and all that it started, afterwards."""
    top = Path(tempfile.mkdtemp(prefix="ghostfix-"))
    bench = LocalBench()
    house = House(bench, ghost(bench, str(top / "app")), top / "services")
    house.folder.mkdir(parents=True)
    run = house.folder / "run"
    run.write_text(f"#!/bin/sh\nexec 2>&1\ncd {top}/app\nexec python3 ghost.py\n")
    run.chmod(0o755)
    # Its log is no terminal, its session its own; daemontools' svscan looks at the current folder.
    with (top / "log").open("wb") as log:
        process = subprocess.Popen(
            [scanner, "."] if scanner != "svscan" else [scanner],
            cwd=house.services,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        becomes(lambda: len(bench.running(house.service)) == 1, "the service is started")
        yield house
    finally:
        process.kill()
        process.wait(10)
        _end_all_in(top)
        shutil.rmtree(top)


def _end_all_in(top: Path) -> None:
    """Ends every process whose working directory lies below: supervising ones first, or they restart."""
    for _ in range(10):
        left = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.pid > 1 and process.cwd().startswith(f"{top}/"):
                    left.append(process)
        if not left:
            return
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=3)


def definition(folder: Path) -> dict[str, bytes]:
    """What a person wrote: all but the supervising program's own bookkeeping."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.iterdir() if path.is_file()}


def is_found_held_and_released(house: House, kind: str, supervisor: str) -> None:
    bench, service = house.bench, house.service
    job = found(bench, kind, service, "ghost")
    assert job.where is not None
    assert job.where.file == f"{house.folder}/run"
    assert job.trigger == f"a second after it exits, when its {supervisor} starts"
    assert (job.enabled, job.restarts_on_exit, job.scope) == (True, True, str(house.folder))
    assert job.link.kind is LinkKind.RUNS_SCRIPT
    assert [str(hop) for hop in job.link.hops] == [f"{house.folder}/run:4"]
    assert job.confidence is Confidence.CERTAIN
    assert job.starts == bench.running(service)
    before = definition(house.folder)
    put_through(bench, service, job, PERIOD, f"{house.folder}/run")
    assert definition(house.folder) == before


def the_hold_lasts_over_a_new_supervisor(house: House, kind: str) -> None:
    """Its supervising process is killed; the scanner starts another one, which finds the ``down`` file."""
    acts = house.bench.hold(found(house.bench, kind, house.service, "ghost"))
    (old,) = supervisors(house)
    assert old > 1
    os.kill(old, signal.SIGKILL)
    becomes(lambda: supervisors(house) not in ((), (old,)), "there is a new supervising process")
    stays_away(house.bench, house.service, 2 * PERIOD)
    job = found(house.bench, kind, house.service, "ghost")
    assert not job.enabled
    assert job.trigger == "told to stay down"
    house.bench.release(acts)
    becomes(lambda: len(house.bench.running(house.service)) == 1, "released, it comes back")


def supervisors(house: House) -> tuple[int, ...]:
    """PIDs of what has the service's folder as its working directory."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(house.folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return tuple(found)


def it_is_restarted_through_its_folder(house: House, kind: str) -> None:
    system = house.bench.system
    step = RestartServiceFolder(reason="not-running", suite=kind, folder=str(house.folder))
    assert step.precondition(system) is None
    before = house.bench.running(house.service)
    captured = step.capture(system)
    step.apply(system)
    after = house.bench.running(house.service)
    assert len(after) == 1
    assert after != before
    step.undo(system, captured)
    assert house.bench.running(house.service) == after

    hold = HoldServiceFolder(reason="rogue-restarter", suite=kind, folder=str(house.folder))
    hold.apply(system)
    assert isinstance(hold.precondition(system), Unneeded)
    captured = step.capture(system)
    step.apply(system)
    assert len(house.bench.running(house.service)) == 1
    step.undo(system, captured)
    becomes(lambda: house.bench.running(house.service) == (), "it is down, as it was before")


def a_folder_without_a_supervisor_is_no_job(house: House, kind: str) -> None:
    """Killing the supervising process orphans the service; without a scanner nobody starts it again."""
    sh(house.bench, f"mv {house.services} {house.services}-away")
    for pid in supervisors(House(house.bench, house.service, Path(f"{house.services}-away"))):
        assert pid > 1
        os.kill(pid, signal.SIGKILL)
    becomes(lambda: look(house.bench, kind, house.service) == (), "nobody supervises it")
    assert len(house.bench.running(house.service)) == 1
    end_instances(house.bench, house.service)
