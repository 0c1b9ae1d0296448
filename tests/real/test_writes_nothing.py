"""Looking changes nothing: every system call of every command that only looks, seen by strace.

No file is opened for writing, made, moved, removed or changed in any way, no process is signalled, and
nothing is sent but the GET of the health page, neither by ghostfix nor by a program that it asks. One
thing is Python's own and not ours: the first run after an installation without compiled files leaves
them beside ghostfix's code, as every Python program does (``PYTHONDONTWRITEBYTECODE`` prevents it).
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.ghost_house import GhostHouse, build, cron_daemon, crontab, wait_until
from tests.real.system_calls import CHANGING, OPENING, STARTING, Call, Traced, traced

pytestmark = [
    pytest.mark.real,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it edits a crontab"),
]

LOOKING = (("diagnose",), ("repair", "--dry-run"), ("explain", "stale-pidfile"))
LOOKING_LONGER = (
    ("diagnose", "--format", "json", "--verbose", "--show-secrets"),
    ("diagnose", "--observe", "1s", "--all-logs"),
    ("why", "ghost-runner", "--verbose"),
    ("watch", "--for", "1s"),
    ("repair", "--dry-run", "--evict", "--no-start", "--format", "markdown"),
)
AFTER_A_REPAIR = (("undo", "--list"), ("undo", "--dry-run"), ("report",), ("diagnose",), ("repair", "-n"))
# What may be asked: each program with the words that must stand among its own.
_ASKED = {"crontab": "-l", "getent": "passwd", "systemctl": "show", "journalctl": "--quiet", "python": "-IB"}
_SPOKEN_TO = re.compile(
    r'sun_path="(?:/var)?/run/nscd/socket"|sun_path="/dev/log"|sa_family=AF_NETLINK|sa_family=AF_UNSPEC'
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GhostHouse]:
    house = build(tmp_path_factory.mktemp("house"))
    line = f"@hourly  {house.folder}/scripts/boot.sh >/dev/null 2>&1"
    try:
        with crontab(line):
            house.write("pids/ghost-runner.pid", "4194303\n")
            house.start("/bin/bash", str(house.folder / "scripts/watchdog.sh"))
            wait_until(lambda: len(house.ghosts()) >= 2, 20, "two ghosts")
            yield house
    finally:
        house.close()


def run(house: GhostHouse, traces: Path, *arguments: str, **variables: str) -> Traced:
    command = (sys.executable, "-m", "ghostfix", *arguments)
    return traced(command, house.folder, {**house.environment, **variables}, traces)


def harmful(house: GhostHouse, seen: Traced) -> list[str]:
    """Every call that changes something or tells it to anybody, as text."""
    found = [str(call) for call in seen.named(*CHANGING)]
    found += [
        str(call) for call in seen.named(*OPENING) if call.opens_for_writing and call.path != "/dev/null"
    ]
    found += [str(call) for call in seen.named("connect", "bind") if not _may_be_spoken_to(call, house.port)]
    found += [str(call) for call in seen.named("sendto", "sendmsg", "sendmmsg", "write") if _tells(call)]
    return found + [str(call) for call in seen.named("listen")]


def _may_be_spoken_to(call: Call, port: int) -> bool:
    local = f"htons({port})" in call.arguments and re.search(r'"(?:127\.0\.0\.1|::1)"', call.arguments)
    return bool(_SPOKEN_TO.search(call.arguments) or (local and call.name == "connect"))


def _tells(call: Call) -> bool:
    """Whether it sends anything over a socket but the GET (and what the C library asks of the kernel)."""
    where = call.arguments.partition(",")[0]
    if "socket:[" not in where and not re.search(r"<(?:TCP|UDP|UNIX|NETLINK)", where):
        return False
    return not (
        "AF_NETLINK" in call.arguments or "NETLINK" in where or '"GET /health HTTP/1.1' in call.arguments
    )


def strangers(seen: Traced) -> list[str]:
    """Every program that was started and that is none of those that only look."""
    started = [call for call in seen.named(*STARTING) if call.result.startswith("0")][1:]
    return [str(call) for call in started if not _only_looks(call.words)]


def _only_looks(words: tuple[str, ...]) -> bool:
    name = re.sub(r"[0-9.]+$", "", Path(words[0]).name) if words else ""
    return name in _ASKED and _ASKED[name] in words


def test_the_trace_shows_what_changes_something(house: GhostHouse, tmp_path: Path) -> None:
    """What these tests rest on: an act of any kind is seen, a child's as well."""
    code = (
        "import os, socket; os.mkdir('made'); os.rmdir('made'); os.kill(os.getpid(), 0); "
        f"socket.create_connection(('127.0.0.1', {house.port})).sendall(b'POST /webhook HTTP/1.1'); "
        "os.system('true >> written')"
    )
    seen = traced((sys.executable, "-Ic", code), house.folder, house.environment, tmp_path / "traces")
    names = {text.partition("(")[0] for text in harmful(house, seen)}
    assert names >= {"mkdir", "rmdir", "kill", "sendto"}
    assert names & {"open", "openat"}
    assert len(strangers(seen)) == 1


def test_looking_changes_nothing(house: GhostHouse, tmp_path: Path) -> None:
    run(house, tmp_path / "traces", "diagnose")  # the first run may leave Python's compiled files
    check(house, tmp_path / "traces", LOOKING)


@pytest.mark.slow
def test_looking_in_every_other_way_changes_nothing(house: GhostHouse, tmp_path: Path) -> None:
    run(house, tmp_path / "traces", "diagnose")
    check(house, tmp_path / "traces", LOOKING_LONGER)


@pytest.mark.slow
def test_showing_an_adoption_changes_nothing(house: GhostHouse, tmp_path: Path) -> None:
    """The one program more that it asks is ghostfix itself, whether the line's user can run it."""
    house.ghostfix("--version")
    with cron_daemon():
        seen = run(house, tmp_path / "traces", "adopt", "--with", "cron", "--dry-run")
    assert seen.status == 0, seen.stdout + seen.stderr
    assert "* * * * *" in seen.stdout
    assert harmful(house, seen) == []
    assert [each for each in strangers(seen) if '"ghostfix", "--version"' not in each] == []


def check(house: GhostHouse, traces: Path, commands: tuple[tuple[str, ...], ...]) -> None:
    for arguments in commands:
        seen = run(house, traces, *arguments)
        assert seen.status in (0, 1), seen.stdout + seen.stderr
        assert harmful(house, seen) == [], arguments
        assert strangers(seen) == [], arguments
        if arguments[0] in ("diagnose", "repair"):
            assert len([call for call in seen.calls if '"GET /health' in call.arguments]) >= 1
            assert any("crontab" in call.path and "-l" in call.words for call in seen.named("execve"))
            assert any("-IB" in call.words for call in seen.named("execve"))
    assert not (house.folder / "state").exists()


@pytest.mark.slow
def test_the_first_run_leaves_compiled_files_and_nothing_else(house: GhostHouse, tmp_path: Path) -> None:
    seen = run(house, tmp_path / "traces", "diagnose", PYTHONPYCACHEPREFIX=str(tmp_path / "compiled"))
    left = [line for line in harmful(house, seen) if f'"{tmp_path}/compiled' not in line]
    # Python makes the folders one by one, and none but these.
    assert left == []


@pytest.mark.slow
def test_looking_at_past_repairs_changes_nothing(house: GhostHouse, tmp_path: Path) -> None:
    repaired = house.ghostfix("repair", "--yes", "--no-start", "--only", "rogue-restarter,stale-pidfile")
    assert repaired.returncode in (0, 4), repaired.stdout + repaired.stderr
    assert (house.folder / "state/ghostfix/runs").is_dir()
    for arguments in AFTER_A_REPAIR:
        seen = run(house, tmp_path / "traces", *arguments)
        assert harmful(house, seen) == [], arguments
        assert strangers(seen) == [], arguments
    house.ghostfix("undo", "--yes")


def test_everything_is_found_where_nothing_can_be_written(house: GhostHouse) -> None:
    """In a mount namespace in which the whole file system is read-only."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("util-linux's `unshare` is needed")
    guarded = (
        "mount --make-rprivate / && "
        "for at in $(awk '$3 !~ /^(proc|devpts|mqueue)$/ {print $2}' /proc/mounts); do "
        'mount -o remount,bind,ro "$at" 2>/dev/null; done; '
        'if touch ./probe 2>/dev/null; then exit 99; fi; exec "$@"'
    )
    command = [sys.executable, "-m", "ghostfix", "diagnose", "--format", "json"]
    answer = subprocess.run(
        [unshare, "--mount", "/bin/sh", "-c", guarded, "sh", *command],
        cwd=house.folder,
        env=house.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "Operation not permitted" in answer.stderr or answer.returncode == 99:
        pytest.skip(f"no read-only file system can be made here: {answer.stderr}")
    report = json.loads(answer.stdout)
    assert [result["check"] for result in report["results"] if result["unread"]] == []
    assert {restarter["kind"] for restarter in report["restarters"]} == {"cron", "watchdog"}
