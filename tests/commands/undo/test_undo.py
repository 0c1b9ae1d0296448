"""``ghostfix undo`` as programs ask it."""

import json
import os
from pathlib import Path

import pytest

from tests.commands.test_cli import ghostfix
from tests.real.small_house import PIDFILE, small_house


def test_without_runs_the_documents_say_so(tmp_path: Path) -> None:
    listed = ghostfix(tmp_path, "undo", "--list", "--format", "json")
    assert json.loads(listed.stdout) == {"schema": "ghostfix.runs/1", "runs": []}
    nothing = ghostfix(tmp_path, "undo", "--yes", "--format", "json")
    assert json.loads(nothing.stdout) == {
        "schema": "ghostfix.undo/1",
        "run": None,
        "dry_run": False,
        "changed": False,
        "entries": [],
    }


@pytest.mark.real
def test_what_is_taken_back_is_told_once(tmp_path: Path) -> None:
    with small_house(tmp_path) as house:
        done = ghostfix(tmp_path, "repair", "--yes", "--only", "stale-pidfile", "--no-start")
        assert done.returncode in (0, 4), done.stderr
        (listed,) = json.loads(ghostfix(tmp_path, "undo", "--list", "--format", "json").stdout)["runs"]
        assert (listed["service"], listed["done"]) == ("ghost", 1)
        dry = json.loads(ghostfix(tmp_path, "undo", "--dry-run", "--format", "json").stdout)
        assert (dry["run"], dry["changed"], dry["dry_run"]) == (listed["id"], True, True)
        assert not house.pid_file.exists()
        real = json.loads(ghostfix(tmp_path, "undo", "--yes", "--format", "json").stdout)
        assert (real["changed"], real["dry_run"], real["entries"][0]["state"]) == (True, False, "undone")
        assert house.pid_file.read_bytes() == PIDFILE
        again = json.loads(ghostfix(tmp_path, "undo", listed["id"], "--yes", "--format", "json").stdout)
        assert again["changed"] is False


@pytest.mark.real
def test_a_second_undo_does_not_walk_on_to_an_older_repair(tmp_path: Path) -> None:
    """Such as one of another service, of which nobody spoke."""
    with small_house(tmp_path) as house:
        words = ("repair", "--yes", "--only", "stale-pidfile", "--no-start")
        assert ghostfix(tmp_path, *words).returncode in (0, 4)
        house.pid_file.write_bytes(PIDFILE)
        os.utime(house.pid_file, (0, 0))
        assert ghostfix(tmp_path, *words).returncode in (0, 4)
        listed = json.loads(ghostfix(tmp_path, "undo", "--list", "--format", "json").stdout)["runs"]
        newest, older = (run["id"] for run in listed)
        first = json.loads(ghostfix(tmp_path, "undo", "--yes", "--format", "json").stdout)
        assert (first["run"], first["changed"]) == (newest, True)
        second = ghostfix(tmp_path, "undo", "--yes")
        assert second.returncode == 0
        assert second.stdout == f"There is nothing left to undo in {newest}.\n"
        assert f"`ghostfix undo {older}` takes it back" in second.stderr
        standing = json.loads(ghostfix(tmp_path, "undo", "--list", "--format", "json").stdout)["runs"]
        assert [run["done"] for run in standing] == [0, 1]


@pytest.mark.parametrize("command", ["undo", "report"])
def test_an_empty_name_is_no_last_run(tmp_path: Path, command: str) -> None:
    """`ghostfix undo "$RUN"` with a variable that is not set takes back nothing."""
    answer = ghostfix(tmp_path, command, "")
    assert answer.returncode == 2
    assert "''" in answer.stderr
    assert "--list" in answer.stderr


@pytest.mark.real
def test_a_run_of_which_nothing_can_be_taken_back_is_not_offered(tmp_path: Path) -> None:
    """An act that cannot be taken back stands for ever; that is no reason to name its run again and again."""
    with small_house(tmp_path) as house:
        done = ghostfix(tmp_path, "repair", "--yes", "--only", "stale-pidfile", "--no-start")
        assert done.returncode in (0, 4), done.stderr
        (journal,) = (house.folder / "state/ghostfix/runs").glob("*/journal.jsonl")
        journal.write_text(journal.read_text().replace('"reversible":true', '"reversible":false'))
        again = ghostfix(tmp_path, "undo", "--yes")
        assert again.returncode == 0
        assert "There is nothing left to undo" in again.stdout
        assert "an older repair stands" not in again.stderr
