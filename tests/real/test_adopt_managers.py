"""A genuine supervisord, pm2 and cron are given a service: they accept, restart, give up and forget it."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ghostfix.model.service import Service
from tests.real.adopting import CRASHING, ghostfix, settle
from tests.real.ghost_house import cron_daemon
from tests.real.pm2_program import npm_programs
from tests.real.restarter_bench import LocalBench, becomes, digest, end_instances
from tests.real.test_cron_real import SPOOL, kept
from tests.real.test_cron_real import user as user
from tests.real.test_pm2_real import Pm2
from tests.real.test_supervisord_real import SUPERVISORD, House

pytestmark = [pytest.mark.real, pytest.mark.slow]
HOLD = "--yes --hold-for 1s"


@pytest.fixture
def bench() -> LocalBench:
    return LocalBench()


def of(folder: Path) -> Service:
    return Service(name="ghost", profile=f"{folder}/ghostfix.toml", directory=str(folder), script="ghost.py")


# supervisord


@pytest.fixture
def house(bench: LocalBench) -> Iterator[House]:
    """A supervisord that includes a folder in which there is another program already."""
    if not SUPERVISORD.exists():
        pytest.skip("needs the package supervisor")
    # A short name: the path of a socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="ghostfix-"))
    service = of(folder / "ghost")
    try:
        home = House(folder, bench, service)
        home.write("")
        home.config.write_text(home.config.read_text().replace("programs.conf", "conf.d/*.conf"))
        (folder / "conf.d").mkdir()
        (folder / "conf.d" / "other.conf").write_text("[program:other]\ncommand=sleep 999\n")
        yield home
    finally:
        end_instances(bench, service)
        shutil.rmtree(folder)


def test_supervisord(house: House) -> None:
    bench, folder = house.bench, str(house.folder / "ghost")
    settle(bench, folder)
    with house.daemon():
        becomes(lambda: "RUNNING" in house.ctl("status other"), "supervisord runs")
        before = digest(bench, str(house.folder / "conf.d"), f"{folder}/ghostfix.toml")
        other = house.ctl("pid other")
        told = ghostfix(bench, folder, f"adopt ghost --with supervisord {HOLD}")
        assert "cannot enforce limits.service_memory" in told
        avail = house.ctl("avail").splitlines()
        assert [line.split()[:4] for line in avail if line.startswith("ghost")] == [
            ["ghost", "in", "use", "auto"]
        ]
        (pid,) = bench.running(house.service)
        assert house.ctl("pid ghost").strip() == str(pid)
        assert "256" in Path(f"/proc/{pid}/limits").read_text().split("Max open files")[1].split()[:2]
        bench.run(f"kill -KILL {pid}")
        becomes(lambda: bench.running(house.service) not in ((), (pid,)), "supervisord restarts it")
        ghostfix(bench, folder, "diagnose ghost")
        ghostfix(bench, folder, "undo --yes")
        assert digest(bench, str(house.folder / "conf.d"), f"{folder}/ghostfix.toml") == before
        assert "ghost" not in house.ctl("avail")
        assert "no such" in house.ctl("status ghost")
        assert house.ctl("pid other") == other
        assert bench.running(house.service) == ()


def test_supervisord_gives_a_crash_loop_up(house: House) -> None:
    bench, folder = house.bench, str(house.folder / "ghost")
    settle(bench, folder, CRASHING)
    with house.daemon():
        becomes(lambda: "RUNNING" in house.ctl("status other"), "supervisord runs")
        before = digest(bench, str(house.folder / "conf.d"))
        assert "does not keep ghost up: FATAL" in ghostfix(
            bench, folder, f"adopt ghost --with supervisord {HOLD}", status=4
        )
        assert "FATAL" in house.ctl("status ghost")
        ghostfix(bench, folder, "undo --yes")
        assert digest(bench, str(house.folder / "conf.d")) == before
        assert "no such" in house.ctl("status ghost")


def test_supervisord_without_an_included_folder(house: House) -> None:
    folder = str(house.folder / "ghost")
    settle(house.bench, folder)
    house.config.write_text(house.config.read_text().replace("conf.d/*.conf", "programs.conf"))
    with house.daemon():
        becomes(lambda: house.ctl("pid").strip().isdigit(), "supervisord runs")
        told = ghostfix(house.bench, folder, f"adopt ghost --with supervisord {HOLD}", status=4)
        assert "includes no folder for programs" in told
        assert "[include]" in told


# pm2


@pytest.fixture
def pm2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pm2]:
    npm_programs()
    program = Pm2(tmp_path, monkeypatch)
    yield program
    program.close()


def test_pm2_saved_by_somebody_else_before_the_undo(bench: LocalBench, pm2: Pm2, tmp_path: Path) -> None:
    folder = tmp_path / "ghost"
    settle(bench, str(folder))
    (tmp_path / "other.py").write_text("import time\ntime.sleep(999)\n")
    pm2.run("start", str(tmp_path / "other.py"), "--interpreter", "python3", "--name", "other")
    pm2.run("save", "--force")
    ghostfix(bench, str(folder), f"adopt ghost --with pm2 {HOLD}")
    pm2.run("start", str(tmp_path / "other.py"), "--interpreter", "python3", "--name", "third")
    pm2.run("save")
    ghostfix(bench, str(folder), "undo --yes")
    assert set(_apps(pm2)) == {"other", "third"}
    assert {app["name"] for app in json.loads((pm2.home / "dump.pm2").read_bytes())} == {"other", "third"}


def _apps(pm2: Pm2) -> dict[str, dict[str, object]]:
    return {app["name"]: app for app in json.loads(pm2.run("jlist"))}


def test_pm2(bench: LocalBench, pm2: Pm2, tmp_path: Path) -> None:
    folder = tmp_path / "ghost"
    settle(bench, str(folder))
    (tmp_path / "other.py").write_text("import time\ntime.sleep(999)\n")
    pm2.run("start", str(tmp_path / "other.py"), "--interpreter", "python3", "--name", "other")
    pm2.run("save", "--force")
    dumps = [pm2.home / "dump.pm2", pm2.home / "dump.pm2.bak"]
    before = [path.read_bytes() if path.exists() else None for path in dumps]
    files = digest(bench, f"{folder}/ghostfix.toml", f"{folder}/ghost.py")
    ghostfix(bench, str(folder), f"adopt ghost --with pm2 {HOLD}")
    (pid,) = bench.running(of(folder))
    assert _apps(pm2)["ghost"]["pid"] == pid
    assert b'"ghost"' in dumps[0].read_bytes()
    bench.run(f"kill -KILL {pid}")
    becomes(lambda: bench.running(of(folder)) not in ((), (pid,)), "pm2 restarts it")
    ghostfix(bench, str(folder), "diagnose ghost")
    ghostfix(bench, str(folder), "undo --yes")
    assert set(_apps(pm2)) == {"other"}
    assert [path.read_bytes() if path.exists() else None for path in dumps] == before
    assert digest(bench, f"{folder}/ghostfix.toml", f"{folder}/ghost.py") == files
    assert sorted(path.name for path in folder.iterdir()) == ["ghost.py", "ghostfix.toml", "logs"]
    assert bench.running(of(folder)) == ()


def test_pm2_gives_a_crash_loop_up(bench: LocalBench, pm2: Pm2, tmp_path: Path) -> None:
    folder = tmp_path / "ghost"
    settle(bench, str(folder), CRASHING)
    pm2.run("ping")
    told = ghostfix(bench, str(folder), f"adopt ghost --with pm2 {HOLD}", status=4)
    assert "does not keep ghost up" in told
    log = folder / "logs" / "ghost.log"
    becomes(lambda: log.read_text().count("crash") == 5, "it was started as often as allowed", 30)
    assert stays(lambda: log.read_text().count("crash") == 5, seconds=6)  # the next pause would be 2.5 s
    assert _apps(pm2)["ghost"]["pid"] == 0
    ghostfix(bench, str(folder), "undo --yes")
    assert _apps(pm2) == {}


def stays(condition: Callable[[], bool], seconds: float) -> bool:
    """Looks until then, again and again."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not condition():
            return False
        time.sleep(0.2)
    return True


# cron


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of root's; root's crontab is as before afterwards."""
    if os.geteuid() != 0 or shutil.which("crontab") is None:
        pytest.skip("needs root and Debian's package cron")
    before = root_s_tab()
    folder = Path(tempfile.mkdtemp(prefix="ghostfix-", dir="/srv"))
    try:
        yield folder
    finally:
        install_tab(before)
        shutil.rmtree(folder)


def root_s_tab() -> bytes | None:
    return kept("root") if (SPOOL / "root").exists() else None


def install_tab(content: bytes | None) -> None:
    subprocess.run(["crontab", "-r" if content is None else "-"], input=content, check=False)


TAB = b"# mine\n17 3 * * *\techo 100\\% >/dev/null\n"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("tab", [TAB, None], ids=["with-a-crontab", "without-one"])
def test_cron(bench: LocalBench, place: Path, tab: bytes | None) -> None:
    folder = str(place / "a %s b")
    settle(bench, f"'{folder}'")
    install_tab(tab)
    # cron knows changes by the second: it would overlook one in the second of the last one that it saw.
    becomes(lambda: int(time.time()) > int(SPOOL.stat().st_mtime), "the next second begins")
    service = of(Path(folder))
    with cron_daemon():
        profile = Path(folder, "ghostfix.toml").read_bytes()
        ghostfix(bench, f"'{folder}'", f"adopt ghost --with cron {HOLD}")
        (pid,) = bench.running(service)
        lines = (root_s_tab() or b"").splitlines()
        assert lines[:-1] == (tab or b"").splitlines()
        assert lines[-1].startswith(b"* * * * * ")
        assert b"\\%" in lines[-1]
        assert "256" in Path(f"/proc/{pid}/limits").read_text().split("Max open files")[1].split()[:2]
        bench.run(f"kill -KILL {pid}")
        becomes(lambda: bench.running(service) not in ((), (pid,)), "cron starts it again", 90)
        ghostfix(bench, f"'{folder}'", "diagnose ghost")
        ghostfix(bench, f"'{folder}'", "undo --yes")
        assert root_s_tab() == tab
        assert Path(folder, "ghostfix.toml").read_bytes() == profile
        end_instances(bench, service)


def test_a_user_who_cannot_run_ghostfix_gets_no_line(bench: LocalBench, user: str, place: Path) -> None:
    """cron would call it every minute, in vain."""
    place.chmod(0o755)
    settle(bench, str(place / "ghost"), owner=user)
    profile = place / "ghost.toml"
    profile.write_text(f'[services.ghost]\ndirectory = "{place}/ghost"\nscript = "ghost.py"\n')
    with cron_daemon():
        told = ghostfix(bench, str(place), f"adopt --config {profile} --with cron {HOLD}", status=4)
    assert f"{user} cannot run " in told
    assert not (SPOOL / user).exists()
