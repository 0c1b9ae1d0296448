"""``ghostfix adopt`` as it is typed: what it refuses, and what it then says."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ghostfix.commands.carry_out import ExecutionOptions, wanted
from ghostfix.model.service import Service
from ghostfix.repair.plan import Plan, as_asked
from ghostfix.report.output import Presentation

PROFILE = '[services.web]\nscript = "web.py"\nlogs = ["web.log"]\n'


def typed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ghostfix", "adopt", *words],
        cwd=folder,
        env={**os.environ, "XDG_STATE_HOME": str(folder / "state"), "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ghostfix.toml").write_text(PROFILE)
    (tmp_path / "web.py").write_text("import time\ntime.sleep(99)\n")
    return tmp_path


def test_it_asks_for_a_manager_and_knows_them_all(folder: Path) -> None:
    for words in ((), ("web", "--with", "systmd")):
        answer = typed(folder, *words)
        assert answer.returncode == 2
        assert all(
            name in answer.stderr for name in ("systemd-user", "launchd", "cron", "supervisord", "pm2")
        )


def test_of_several_services_it_wants_to_know_which(folder: Path) -> None:
    (folder / "ghostfix.toml").write_text(PROFILE + '[services.other]\nscript = "o.py"\n')
    answer = typed(folder, "--with", "cron")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "say which: `ghostfix adopt NAME`" in answer.stderr


def test_what_is_not_there_is_refused_with_what_to_do(folder: Path) -> None:
    absent = "systemd" if sys.platform == "darwin" else "launchd"
    answer = typed(folder, "web", "--with", absent, "--dry-run", "--format", "json")
    assert (answer.returncode, answer.stdout) == (4, "")
    assert answer.stderr.startswith("ghostfix: web cannot be given to ")
    assert len(answer.stderr.splitlines()) >= 2
    assert sorted(path.name for path in folder.iterdir()) == ["ghostfix.toml", "web.py"]


def test_the_report_of_a_diagnosis_says_which_are_at_hand(folder: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "ghostfix", "diagnose", "--format", "json"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    known = {"systemd", "systemd-user", "launchd", "cron", "supervisord", "pm2"}
    assert set(json.loads(answer.stdout)["offers"]) <= known


def test_without_a_terminal_it_says_how_to_ask_for_this_very_plan(capsys: pytest.CaptureFixture[str]) -> None:
    service = Service(name="web", profile="/srv/my web/ghostfix.toml", directory="/srv/my web")
    given = {"--only": "a,b", "--skip": None, "--keep-profile": True, "--evict": False}
    plan = as_asked(Plan((), asked=("adopt", "--with", "cron")), service, "ghostfix.toml", given)
    presentation = Presentation.of("terminal", None, quiet=False, verbose=False, reveal=False)
    assert not wanted(plan, service, presentation, ExecutionOptions(yes=False))
    again = "ghostfix adopt web --with cron --only a,b --keep-profile --config '/srv/my web/ghostfix.toml'"
    assert f"`{again} --yes`" in capsys.readouterr().err
