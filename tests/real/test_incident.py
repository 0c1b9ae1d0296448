"""The Ghost Runner incident with genuine processes: found from a cold start, repaired, held, undone."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.real.ghost_house import GhostHouse, build, cron_daemon, crontab, haunt, listens, wait_until

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it edits a crontab and runs cron"),
]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GhostHouse]:
    house = build(tmp_path)
    try:
        yield house
    finally:
        house.close()


def crontab_now() -> bytes:
    return subprocess.run(["crontab", "-l"], capture_output=True, check=True).stdout


def state_of(house: GhostHouse) -> dict[str, str]:
    """A digest of every file in the house (logs grow by themselves), and every PID in it."""
    files = {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() + oct(path.stat().st_mode)
        for path in house.folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.suffix != ".log" and ".venv" not in path.parts
    }
    lasting = [process for process in house.inhabitants() if process.name() != "sleep"]
    return files | {str(process.pid): repr(process.create_time()) for process in lasting}


def test_the_incident_is_found_repaired_held_and_undone(house: GhostHouse) -> None:
    line = f"@hourly  {house.folder}/scripts/boot.sh >/dev/null 2>&1"
    with crontab(line) as before, cron_daemon():
        haunt(house)
        check_everything_is_found(house)
        check_a_dry_run_changes_nothing(house)
        check_repair_without_a_terminal_needs_yes(house)
        check_the_repair_holds(house)
        check_a_second_repair_has_nothing_to_do(house)
        undone = house.ghostfix("undo", "--yes")
        assert undone.returncode == 0, undone.stdout + undone.stderr
        assert crontab_now() == before


def check_everything_is_found(house: GhostHouse) -> None:
    found = house.diagnose()
    assert found.exit_code == 1
    assert found.report["schema"] == "ghostfix.report/1"
    assert found.report["verdict"] in ("down", "degraded")
    assert found.codes() >= {
        "duplicate-instance",
        "rogue-restarter",
        "stale-pidfile",
        "recycled-pidfile",
        "port-conflict",
        "process-count",
        "zombie-processes",
        "missing-package",
        "wrong-interpreter",
        "health-degraded",
        "log-none-comparison",
        "log-address-in-use",
    }
    assert len(found.rows("instances")) == 3
    kinds = {(row["kind"], row["enabled"]) for row in found.rows("restarters")}
    assert kinds == {("cron", True), ("watchdog", True)}
    cron = next(row for row in found.rows("restarters") if row["kind"] == "cron")
    link = cron["link"]
    assert isinstance(link, dict)
    hops = [f"{Path(hop['file']).name}:{hop['line']}" for hop in link["hops"]]
    assert hops == ["boot.sh:3", "start.sh:4"]
    causes = found.rows("causes")
    assert causes[0]["code"] == "rogue-restarter"
    assert causes[0]["leads_to"]


def check_a_dry_run_changes_nothing(house: GhostHouse) -> None:
    tab, state = crontab_now(), state_of(house)
    answer = house.ghostfix("repair", "--dry-run")
    assert answer.returncode in (0, 1), answer.stderr
    assert "watchdog.sh" in answer.stdout
    assert "--evict" in answer.stdout, "a stranger on the port is stopped only on request"
    assert crontab_now() == tab
    assert state_of(house).items() >= state.items()


def check_repair_without_a_terminal_needs_yes(house: GhostHouse) -> None:
    tab, state = crontab_now(), state_of(house)
    answer = house.ghostfix("repair")
    assert answer.returncode == 4
    assert "--yes" in answer.stderr + answer.stdout
    assert crontab_now() == tab
    assert state_of(house).items() >= state.items()


def check_the_repair_holds(house: GhostHouse) -> None:
    strangers = [process for process in house.inhabitants() if "::1" in " ".join(process.cmdline())]
    repaired = house.ghostfix("repair", "--yes", "--evict", "--hold-for", "5s")
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    ghosts = house.ghosts()
    assert len(ghosts) == 1
    assert ghosts[0].cmdline()[0] == str(house.folder / ".venv/bin/python")
    assert not any(
        stranger.is_running() and stranger.status() != psutil.STATUS_ZOMBIE for stranger in strangers
    )
    found = house.diagnose()
    assert found.exit_code == 0, found.codes()
    assert found.codes("error") == set()
    assert found.report["verdict"] == "healthy"
    metrics = found.report["metrics"]
    assert isinstance(metrics, dict)
    assert metrics["process_count"] < metrics["process_limit"]


def check_a_second_repair_has_nothing_to_do(house: GhostHouse) -> None:
    ghosts = [ghost.pid for ghost in house.ghosts()]
    again = house.ghostfix("repair", "--yes")
    assert again.returncode == 0, again.stdout + again.stderr
    assert [ghost.pid for ghost in house.ghosts()] == ghosts


def test_a_stranger_on_the_port_is_spared_and_named(house: GhostHouse) -> None:
    stranger = house.start(
        "/usr/bin/env",
        sys.executable,
        "-c",
        f"import socket, time; s = socket.create_server(('127.0.0.1', {house.port})); time.sleep(1000)",
    )
    wait_until(lambda: listens(house.port), 10, "a stranger on the port")
    repaired = house.ghostfix("repair", "--yes", "--hold-for", "2s")
    assert repaired.returncode == 5, repaired.stdout + repaired.stderr  # all of the plan is done
    assert "start-service" not in repaired.stdout
    assert "did not hold" in repaired.stdout
    assert stranger.poll() is None
    assert f"pid {stranger.pid}" in repaired.stdout
    assert "--evict" in repaired.stdout
    assert house.ghosts() == []


def test_a_watchdog_is_held_and_started_again_by_undo(house: GhostHouse) -> None:
    """The restarter of the incident alone: a plain kill does not last, a repair does, undo gives it back."""
    watchdog = house.start("/bin/bash", str(house.folder / "scripts/watchdog.sh"))
    wait_until(lambda: len(house.ghosts()) >= 2, 20, "its ghosts")
    house.ghosts()[0].kill()
    repaired = house.ghostfix("repair", "--yes", "--hold-for", "3s")
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert watchdog.wait(10) != 0
    (house.folder / "starts").unlink()
    assert house.ghostfix("undo", "--yes").returncode == 0
    wait_until(lambda: len(house.ghosts()) >= 2, 20, "the watchdog is back at its work")
