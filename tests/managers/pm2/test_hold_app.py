import json

import msgspec
import pytest

from ghostfix.managers.pm2.hold_app import HoldPm2App, without_app
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import CommandAnswer
from ghostfix.model.step import Refused, Unneeded
from tests.fake_commands import Words
from tests.fake_system import FakeSystem, answered
from tests.managers.pm2.test_jobs import CLIENT, GOD, PM2_HOME, entry
from tests.managers.stage import do, machine

DUMP = f"{PM2_HOME}/dump.pm2"
STEP = HoldPm2App(reason="test", app="ghost", home=PM2_HOME)


class FakePm2:
    """A pm2 that keeps applications, and resurrects what the dump that it is given holds."""

    def __init__(self, *entries: dict[str, object]) -> None:
        self.system = machine()
        self.entries = list(entries)
        self.resurrected: list[dict[str, object]] = []
        self.becomes: dict[str, object] = {}
        """What else pm2 shows of an application that was just started."""
        variables = {"PM2_HOME": PM2_HOME, "PATH": "/opt/nvm/bin:/usr/bin"}
        self.system.add_program("/opt/nvm/bin/pm2")
        self.system.add_process(GOD, ("PM2 v6.0.14: God Daemon (/root/.pm2)",), uid=0, variables=variables)
        self.system.add_file(f"{PM2_HOME}/pm2.pid", b"500")
        self.system.add_fifo(f"{PM2_HOME}/rpc.sock")
        saved = json.dumps([each["pm2_env"] for each in entries], indent=2)
        self.system.add_file(DUMP, saved.encode())
        self.system.add_programs(CLIENT, self.answer)
        self.system.add_programs(CLIENT[:-1], self.resurrect)

    def answer(self, words: Words, _: bytes) -> CommandAnswer:
        verb, rest = words[len(CLIENT)], words[len(CLIENT) + 1 :]
        if verb == "jlist":
            return answered(words, 0, json.dumps(self.entries))
        if verb == "start":
            self._start(json.loads(self.system.content(rest[0]))["apps"])
            return answered(words)
        if verb == "save":
            self.save()
            return answered(words)
        assert verb == "delete"
        self.entries = [each for each in self.entries if each["name"] not in rest]
        return answered(words)

    def _start(self, apps: list[dict[str, object]]) -> None:
        for app in apps:
            environment = {"name": app["name"], "pm_exec_path": app["script"], "status": "online"}
            self.entries.append({"name": app["name"], "pid": 900, "pm2_env": {**environment, **self.becomes}})

    def save(self) -> None:
        """As pm2 does: what was saved before goes into a copy."""
        before = self.system.content(DUMP)
        self.system.remove_path(f"{DUMP}.bak")
        self.system.add_file(f"{DUMP}.bak", before)
        self.system.remove_path(DUMP)
        self.system.add_file(DUMP, json.dumps([each["pm2_env"] for each in self.entries]).encode())

    def resurrect(self, words: Words, _: bytes) -> CommandAnswer:
        assignment, program, verb = words[len(CLIENT) - 1 :]
        assert (program, verb) == (CLIENT[-1], "resurrect")
        path = assignment.removeprefix("PM2_DUMP_FILE_PATH=")
        assert self.system.files[path].mode == 0o600
        for environment in json.loads(self.system.content(path)):
            self.resurrected.append(environment)
            self.entries.append({"name": environment["name"], "pm2_env": {**environment, "pm_id": 9}})
        return answered(words)


def other() -> dict[str, object]:
    return {"name": "other", "pid": 502, "pm2_env": {"name": "other", "pm_exec_path": "/srv/other.js"}}


def test_it_leaves_pm2_and_its_dump_and_comes_back_as_it_was() -> None:
    pm2 = FakePm2(entry(cron_restart="*/2 * * * * *", pm_id=0, instances=1), other())
    before = pm2.system.content(DUMP)
    captured = do(pm2.system, msgspec.json.decode(msgspec.json.encode(STEP), type=HoldPm2App))
    assert [each["name"] for each in pm2.entries] == ["other"]
    assert [each["name"] for each in json.loads(pm2.system.content(DUMP))] == ["other"]
    assert isinstance(STEP.precondition(pm2.system), Unneeded)

    STEP.undo(pm2.system, captured)
    assert [each["cron_restart"] for each in pm2.resurrected] == ["*/2 * * * * *"]
    assert "pm_id" not in pm2.resurrected[0]  # pm2 gives it anew
    assert pm2.system.content(DUMP) == before
    STEP.undo(pm2.system, captured)
    assert len(pm2.resurrected) == 1
    assert [path for path in pm2.system.files if "ghostfix" in path] == []


def test_every_process_of_a_cluster_comes_back() -> None:
    pm2 = FakePm2(entry(), entry(), other())
    captured = do(pm2.system, STEP)
    STEP.undo(pm2.system, captured)
    assert [each["name"] for each in pm2.resurrected] == ["ghost", "ghost"]


def test_undo_of_what_was_not_begun() -> None:
    pm2 = FakePm2(entry())
    before = pm2.system.content(DUMP)
    captured = STEP.capture(pm2.system)
    STEP.undo(pm2.system, captured)
    assert (pm2.resurrected, pm2.system.content(DUMP)) == ([], before)


def test_a_dump_that_somebody_saved_since_gets_this_application_and_no_other() -> None:
    pm2 = FakePm2(entry(), other())
    captured = do(pm2.system, STEP)
    pm2.system.add_file(DUMP, b"[]")
    for _ in range(2):
        STEP.undo(pm2.system, captured)
        assert [each["name"] for each in json.loads(pm2.system.content(DUMP))] == ["ghost"]
    assert [each["name"] for each in pm2.entries] == ["other", "ghost"]


def test_a_dump_that_cannot_be_read_is_left() -> None:
    pm2 = FakePm2(entry(), other())
    captured = do(pm2.system, STEP)
    pm2.system.add_file(DUMP, b"mine")
    with pytest.raises(ChangedError, match="changed by somebody"):
        STEP.undo(pm2.system, captured)
    assert pm2.system.content(DUMP) == b"mine"


@pytest.mark.parametrize("ghost_first", [True, False])
def test_two_holds_are_released_in_any_order(ghost_first: bool) -> None:
    pm2 = FakePm2(entry(), other())
    second = HoldPm2App(reason="r", app="other", home=STEP.home)
    undoing = [(STEP, do(pm2.system, STEP)), (second, do(pm2.system, second))]
    for step, captured in undoing if ghost_first else reversed(undoing):
        step.undo(pm2.system, captured)
    assert sorted(each["name"] for each in json.loads(pm2.system.content(DUMP))) == ["ghost", "other"]
    assert sorted(str(each["name"]) for each in pm2.entries) == ["ghost", "other"]


def test_a_pm2_that_has_ended_needs_no_hold() -> None:
    pm2 = FakePm2(entry())
    captured = do(pm2.system, STEP)
    pm2.system.end(GOD)
    assert isinstance(STEP.precondition(pm2.system), Unneeded)
    assert "does not run" in STEP.undo(pm2.system, captured)
    assert "ghost" in pm2.system.content(DUMP).decode()


def test_a_pm2_that_does_not_answer_is_left_alone() -> None:
    pm2 = FakePm2(entry())
    pm2.system.add_command((*CLIENT, "jlist"), stdout="[PM2] what?")
    assert isinstance(STEP.precondition(pm2.system), Refused)
    with pytest.raises(StepError):
        STEP.capture(pm2.system)


def test_a_delete_that_fails_says_so() -> None:
    pm2 = FakePm2(entry())
    pm2.system.add_command((*CLIENT, "delete", "ghost"), stderr="[PM2][ERROR] no\n", status=1)
    with pytest.raises(StepError, match=r"\[PM2\]\[ERROR\] no"):
        STEP.apply(pm2.system)


def test_another_user_s_pm2_is_refused() -> None:
    system = FakeSystem()
    variables = {"PM2_HOME": PM2_HOME, "PATH": "/opt/nvm/bin"}
    system.add_process(GOD, ("PM2 v6.0.14: God Daemon (/root/.pm2)",), uid=0, variables=variables)
    assert isinstance(STEP.precondition(system), Refused)


def test_a_dump_without_it_keeps_its_bytes() -> None:
    assert without_app(b'[ {"name":"other"} ]', "ghost") == b'[ {"name":"other"} ]'
    assert without_app(b"rubbish", "ghost") is None


def test_an_application_whose_name_means_every_other_is_left_alone() -> None:
    pm2 = FakePm2({**entry(), "name": "all"}, other())
    assert isinstance(HoldPm2App(reason="test", app="all", home=PM2_HOME).precondition(pm2.system), Refused)
