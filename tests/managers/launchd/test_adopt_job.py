import plistlib

import pytest

from ghostfix.managers.job_file import JobFile
from ghostfix.managers.launchd.adopt_job import AdoptLaunchdJob
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import Platform
from ghostfix.model.step import Refused, Unneeded
from tests.fake_launchctl import SEQUOIA, FakeJob, FakeLaunchctl
from tests.fake_system import FakeSystem
from tests.managers.launchd.test_hold_job import VERSIONS, caller

LABEL = "ghostfix.web"
PLIST = f"/Users/alice/Library/LaunchAgents/{LABEL}.plist"
CONTENT = plistlib.dumps(
    {"Label": LABEL, "ProgramArguments": ["/srv/web/run", "--serve"], "KeepAlive": {"SuccessfulExit": False}}
)
STEP = AdoptLaunchdJob(
    reason="adopt", file=JobFile(path=PLIST, content=CONTENT), label=LABEL, domain="gui/501"
)


def mac(macos: int = SEQUOIA, uid: int = 501) -> tuple[FakeSystem, FakeLaunchctl]:
    system = FakeSystem(Platform.MACOS, caller=caller(uid))
    system.add_folder("/Users/alice/Library")
    return system, FakeLaunchctl(system=system, macos=macos)


@VERSIONS
def test_given_and_taken_back(macos: int) -> None:
    system, launchd = mac(macos)
    files, state = set(system.files), launchd.state()
    assert STEP.precondition(system) is None
    captured = STEP.capture(system)
    assert "loaded: pid" in STEP.apply(system)
    assert system.content(PLIST) == CONTENT
    assert len(system.running("--serve")) == 1
    assert isinstance(STEP.precondition(system), Unneeded)
    for _ in range(2):
        assert STEP.undo(system, captured) == f"launchd does not know {LABEL} any more"
        assert (set(system.files), launchd.state()) == (files, state)
        assert system.running("--serve") == ()


@VERSIONS
def test_a_job_that_takes_long_to_end_is_waited_for(macos: int) -> None:
    system, launchd = mac(macos)
    captured = STEP.capture(system)
    STEP.apply(system)
    launchd.looks_until_gone = 3
    STEP.undo(system, captured)
    assert system.status(PLIST).value is None
    assert launchd.jobs == {}


@VERSIONS
def test_a_disabled_label_is_refused(macos: int) -> None:
    system, launchd = mac(macos)
    launchd.flags["user/501", LABEL] = True
    verdict = STEP.precondition(system)
    assert isinstance(verdict, Refused)
    assert f"launchctl enable gui/501/{LABEL}" in verdict.reason


@VERSIONS
def test_a_label_that_is_loaded_from_another_file_is_refused(macos: int) -> None:
    system, launchd = mac(macos)
    launchd.load(
        "gui/501", FakeJob(label=LABEL, plist="/Library/LaunchAgents/x.plist", arguments=("/bin/x",))
    )
    verdict = STEP.precondition(system)
    assert isinstance(verdict, Refused)
    assert "/Library/LaunchAgents/x.plist" in verdict.reason


def test_another_plist_of_that_name_is_refused() -> None:
    system, _ = mac()
    system.add_file(PLIST, b"<plist/>")
    verdict = STEP.precondition(system)
    assert isinstance(verdict, Refused)
    assert "says something else" in verdict.reason


def test_a_user_may_not_give_the_system_a_daemon() -> None:
    system, _ = mac()
    step = AdoptLaunchdJob(reason="adopt", file=STEP.file, label=LABEL, domain="system")
    assert isinstance(step.precondition(system), Refused)


def test_without_a_domain_nothing_is_written() -> None:
    system, launchd = mac()
    launchd.gui = False
    before = dict(system.files)
    assert isinstance(STEP.precondition(system), Refused)
    assert system.files == before


@VERSIONS
def test_a_launchd_that_refuses(macos: int) -> None:
    system, launchd = mac(macos)
    files = set(system.files)
    captured = STEP.capture(system)
    launchd.failing["bootstrap"] = 5
    with pytest.raises(StepError, match="launchctl bootstrap gui/501"):
        STEP.apply(system)
    STEP.undo(system, captured)
    assert set(system.files) == files


def test_a_job_that_ends_at_once_is_a_failure() -> None:
    system, launchd = mac()
    captured = STEP.capture(system)
    launchd.on_start = lambda job: setattr(job, "pid", None)
    with pytest.raises(StepError, match="does not stay up"):
        STEP.apply(system)
    STEP.undo(system, captured)
    assert launchd.jobs == {}


def test_a_plist_that_somebody_edited_since_is_left() -> None:
    system, launchd = mac()
    captured = STEP.capture(system)
    STEP.apply(system)
    system.remove_path(PLIST)
    system.add_file(PLIST, b"<mine/>")
    with pytest.raises(ChangedError):
        STEP.undo(system, captured)
    assert system.content(PLIST) == b"<mine/>"
    assert launchd.jobs == {}
