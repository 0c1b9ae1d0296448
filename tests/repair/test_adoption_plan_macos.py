"""The whole adoption with launchd, as macOS 12 and as macOS 15: adopted, watched, adopted again, undone."""

import plistlib
from collections.abc import Callable

import pytest

from ghostfix.commands.diagnoses import diagnose
from ghostfix.model.errors import RepairError
from ghostfix.model.machine import Platform
from ghostfix.model.service import Service
from ghostfix.repair.adoption_plan import Adoption, adopt, adopter_named
from ghostfix.repair.execute import execute, undo
from ghostfix.repair.journal_records import EntryState
from ghostfix.repair.verification import verify
from tests.fake_launchctl import FakeJob, FakeLaunchctl
from tests.fake_system import FakeCrontab, FakeSystem
from tests.managers.launchd.test_hold_job import VERSIONS, caller

HOME = "/Users/alice/web"
PROFILE = f"{HOME}/ghostfix.toml"
RUNS = ("/usr/bin/python3", f"{HOME}/web.py")
SERVICE = Service(name="web", profile=PROFILE, directory=HOME, script="web.py", start=RUNS, logs=("web.log",))
OLD = "/Users/alice/Library/LaunchAgents/com.old.web.plist"


class Mac:
    """An agent of old keeps the service alive."""

    def __init__(self, macos: int) -> None:
        self.system = FakeSystem(Platform.MACOS, caller=caller())
        self.launchd = FakeLaunchctl(system=self.system, macos=macos)
        FakeCrontab(self.system, {})
        self.system.add_file(PROFILE, b'[services.web]\nscript = "web.py"\n', uid=501)
        self.system.add_file(f"{HOME}/web.py", b"import time\n", uid=501)
        self.system.add_program("/usr/bin/python3")
        content = {"Label": "com.old.web", "ProgramArguments": list(RUNS), "KeepAlive": True}
        self.system.add_file(OLD, plistlib.dumps(content))
        self.launchd.load("gui/501", FakeJob(label="com.old.web", plist=OLD, arguments=RUNS, cwd=HOME))

    def adopt(self, service: Service = SERVICE) -> Adoption:
        self.diagnosis = diagnose(self.system, service)
        return adopt(self.system, self.diagnosis, adopter_named("launchd"), ("/opt/ghostfix",))

    def state(self) -> object:
        files = {path: one.content for path, one in self.system.files.items() if "/.local" not in path}
        return files, self.launchd.state()


@VERSIONS
def test_the_whole_adoption(macos: int) -> None:
    mac = Mac(macos)
    before = mac.state()
    adoption = mac.adopt()
    kinds = [step.kind for step in adoption.plan.steps]
    assert kinds == ["hold-launchd-job", "stop-process", "adopt-launchd-job", "name-manager"]
    run = execute(mac.system, adoption.plan, SERVICE)
    assert run.complete, run.entries
    assert sorted(label for _, label in mac.launchd.jobs) == ["ghostfix.web"]
    seen = verify(mac.system, adoption.service, hold_for=2.0)
    assert seen.report.problems == ()
    assert seen.report.instances == 1
    again = execute(mac.system, mac.adopt(adoption.service).plan, SERVICE)
    assert {one.state for one in again.entries} == {EntryState.UNNEEDED}
    for identity in (again.id, run.id):
        entries = undo(mac.system, identity)
        assert {one.state for one in entries} <= {EntryState.UNDONE, EntryState.IRREVERSIBLE}
    assert mac.state() == before


@VERSIONS
def test_killed_it_comes_back_by_launchd_alone(macos: int) -> None:
    mac = Mac(macos)
    execute(mac.system, mac.adopt().plan, SERVICE)
    (process,) = mac.system.running(*RUNS)
    mac.system.end(process.pid)
    (again,) = mac.system.running(*RUNS)
    assert mac.launchd.jobs["gui/501", "ghostfix.web"].pid == again.pid != process.pid


def _disabled(mac: Mac) -> None:
    mac.launchd.flags["user/501", "ghostfix.web"] = True


def _taken(mac: Mac) -> None:
    mac.launchd.load(
        "gui/501", FakeJob(label="ghostfix.web", plist="/elsewhere.plist", arguments=("/bin/x",))
    )


@VERSIONS
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(_disabled, "launchctl enable gui/501/ghostfix.web"), (_taken, "from another file: /elsewhere.plist")],
)
def test_what_launchd_would_refuse_is_refused_at_once(
    macos: int, spoil: Callable[[Mac], None], reason: str
) -> None:
    mac = Mac(macos)
    spoil(mac)
    before = mac.state()
    with pytest.raises(RepairError, match=reason):
        mac.adopt()
    assert mac.state() == before


@VERSIONS
@pytest.mark.parametrize("code", [1, 5, 36])
def test_a_bootstrap_that_fails_leaves_a_run_that_can_be_taken_back(macos: int, code: int) -> None:
    mac = Mac(macos)
    before = mac.state()
    adoption = mac.adopt()
    mac.launchd.failing["bootstrap"] = code
    run = execute(mac.system, adoption.plan, SERVICE)
    assert [one.state for one in run.entries][-2:] == [EntryState.FAILED, EntryState.NOT_REACHED]
    del mac.launchd.failing["bootstrap"]
    undo(mac.system, run.id)
    assert mac.state() == before


@VERSIONS
def test_over_ssh_it_goes_into_the_user_s_domain(macos: int) -> None:
    mac = Mac(macos)
    mac.launchd.jobs.clear()
    for process in mac.system.running(*RUNS):
        mac.system.end(process.pid)
    mac.launchd.gui = False
    run = execute(mac.system, mac.adopt().plan, SERVICE)
    assert run.complete, run.entries
    assert ("user/501", "ghostfix.web") in mac.launchd.jobs
