"""The modules on this very machine: a task of a user's own, with no ssh between."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.fleet.lab import PROGRAMS
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
    return carried_out(house.folder, module, given, *flags)


def carried_out(
    folder: Path, module: str, given: dict[str, object], *flags: str, **variables: str
) -> tuple[Result, str]:
    """The same with these options and no others, for somebody whose home is this folder."""
    words = ["localhost", "-i", "localhost,", "-c", "local", "-m", f"ghostfix.ghostfix.{module}"]
    done = subprocess.run(
        [str(PROGRAMS / "ansible"), *words, "-a", json.dumps(given), *flags],
        env={
            **os.environ,
            "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
            "ANSIBLE_COLLECTIONS_PATH": str(PACKAGE),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "HOME": str(folder),
            **variables,
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


def test_undo_goes_no_further_back_than_the_last_repair(house: SmallHouse) -> None:
    """Who runs it twice does not take back what was repaired last month."""
    house.haunt()
    first, _ = task(house, "repair", hold_for="1s")
    house.haunt()
    second, _ = task(house, "repair", hold_for="1s")
    assert second["run_id"] != first["run_id"]
    assert task(house, "undo")[0]["run_id"] == second["run_id"]
    for options in ({}, {"name": "ghost"}):
        again, _ = task(house, "undo", **options)
        assert again["changed"] is False
        assert again.get("run_id") in (None, second["run_id"])
    named, _ = task(house, "undo", run=first["run_id"])
    assert (named["changed"], named["run_id"]) == (True, first["run_id"])


def test_a_journal_that_cannot_be_read_is_no_reason_to_take_an_older_repair_back(house: SmallHouse) -> None:
    house.haunt()
    real, _ = task(house, "repair", hold_for="1s")
    later = house.folder / "state/ghostfix/runs/20991231-235959-abcd"
    later.mkdir(mode=0o700)
    (later / "journal.jsonl").write_text("{}\n")
    failed, printed = task(house, "undo")
    assert "FAILED!" in printed
    assert "run 20991231-235959-abcd cannot be read" in str(failed["msg"])
    assert task(house, "undo", run=real["run_id"])[0]["changed"] is True


STAND_IN = """#!/bin/sh
# A ghostfix whose repair ends with $1; meanwhile another one's has begun.
case $1 in
undo)
  [ -e "$0.asked" ] && runs='{"id": "20261123-201530-a1b2", "service": "shop", "state": "unfinished"}'
  echo "{\\"schema\\": \\"ghostfix.runs/1\\", \\"runs\\": [$runs]}"
  ;;
repair)
  touch "$0.asked"
  echo 'COMPLAINT' >&2
  exit CODE
  ;;
esac
"""


def stand_in(folder: Path, code: int, complaint: str) -> Path:
    program = folder / "ghostfix"
    program.write_text(STAND_IN.replace("CODE", str(code)).replace("COMPLAINT", complaint))
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("code", "complaint", "ours"),
    [
        (4, "ghostfix: shop is being worked on already: ghostfix repair by root, pid 7", False),
        (2, "ghostfix: the profile has a mistake", False),
        (4, "ghostfix: the journal in /s/runs/20261123-201530-a1b2 cannot be written", True),
        (130, "ghostfix: the repair was interrupted", True),
        (70, "ghostfix: internal error", True),
    ],
)
def test_the_run_of_somebody_else_is_not_taken_for_ours(
    tmp_path: Path, code: int, complaint: str, ours: bool
) -> None:
    """A playbook takes back the run that a failure names, which must not be one that goes on elsewhere."""
    options: dict[str, object] = {"executable": str(stand_in(tmp_path, code, complaint)), "name": "shop"}
    failed, printed = carried_out(tmp_path, "repair", options)
    assert "FAILED!" in printed
    assert complaint in str(failed["msg"])
    assert (failed.get("run_id") is not None, failed["changed"]) == (ours, ours)


def test_a_run_of_another_service_is_not_taken_for_ours(tmp_path: Path) -> None:
    options: dict[str, object] = {"executable": str(stand_in(tmp_path, 70, "oh")), "name": "database"}
    assert "run_id" not in carried_out(tmp_path, "repair", options)[0]


def test_the_program_is_looked_for_in_the_path_first(tmp_path: Path) -> None:
    """And then where the role puts it, and where pipx does."""
    for place, code in (("path", 3), (".local/bin", 1)):
        (tmp_path / place).mkdir(parents=True)
        program = tmp_path / place / "stand-in"
        program.write_text(f"#!/bin/sh\necho '{{}}'\nexit {code}\n")
        program.chmod(0o755)
    words: dict[str, object] = {"executable": "stand-in"}
    path = f"{tmp_path / 'path'}:{os.environ['PATH']}"
    assert carried_out(tmp_path, "diagnose", words, PATH=path)[0]["exit_code"] == 3
    assert carried_out(tmp_path, "diagnose", words)[0]["exit_code"] == 1


def test_a_user_without_a_home_is_served(tmp_path: Path) -> None:
    """As `nobody`, and many an account of a service."""
    program = tmp_path / "ghostfix"
    program.write_text('#!/bin/sh\necho "{\\"cwd\\": \\"$PWD\\"}"\n')
    program.chmod(0o755)
    temporary = str(tmp_path / "tmp")
    found, _ = carried_out(
        tmp_path,
        "diagnose",
        {"executable": str(program)},
        HOME=str(tmp_path / "gone"),
        ANSIBLE_REMOTE_TMP=temporary,
        ANSIBLE_LOCAL_TEMP=temporary,
    )
    assert found["report"] == {"cwd": "/"}


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
        ({"chdir": "/nowhere/at/all"}, "there is no folder '/nowhere/at/all' on this host"),
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


@pytest.mark.parametrize("package", ["", "ghostfix", "ghostfix==0.1.0"])
def test_the_role_installs_no_bare_name(tmp_path: Path, package: str) -> None:
    """As root, on every host, it would be another project's program."""
    venv = tmp_path / "venv"
    variables = {"install_ghostfix_venv": str(venv), "install_ghostfix_package": package}
    role = {"role": "ghostfix.ghostfix.install", "vars": variables}
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": [role]}]
    (tmp_path / "play.yml").write_text(json.dumps(play))
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
        timeout=100,
        check=False,
    )
    assert done.returncode != 0
    assert "Say what to install" in done.stdout
    assert not venv.exists()


def test_the_role_installs_from_wheels_alone(tmp_path: Path) -> None:
    """ghostfix, all that it needs, and the profile. Check mode does nothing, and neither a second run."""
    wheels, venv = tmp_path / "wheels", tmp_path / "venv"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "-q", "-w", str(wheels), str(PACKAGE.parent)], check=True, timeout=250)
    (wheel,) = wheels.glob("ghostfix_doctor-*.whl")
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
    for check in (["--check"], [], []):
        done = subprocess.run(
            [str(PROGRAMS / "ansible-playbook"), "-i", "localhost,", str(tmp_path / "play.yml"), *check],
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
        assert venv.exists() is (check == [])
    assert ["changed=0 " in "".join(recap) for recap in recaps] == [False, False, True]
    shown = subprocess.run([str(tmp_path / "link"), "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("ghostfix ")
    assert (tmp_path / "etc/ghostfix.toml").read_bytes() == (tmp_path / "ghostfix.toml").read_bytes()
