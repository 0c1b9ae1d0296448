"""``ghostfix watch`` beside genuine restarters: no respawn is missed, and each has its name."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.real import fifty_kills
from tests.real.ghost_house import GhostHouse, free_port, wait_until
from tests.real.restarter_bench import MachineBench, machine, no_systemd, sh

pytestmark = pytest.mark.real

KILLS = 50
SERVICE = ("./server", "4711")
"""A copy of sleep(1), which comes up at once; but ``sleep`` itself is what loops do between two starts."""
LIMITS = "[services.web.limits]\nzombies = 100000\nprocesses = 100000\nload_per_cpu = 100000\n"
"""A busy machine has its say among the lines otherwise."""
PROFILE = '[services.web]\ncommand = ["./server", "4711"]\n' + LIMITS
KILLER = str(Path(fifty_kills.__file__))
NO_SYSTEMD = no_systemd()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[GhostHouse]:
    house = GhostHouse(tmp_path, free_port())
    house.write("ghostfix.toml", PROFILE)
    shutil.copy("/bin/sleep", tmp_path / "server")
    loop = f"while true; do\n  {' '.join(SERVICE)}\n  sleep 0.02\ndone\n"
    house.write("loop.sh", f"#!/bin/bash\ncd {tmp_path}\n{loop}")
    try:
        yield house
    finally:
        house.close()


def instances(house: GhostHouse) -> list[int]:
    found = []
    for process in house.inhabitants():
        try:
            if process.name() == "server" and process.cmdline()[1:] == ["4711"]:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def check(output: str, by: str, kills: int = KILLS) -> None:
    """Every kill was seen, and every start after it; each start was the named one's."""
    told = [json.loads(line) for line in output.splitlines()]
    assert told[0]["event"] == "watching"
    changes = [each for each in told if each["event"] in ("started", "ended", "left")]
    assert [each["event"] for each in changes] == ["ended", "started"] * kills
    lives = [told[0]["pid"], *(each["pid"] for each in changes if each["event"] == "started")]
    assert [each["pid"] for each in changes if each["event"] == "ended"] == lives[:-1]
    starters = {each["by"] for each in changes if each["event"] == "started"}
    assert len(starters) == 1, starters
    assert by in starters.pop()
    verdict = told[-1]
    assert (verdict["event"], verdict["held"]) == ("verdict", False)
    assert (verdict["ends"], verdict["restarts"]) == (kills, kills)


def kill_and_watch(house: GhostHouse, kills: int = KILLS) -> str:
    wait_until(lambda: len(instances(house)) == 1, 30, "the service")
    answer = subprocess.run(
        [sys.executable, KILLER, "web", str(kills)],
        cwd=house.folder,
        env=house.environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert answer.returncode == 1, answer.stderr
    return answer.stdout


def test_a_loop_is_seen_fifty_times(house: GhostHouse) -> None:
    loop = house.start("/bin/bash", str(house.folder / "loop.sh"))
    check(kill_and_watch(house), f"the loop loop.sh (pid {loop.pid})")


def test_our_own_supervisor_is_seen_fifty_times(house: GhostHouse) -> None:
    words = ("--restart", "always", "--max", "1000", "--backoff", "0.02s")
    house.start(sys.executable, "-m", "ghostfix", "run", "web", *words)
    check(kill_and_watch(house), "ghostfix run web")


@pytest.mark.slow
def test_supervisord_is_seen_each_time(house: GhostHouse) -> None:
    """It takes up to a second for each restart, so there are fewer."""
    with supervisord(house):
        check(kill_and_watch(house, 10), "supervisord program web", 10)


@contextmanager
def supervisord(house: GhostHouse) -> Iterator[None]:
    folder = house.folder
    house.write(
        "supervisord.conf",
        f"[supervisord]\nnodaemon=true\nlogfile={folder}/d.log\npidfile={folder}/d.pid\n"
        f"[unix_http_server]\nfile={folder}/s.sock\n[supervisorctl]\nserverurl=unix://{folder}/s.sock\n"
        "[rpcinterface:supervisor]\n"
        "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
        f"[program:web]\ncommand={folder}/server 4711\ndirectory={folder}\nautorestart=true\nstartsecs=0\n",
    )
    program = Path(sys.executable).with_name("supervisord")
    house.start(sys.executable, str(program), "-c", str(folder / "supervisord.conf"))
    yield


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MachineBench]:
    with machine(tmp_path_factory.mktemp("systemd") / "machine") as bench:
        yield bench


@pytest.mark.slow
@pytest.mark.skipif(NO_SYSTEMD is not None, reason=NO_SYSTEMD or "")
def test_systemd_is_seen_fifty_times(booted: MachineBench) -> None:
    unit = (
        "[Unit]\\nStartLimitIntervalSec=0\\n[Service]\\nExecStart=/srv/web/server 4711\\n"
        "WorkingDirectory=/srv/web\\nRestart=always\\nRestartSec=20ms\\n"
    )
    profile = PROFILE.replace("\n", "\\n")
    output = sh(
        booted,
        "mkdir -p /srv/web && cd /srv/web && cp /bin/sleep server && "
        f"printf '{profile}' > ghostfix.toml && printf '{unit}' > /etc/systemd/system/web.service && "
        "systemctl daemon-reload && systemctl start web && "
        f"export PYTHONPATH={Path(__file__).parents[2]} && {sys.executable} {KILLER} web {KILLS}; "
        "systemctl stop web",
    )
    check("\n".join(line for line in output.splitlines() if line.startswith("{")), "systemd unit web.service")


@pytest.mark.slow
def test_kills_that_do_not_wait_for_the_watch_are_seen(house: GhostHouse) -> None:
    house.start("/bin/bash", str(house.folder / "loop.sh"))
    wait_until(lambda: len(instances(house)) == 1, 20, "the service")
    with watching(house, "--format", "jsonl") as watch:
        assert watch.stdout is not None
        watch.stdout.readline()
        killed = []
        for _ in range(KILLS):
            wait_until(
                lambda: [pid for pid in instances(house) if pid not in killed] != [], 20, "an instance"
            )
            time.sleep(0.15)  # no synchronisation: it is how long each instance lives
            (pid,) = instances(house)
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(instances(house)) == 1, 20, "the last")
        time.sleep(0.2)
        watch.send_signal(signal.SIGTERM)
        told = [json.loads(line) for line in watch.stdout]
    assert [each["pid"] for each in told if each["event"] == "ended"] == killed


@contextmanager
def watching(house: GhostHouse, *words: str) -> "Iterator[subprocess.Popen[str]]":
    watch = subprocess.Popen(
        [sys.executable, "-m", "ghostfix", "watch", "web", *words],
        cwd=house.folder,
        env=house.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield watch
    finally:
        if watch.poll() is None and watch.pid > 1:
            watch.kill()
        watch.wait()
        assert watch.stdout is not None
        watch.stdout.close()


def test_what_holds_is_said_to_hold(house: GhostHouse) -> None:
    house.start(*SERVICE)
    wait_until(lambda: len(instances(house)) == 1, 20, "the service")
    answer = house.ghostfix("watch", "--for", "1.5s", "--metrics", "web.prom")
    assert answer.returncode == 0, answer.stdout
    assert "web held for " in answer.stdout
    assert 'ghostfix_instances{service="web"} 1\n' in (house.folder / "web.prom").read_text()
    assert sorted(path.name for path in house.folder.glob("web.prom*")) == ["web.prom"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_it_with_the_verdict(house: GhostHouse, number: int) -> None:
    with watching(house) as watch:
        assert watch.stdout is not None
        assert "no instance runs" in watch.stdout.readline()
        house.start(*SERVICE)
        assert "started: ./server 4711, by " in watch.stdout.readline()
        watch.send_signal(number)
        assert "web held for " in watch.stdout.read()
        assert watch.wait(10) == 0


def test_a_watch_whose_reader_has_gone_ends(house: GhostHouse) -> None:
    """``ghostfix watch | head -1`` of a service to which nothing more happens."""
    with watching(house) as watch:
        assert watch.stdout is not None
        watch.stdout.readline()
        watch.stdout.close()
        assert watch.wait(10) == 0


def test_a_second_instance_and_what_is_left_of_a_first_are_told(house: GhostHouse) -> None:
    first = house.start("/bin/bash", "-c", f"{' '.join(SERVICE)} & exec {' '.join(SERVICE)}")
    wait_until(lambda: len(instances(house)) == 2, 20, "parent and child")
    with watching(house, "--format", "jsonl") as watch:
        assert watch.stdout is not None
        assert json.loads(watch.stdout.readline())["text"] == f"watching: pid {first.pid} runs"
        first.kill()
        told = [json.loads(watch.stdout.readline()) for _ in range(2)]
        assert [each["event"] for each in told] == ["ended", "left"]
        house.start(*SERVICE)
        assert json.loads(watch.stdout.readline())["event"] == "started"
        watch.send_signal(signal.SIGINT)
        verdict = json.loads(watch.stdout.read())
    assert verdict["problems"][1] == "2 instances at the end, and not 1"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--format", "json"), "did you mean `jsonl`?"),
        (("--for", "x"), "10s, 5m or 1h"),
        (("--interval", "0"), "at least 0.1s"),
        (("--metrics", "/proc/none/x.prom", "--for", "1s"), "/proc/none/x.prom cannot be written"),
        (("wbe",), "no service called `wbe`"),
    ],
)
def test_a_mistake_is_answered(house: GhostHouse, words: tuple[str, ...], says: str) -> None:
    answer = house.ghostfix("watch", *words)
    assert answer.returncode == 2
    assert says in answer.stderr
