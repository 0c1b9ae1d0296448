"""An observation: the few seconds of ``--observe`` and ``--hold-for``, in which nothing is missed."""

import sys
from pathlib import Path

import pytest
from msgspec import structs

from ghostfix.commands.machine import local_system
from ghostfix.model.service import Service
from ghostfix.survey.observe import observe
from tests.fake_system import FakeSystem
from tests.real.ghost_house import GhostHouse, free_port, wait_until

ARGV = ("python3", "-m", "shop.web")
SERVICE = Service(name="web", profile="p", directory="/srv/web", module="shop.web")


def test_a_service_that_stays_up_holds() -> None:
    system = FakeSystem()
    system.add_process(501, ARGV, cwd="/srv/web")
    seen: list[float] = []
    observation = observe(system, SERVICE, 2.0, progress=seen.append)
    assert observation.held
    assert observation.seconds == seen[-1] == 2.0


def test_an_end_and_the_start_after_it_are_told() -> None:
    system = FakeSystem()
    system.add_process(500, ("/bin/bash", "loop.sh"), cwd="/srv/web")
    system.add_process(501, ARGV, ppid=500, cwd="/srv/web")

    def once(_: float) -> None:
        system.on_wait.clear()
        system.end(501)
        system.add_process(502, ARGV, ppid=500, cwd="/srv/web", started=system.now())

    system.on_wait.append(once)
    observation = observe(system, SERVICE, 2.0)
    assert [ended.pid for ended in observation.ended] == [501]
    ((respawn, ancestors),) = [(each.process.pid, each.ancestors) for each in observation.respawns]
    assert (respawn, ancestors[0].pid) == (502, 500)


def test_what_an_instance_leaves_behind_is_not_started_again() -> None:
    system = FakeSystem()
    system.add_process(501, ARGV, cwd="/srv/web")
    system.add_process(502, ARGV, ppid=501, cwd="/srv/web")

    def ends(_: float) -> None:
        system.on_wait.clear()
        system.end(501)

    system.on_wait.append(ends)
    observation = observe(system, SERVICE, 2.0)
    assert [ended.pid for ended in observation.ended] == [501]
    assert observation.respawns == ()


def test_whoever_becomes_the_service_late_is_seen_at_the_end() -> None:
    """A shell that sleeps before it hands over: nobody looks into it again until then."""
    system = FakeSystem()
    system.add_process(501, ("/bin/sh", "start.sh"), cwd="/srv/web")

    def becomes(_: float) -> None:
        if system.monotonic() > 1004.0:
            system.on_wait.clear()
            system.table[501].record = structs.replace(system.table[501].record, argv=ARGV)

    system.on_wait.append(becomes)
    assert [each.process.pid for each in observe(system, SERVICE, 5.0).respawns] == [501]


@pytest.mark.real
def test_restarts_that_are_faster_than_the_looks_are_all_seen(tmp_path: Path) -> None:
    """Each instance lives for a tenth of a second, and is started again at once."""
    house = GhostHouse(tmp_path, free_port())
    house.write("brief.py", "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(0.1)\n")
    loop = f"#!/bin/sh\nwhile :; do {sys.executable} brief.py >>started; done\n"
    house.write("loop.sh", loop)
    try:
        house.start("/bin/sh", str(tmp_path / "loop.sh"))
        wait_until(lambda: (tmp_path / "started").exists(), 10, "the first start")
        service = Service(name="brief", profile="p", directory=str(tmp_path), script="brief.py")
        seen = [respawn.process.pid for respawn in observe(local_system(), service, 3.0).respawns]
    finally:
        house.close()
    started = [int(line) for line in (tmp_path / "started").read_text().split()]
    first, last = started.index(seen[0]), started.index(seen[-1])
    assert seen == started[first : last + 1]
    assert len(seen) > 6
