"""A genuine systemd is given a service: it accepts, starts, restarts, limits and gives up, and forgets."""

import json
import sys
from collections.abc import Iterator

import pytest

from ghostfix.model.service import Service
from tests.real.adopting import CRASHING, ghostfix, settle
from tests.real.restarter_bench import ROOT, MachineBench, becomes, digest, machine, sh
from tests.real.test_systemd_real import REASON

HOME = "/srv/ghost"
SERVICE = Service(name="ghost", profile=f"{HOME}/ghostfix.toml", directory=HOME, script="ghost.py")
UNIT = "/etc/systemd/system/ghost.service"
ADOPT = "adopt ghost --with systemd --yes --hold-for 1s"
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.skipif(REASON is not None, reason=REASON or "")]


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MachineBench]:
    with machine(tmp_path_factory.mktemp("adopt") / "machine") as bench:
        sh(bench, "useradd --create-home gina")
        yield bench


@pytest.fixture
def bench(booted: MachineBench) -> Iterator[MachineBench]:
    yield booted
    booted.run(
        f"systemctl disable --now ghost; rm -f {UNIT}; systemctl daemon-reload; systemctl reset-failed; "
        f"pkill -KILL -f {HOME}/[g]host.py; rm -rf {HOME}"
    )


def shown(bench: MachineBench, name: str) -> str:
    return sh(bench, f"systemctl show ghost.service --property={name} --value").strip()


def test_adopted_restarted_and_forgotten(bench: MachineBench) -> None:
    settle(bench, HOME)
    sh(bench, f"setsid /usr/bin/python3 {HOME}/ghost.py >/dev/null 2>&1 &")  # a ghost, started by hand
    becomes(lambda: len(bench.running(SERVICE)) == 1, "the ghost runs")
    before = digest(bench, "/etc/systemd", f"{HOME}/ghostfix.toml")
    plan = ghostfix(bench, HOME, "adopt ghost --with systemd --dry-run")
    assert "+ExecStart=/usr/bin/python3 /srv/ghost/ghost.py" in plan
    assert '+manager = "systemd:ghost.service"' in plan
    assert digest(bench, "/etc/systemd", f"{HOME}/ghostfix.toml") == before
    ghostfix(bench, HOME, ADOPT)
    assert sh(bench, f"systemd-analyze verify {UNIT}") == ""
    (pid,) = bench.running(SERVICE)
    assert shown(bench, "MainPID") == str(pid)
    limits = [shown(bench, name) for name in ("MemoryMax", "TasksMax", "LimitNOFILE", "UnitFileState")]
    assert limits == [str(200 << 20), "50", "256", "enabled"]
    sh(bench, f"kill -KILL {pid}")
    becomes(lambda: bench.running(SERVICE) not in ((), (pid,)), "systemd restarts it")
    assert "is healthy" in ghostfix(bench, HOME, "diagnose ghost")
    assert "nothing to undo" not in ghostfix(bench, HOME, "undo --yes")
    assert digest(bench, "/etc/systemd", f"{HOME}/ghostfix.toml") == before
    assert (shown(bench, "LoadState"), bench.running(SERVICE)) == ("not-found", ())


def test_adopted_twice_is_adopted_once(bench: MachineBench) -> None:
    settle(bench, HOME)
    ghostfix(bench, HOME, ADOPT)
    running = bench.running(SERVICE)
    state = digest(bench, "/etc/systemd", f"{HOME}/ghostfix.toml")
    assert "unneeded" in ghostfix(bench, HOME, ADOPT)
    assert bench.running(SERVICE) == running
    assert digest(bench, "/etc/systemd", f"{HOME}/ghostfix.toml") == state
    ghostfix(bench, HOME, "undo --yes")
    assert shown(bench, "LoadState") == "not-found"


def test_a_crash_loop_ends(bench: MachineBench) -> None:
    settle(bench, HOME, CRASHING)
    before = digest(bench, "/etc/systemd", f"{HOME}/ghostfix.toml")
    told = ghostfix(bench, HOME, ADOPT, status=4)
    assert "does not stay up" in told
    becomes(lambda: shown(bench, "ActiveState") == "failed", "systemd gives up", seconds=60)
    assert sh(bench, f"grep -c crash {HOME}/logs/ghost.log").strip() == "5"
    ghostfix(bench, HOME, "undo --yes")
    assert digest(bench, "/etc/systemd", f"{HOME}/ghostfix.toml") == before
    assert shown(bench, "LoadState") == "not-found"
    assert "ghost" not in sh(bench, "systemctl --failed --no-legend")


def test_it_runs_as_the_folder_s_owner_who_opens_the_log(bench: MachineBench) -> None:
    """Root that opened it would follow gina's symlink to wherever she likes."""
    settle(bench, HOME, owner="gina")
    sh(bench, f"mv {HOME}/ghostfix.toml /srv/ghost.toml; chown root: /srv/ghost.toml")
    sh(bench, f"sed -i 's|\\.\"|{HOME}\"|' /srv/ghost.toml; rm -r {HOME}/logs")
    ghostfix(bench, HOME, f"{ADOPT} --config /srv/ghost.toml")
    (pid,) = bench.running(SERVICE)
    owners = sh(bench, f"stat -c %U /proc/{pid} {HOME}/logs {HOME}/logs/ghost.log")
    assert owners.split() == ["gina", "gina", "gina"]
    ghostfix(bench, HOME, "undo --yes")
    sh(bench, f"rm -f {HOME}/logs/ghost.log; ln -s /etc/hostname {HOME}/logs/ghost.log")
    hostname = sh(bench, "cat /etc/hostname")
    ghostfix(bench, HOME, f"{ADOPT} --config /srv/ghost.toml", status=4)
    assert sh(bench, "cat /etc/hostname") == hostname
    ghostfix(bench, HOME, "undo --yes")


def test_another_unit_of_that_name_is_left_alone(bench: MachineBench) -> None:
    settle(bench, HOME)
    sh(bench, f"printf '[Service]\\nExecStart=/bin/sleep 9\\n' > {UNIT}; systemctl daemon-reload")
    before = digest(bench, "/etc/systemd")
    told = ghostfix(bench, HOME, ADOPT, status=4)
    assert "-ExecStart=/bin/sleep 9" in told
    assert "+ExecStart=/usr/bin/python3 /srv/ghost/ghost.py" in told
    assert f"{UNIT} is there already" in told
    assert digest(bench, "/etc/systemd") == before


NASTY = "/srv/a %n $HOME 'q' \\x41 \"d\""


def test_a_folder_with_every_special_character(bench: MachineBench) -> None:
    quoted = "'" + NASTY.replace("'", "'\\''") + "'"
    settle(bench, quoted)
    ghostfix(bench, quoted, ADOPT)
    service = Service(name="ghost", profile="test", directory=NASTY, script="ghost.py")
    (pid,) = bench.running(service)
    assert sh(bench, f"tr '\\0' '\\n' < /proc/{pid}/cmdline").splitlines()[1] == f"{NASTY}/ghost.py"
    assert sh(bench, f"readlink /proc/{pid}/cwd").rstrip("\n") == NASTY
    assert sh(bench, f"test -f {quoted}/logs/ghost.log && systemd-analyze verify {UNIT}") == ""
    ghostfix(bench, quoted, "undo --yes")
    sh(bench, f"rm -r {quoted}")


WORDS = (
    "", " lead", ";", "\\;", "-x", "~", "${HOME}", "$$", "$HOME", "{ }", "it's", '"q"', "a\\", "\\x41", "\\n",
    "%h", "%%", "100%", "é☃", "# c", "@", "!", "|", "&&", "*", "a" * 5000,
)  # fmt: skip


def test_every_word_of_the_command_is_itself_whoever_opens_the_log(bench: MachineBench) -> None:
    start = json.dumps(["/usr/bin/python3", f"{HOME}/ghost.py", *WORDS], ensure_ascii=False)
    for owner in ("root", "gina"):
        settle(bench, HOME, more=f"start = {start}\n", owner=owner)
        sh(bench, f"mv {HOME}/ghostfix.toml /srv/ghost.toml; chown root: /srv/ghost.toml")
        sh(bench, f"sed -i 's|\\.\"|{HOME}\"|' /srv/ghost.toml")
        ghostfix(bench, HOME, f"{ADOPT} --config /srv/ghost.toml")
        (pid,) = bench.running(SERVICE)
        assert tuple(sh(bench, f"cat /proc/{pid}/cmdline").split("\0")[2:-1]) == WORDS
        assert sh(bench, f"systemd-analyze verify {UNIT}") == ""
        ghostfix(bench, HOME, "undo --yes")


def test_all_other_restarters_are_held(bench: MachineBench) -> None:
    settle(bench, HOME)
    sh(
        bench,
        "printf '[Service]\\nExecStart=/usr/bin/python3 /srv/ghost/ghost.py\\nRestart=always\\n"
        "RestartSec=0.2\\n' > /etc/systemd/system/ghost-old.service; systemctl daemon-reload; "
        "systemctl start ghost-old",
    )
    becomes(lambda: len(bench.running(SERVICE)) == 1, "the old unit runs it")
    before = digest(bench, "/etc/systemd", f"{HOME}/ghostfix.toml")
    ghostfix(bench, HOME, ADOPT)
    assert [shown(bench, "MainPID")] == [str(pid) for pid in bench.running(SERVICE)]
    assert bench.run("systemctl is-active ghost-old").output == "inactive\n"
    ghostfix(bench, HOME, "undo --yes")
    assert digest(bench, "/etc/systemd", f"{HOME}/ghostfix.toml") == before
    becomes(lambda: len(bench.running(SERVICE)) == 1, "the old unit runs it again")
    sh(bench, "systemctl stop ghost-old; rm /etc/systemd/system/ghost-old.service; systemctl daemon-reload")


def test_a_repair_that_held_offers_it_to_who_is_there_to_be_asked(bench: MachineBench) -> None:
    settle(bench, HOME)
    before = digest(bench, "/etc/systemd", f"{HOME}/ghostfix.toml")
    program = f"env PYTHONPATH={ROOT} COLUMNS=120 {sys.executable} -m ghostfix repair ghost --hold-for 1s"
    answers = "y\\ny\\ny\\n"  # the repair's steps, the offer, the adoption's steps
    told = sh(bench, f"cd {HOME} && printf '{answers}' | script -qec '{program}' /dev/null")
    assert "To keep it so, give it to systemd for good" in told
    assert [shown(bench, "MainPID")] == [str(pid) for pid in bench.running(SERVICE)]
    ghostfix(bench, HOME, "undo --yes")  # the adoption
    ghostfix(bench, HOME, "undo --yes")  # the repair before it
    assert digest(bench, "/etc/systemd", f"{HOME}/ghostfix.toml") == before
    assert "To keep it so" not in ghostfix(bench, HOME, "repair ghost --yes --hold-for 1s")
    assert shown(bench, "LoadState") == "not-found"
