import json

import pytest

from ghostfix.managers.job_file import JobFile
from ghostfix.managers.pm2.adopt_app import AdoptPm2App
from ghostfix.model.errors import StepError
from ghostfix.model.step import Refused, Unneeded
from tests.managers.pm2.test_hold_app import DUMP, FakePm2, other
from tests.managers.pm2.test_jobs import GOD, PM2_HOME
from tests.managers.stage import HOME

PATH = f"{HOME}/web.pm2.json"
CONTENT = json.dumps({"apps": [{"name": "web", "script": "/srv/ghost/run"}]}).encode()
STEP = AdoptPm2App(reason="adopt", file=JobFile(path=PATH, content=CONTENT), app="web", home=PM2_HOME)


def names(pm2: FakePm2) -> list[object]:
    return [entry["name"] for entry in pm2.entries]


def test_given_and_taken_back() -> None:
    pm2 = FakePm2(other())
    before = {path: file.content for path, file in pm2.system.files.items()}
    assert STEP.precondition(pm2.system) is None
    captured = STEP.capture(pm2.system)
    assert STEP.apply(pm2.system) == f"{PATH} is written, and pm2 runs web: pid 900"
    assert names(pm2) == ["other", "web"]
    assert b"web" in pm2.system.content(DUMP)
    assert isinstance(STEP.precondition(pm2.system), Unneeded)
    for _ in range(2):
        assert STEP.undo(pm2.system, captured) == "pm2 does not know web any more"
        assert names(pm2) == ["other"]
        assert {path: file.content for path, file in pm2.system.files.items()} == before


def test_an_application_that_does_not_stay_up_is_a_failure_that_can_be_taken_back() -> None:
    pm2 = FakePm2(other())
    dump = pm2.system.content(DUMP)
    captured = STEP.capture(pm2.system)
    pm2.becomes = {"status": "errored"}
    with pytest.raises(StepError, match="does not keep web up: errored"):
        STEP.apply(pm2.system)
    STEP.undo(pm2.system, captured)
    assert (names(pm2), pm2.system.content(DUMP)) == (["other"], dump)


def test_an_application_of_that_name_is_refused() -> None:
    pm2 = FakePm2({"name": "web", "pid": 9, "pm2_env": {"name": "web", "pm_exec_path": "/x"}})
    verdict = STEP.precondition(pm2.system)
    assert isinstance(verdict, Refused)
    assert "pm2 delete web" in verdict.reason


def test_another_file_in_its_place_is_refused() -> None:
    pm2 = FakePm2()
    pm2.system.add_file(PATH, b"{}")
    assert isinstance(STEP.precondition(pm2.system), Refused)


def test_a_pm2_that_is_gone() -> None:
    pm2 = FakePm2(other())
    captured = STEP.capture(pm2.system)
    STEP.apply(pm2.system)
    pm2.system.end(GOD)
    assert isinstance(STEP.precondition(pm2.system), Refused)
    STEP.undo(pm2.system, captured)
    assert b"web" not in pm2.system.content(DUMP)
    assert pm2.system.status(PATH).value is None


def test_what_was_saved_since_stays_saved() -> None:
    pm2 = FakePm2(other())
    captured = STEP.capture(pm2.system)
    STEP.apply(pm2.system)
    third = {"name": "third", "pid": 9, "pm2_env": {"name": "third", "pm_exec_path": "/srv/third.js"}}
    pm2.entries.append(third)
    pm2.save()
    for _ in range(2):
        STEP.undo(pm2.system, captured)
        assert names(pm2) == ["other", "third"]
        assert [app["name"] for app in json.loads(pm2.system.content(DUMP))] == ["other", "third"]
        assert [app["name"] for app in json.loads(pm2.system.content(f"{DUMP}.bak"))] == ["other"]


def test_one_that_ran_and_was_not_saved_is_so_again() -> None:
    pm2 = FakePm2(other())
    pm2.system.add_file(PATH, CONTENT)
    pm2.entries.append({"name": "web", "pid": 900, "pm2_env": {"name": "web", "status": "online"}})
    before = {path: file.content for path, file in pm2.system.files.items()}
    assert STEP.precondition(pm2.system) is None
    captured = STEP.capture(pm2.system)
    STEP.apply(pm2.system)
    assert b"web" in pm2.system.content(DUMP)
    assert STEP.undo(pm2.system, captured) == "pm2 had web before, and has it"
    assert names(pm2) == ["other", "web"]
    assert {path: file.content for path, file in pm2.system.files.items()} == before
