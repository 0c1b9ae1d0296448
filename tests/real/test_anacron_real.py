"""Debian's real anacron: a line is found, held and released, byte for byte."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostfix.commands.machine import local_system
from ghostfix.managers.cron.anacron_jobs import RESTARTER
from ghostfix.model.machine import ActingSystem
from ghostfix.model.process import ProcessTree
from ghostfix.model.service import Service
from ghostfix.service.running_instances import running_instances
from tests.real.ghost_house import GhostHouse, free_port, wait_until

TABLE = Path("/etc/anacrontab")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it writes anacron's table"),
    pytest.mark.skipif(shutil.which("anacron") is None, reason="needs Debian's package anacron"),
]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GhostHouse]:
    house = GhostHouse(tmp_path, free_port())
    before = TABLE.read_bytes()
    try:
        yield house
    finally:
        TABLE.write_bytes(before)
        house.close()


def test_a_line_is_found_held_and_released(house: GhostHouse) -> None:
    house.write("ghost.sh", "#!/bin/sh\nwhile :; do sleep 0.2; done\n", 0o755)
    house.write("start.sh", "#!/bin/sh\n./ghost.sh >>ghost.log 2>&1 </dev/null &\n", 0o755)
    content = f"SHELL=/bin/sh\n# weekly\n7 \t5  ghost.weekly\tcd {house.folder} && ./start.sh\n".encode()
    TABLE.write_bytes(content)
    system = local_system()
    service = Service(name="ghost", profile="test", directory=str(house.folder), script="ghost.sh")

    anacron_looks(house)
    wait_until(lambda: len(pids(system, service)) == 1, 10, "anacron starts the service")
    (job,) = RESTARTER.jobs(system, service, ProcessTree(system.processes().value)).value
    assert (job.id, job.enabled) == ("ghost.weekly", True)
    assert job.trigger == "every 7 days, 5 minutes after anacron starts"
    assert [hop.file for hop in job.link.hops] == [f"{house.folder}/start.sh"]

    (step,) = RESTARTER.hold(job, "rogue-restarter")
    captured = step.capture(system)
    step.apply(system)
    (pid,) = pids(system, service)
    assert pid > 1
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: pids(system, service) == [], 10, "the service ends")
    anacron_looks(house)
    assert pids(system, service) == [], "held, and started all the same"

    step.undo(system, captured)
    assert TABLE.read_bytes() == content
    anacron_looks(house)
    wait_until(lambda: len(pids(system, service)) == 1, 10, "released, it is started again")


def anacron_looks(house: GhostHouse) -> None:
    """Everything that is in the table is due, at once; comes back when the jobs have ended."""
    spool = house.folder / "spool"
    spool.mkdir(exist_ok=True)
    command = ("anacron", "-f", "-n", "-d", "-S", str(spool))
    subprocess.run(command, check=True, timeout=30, stdin=subprocess.DEVNULL, capture_output=True)


def pids(system: ActingSystem, service: Service) -> list[int]:
    return [instance.pid for instance in running_instances(system, service)]
