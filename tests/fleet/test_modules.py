"""The modules on this very machine: a task of a user's own, with no ssh between."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.lab import PROGRAMS
from tests.real.ghost_house import wait_until
from tests.real.small_house import PIDFILE, SmallHouse, small_house
from tests.test_architecture import PACKAGE

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(300)]
SECRET = "hunter2-of-the-house"
Result = dict[str, object]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SmallHouse]:
    """Two ghosts, and a PID file that names nobody."""
    with small_house(tmp_path) as built:
        yield built


def task(house: SmallHouse, module: str, *flags: str, **options: object) -> tuple[Result, str]:
    """Runs one task on this machine; gives its result, and all that Ansible printed."""
    given = {
        "executable": str(PROGRAMS / "ghostfix"),
        "chdir": str(house.folder),
        "state_home": str(house.folder / "state"),
        **options,
    }
    words = ["localhost", "-i", "localhost,", "-c", "local", "-m", f"ghostfix.ghostfix.{module}"]
    done = subprocess.run(
        [str(PROGRAMS / "ansible"), *words, "-a", json.dumps(given), *flags],
        env={
            **os.environ,
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(PACKAGE),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "HOME": str(house.folder),
        },
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    printed = done.stdout + done.stderr
    _, arrow, result = done.stdout.rpartition(" => {")
    assert arrow, printed
    return json.loads("{" + result), printed


def test_diagnose_gives_the_report_and_changes_nothing(house: SmallHouse) -> None:
    house.haunt()
    ghosts = house.ghost_pids()
    result, _ = task(house, "diagnose")
    assert (result["changed"], result["exit_code"], result["verdict"]) == (False, 1, "degraded")
    report = result["report"]
    assert isinstance(report, dict)
    assert report["schema"] == "ghostfix.report/1"
    assert "duplicate-instance" in json.dumps(report["causes"])
    assert house.ghost_pids() == ghosts
    assert house.pid_file.read_bytes() == PIDFILE
    assert not (house.folder / "state/ghostfix").exists()

    text, _ = task(house, "diagnose", as_text=True)
    assert json.loads(str(text["text"]))["service"] == report["service"]

    only, _ = task(house, "diagnose", only=["stale-pidfile"], fail_on="warning")
    assert "duplicate-instance" not in json.dumps(only["report"]["causes"])  # type: ignore[index]


def test_repair_in_check_mode_for_real_and_again(house: SmallHouse) -> None:
    house.haunt()
    ghosts = house.ghost_pids()
    dry, printed = task(house, "repair", "--check", "--diff", hold_for="1s")
    assert (dry["changed"], "run_id" in dry) == (True, False)
    assert house.ghost_pids() == ghosts
    assert house.pid_file.read_bytes() == PIDFILE
    assert not (house.folder / "state/ghostfix").exists()
    plan = dry["report"]["plan"]["steps"]  # type: ignore[index]
    previews = [f"+ {step['n']}. {step['preview']}" for step in plan]
    assert len(previews) >= 4
    assert all(preview in printed for preview in previews)

    real, printed = task(house, "repair", "--diff", hold_for="1s")
    assert (real["changed"], real["exit_code"], real["verdict"]) == (True, 0, "healthy")
    assert all(preview in printed for preview in previews)
    assert [real["run_id"]] == house.runs()
    (survivor,) = house.ghost_pids()

    again, printed = task(house, "repair", "--diff", hold_for="1s")
    assert (again["changed"], again["exit_code"], "run_id" in again) == (False, 0, False)
    assert house.ghost_pids() == [survivor]
    assert len(house.runs()) == 1
    assert "+ 1." not in printed


def test_undo_takes_back_once(house: SmallHouse) -> None:
    house.haunt()
    real, _ = task(house, "repair", hold_for="1s")
    dry, printed = task(house, "undo", "--check", "--diff")
    assert (dry["changed"], dry["run_id"]) == (True, real["run_id"])
    assert "- " in printed
    assert not house.pid_file.exists()

    done, _ = task(house, "undo", name="ghost")
    assert (done["changed"], done["run_id"]) == (True, real["run_id"])
    assert house.pid_file.read_bytes() == PIDFILE

    again, _ = task(house, "undo")
    assert again["changed"] is False
    nothing, _ = task(house, "undo", name="another")
    assert (nothing["changed"], "run_id" in nothing) == (False, False)


def test_a_repair_that_does_not_hold_fails_with_its_run(house: SmallHouse) -> None:
    profile = house.folder / "ghostfix.toml"
    profile.write_text(profile.read_text().replace('"-S", "run.py"', '"-S", "gone.py"'))
    house.haunt()
    failed, printed = task(house, "repair", hold_for="1s")
    assert "FAILED!" in printed
    assert failed["exit_code"] in (4, 5)
    assert failed["changed"] is True
    assert [failed["run_id"]] == house.runs()
    assert str(failed["run_id"]) in str(failed["msg"])
    assert failed["report"]["run"]["id"] == failed["run_id"]  # type: ignore[index]


def test_a_repair_whose_ghostfix_is_killed_fails_with_its_run(house: SmallHouse) -> None:
    """The stubborn ghosts hear no TERM, so that there is time to kill it between two acts."""
    house.haunt()
    options = json.dumps(
        {
            "executable": str(PROGRAMS / "ghostfix"),
            "chdir": str(house.folder),
            "state_home": str(house.folder / "state"),
        }
    )
    words = ["localhost", "-i", "localhost,", "-c", "local", "-m", "ghostfix.ghostfix.repair", "-a", options]
    running = subprocess.Popen(
        [str(PROGRAMS / "ansible"), *words],
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(PACKAGE),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "HOME": str(house.folder),
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: any('"intent"' in house.journal(run) for run in house.runs()), 60, "an act begins")
    (run,) = house.runs()
    pid = json.loads(house.journal(run).splitlines()[0])["pid"]
    assert pid > 1
    os.kill(pid, 9)
    out, _ = running.communicate(timeout=60)
    failed = json.loads("{" + out.rpartition(" => {")[2])
    assert "FAILED!" in out
    assert (failed["changed"], failed["run_id"]) == (True, run)
    assert f"ghostfix undo {run}" in failed["msg"]
    done, _ = task(house, "undo")
    assert done["run_id"] == run


def test_secrets_are_not_in_what_ansible_prints(house: SmallHouse) -> None:
    house.start(sys.executable, "-S", "run.py", str(house.port), "stubborn", f"--password={SECRET}")
    result, printed = task(house, "diagnose", "-vvv")
    assert "--password=***" in json.dumps(result)
    assert SECRET not in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"executable": "/nowhere/ghostfix"}, "there is no program '/nowhere/ghostfix' on this host"),
        ({"name": "shop"}, "no service called `shop`"),
        ({"only": ["stale-pidfil"]}, "did you mean `stale-pidfile`?"),
        ({"config": "/nowhere/ghostfix.toml"}, "there is no such file"),
    ],
)
def test_what_is_wrong_is_said_in_ghostfix_s_words(
    house: SmallHouse, options: dict[str, object], message: str
) -> None:
    for module in ("diagnose", "repair"):
        failed, printed = task(house, module, **options)
        assert "FAILED!" in printed
        assert message in str(failed["msg"])
        assert "Traceback" not in str(failed)


def test_the_role_installs_from_wheels_alone(tmp_path: Path) -> None:
    """ghostfix and all that it needs, from a folder; the profile; a second run changes nothing."""
    wheels, venv = tmp_path / "wheels", tmp_path / "venv"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "-q", "-w", str(wheels), str(PACKAGE.parent)], check=True, timeout=250)
    (wheel,) = wheels.glob("ghostfix-*.whl")
    (tmp_path / "ghostfix.toml").write_text('[services.web]\nscript = "web.py"\n')
    role = {
        "role": "ghostfix.ghostfix.install",
        "vars": {
            "install_ghostfix_venv": str(venv),
            "install_ghostfix_python": sys.executable,
            "install_ghostfix_wheel": str(wheel),
            "install_ghostfix_wheelhouse": str(wheels),
            "install_ghostfix_profile": str(tmp_path / "ghostfix.toml"),
            "install_ghostfix_profile_path": str(tmp_path / "etc/ghostfix.toml"),
            "install_ghostfix_link": str(tmp_path / "link"),
        },
    }
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": [role]}]
    (tmp_path / "play.yml").write_text(json.dumps(play))
    recaps = []
    for _ in range(2):
        done = subprocess.run(
            [str(PROGRAMS / "ansible-playbook"), "-i", "localhost,", str(tmp_path / "play.yml")],
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(PACKAGE),
                "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
                "HOME": str(tmp_path),
            },
            capture_output=True,
            text=True,
            timeout=250,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        recaps.append(done.stdout.splitlines()[-2:])
    assert "changed=0 " not in "".join(recaps[0])
    assert "changed=0 " in "".join(recaps[1])
    shown = subprocess.run([str(tmp_path / "link"), "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("ghostfix ")
    assert (tmp_path / "etc/ghostfix.toml").read_bytes() == (tmp_path / "ghostfix.toml").read_bytes()
