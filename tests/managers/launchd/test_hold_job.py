import hashlib
import plistlib

import msgspec
import pytest

from ghostfix.managers.launchd.hold_job import HoldLaunchdJob
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import Caller, Platform
from ghostfix.model.step import Captured, Refused, Unneeded
from tests.fake_launchctl import MONTEREY, SEQUOIA, FakeJob, FakeLaunchctl
from tests.fake_system import FakeSystem

LABEL = "com.example.ghost"
PLIST = "/Users/alice/Library/LaunchAgents/com.example.ghost.plist"
CONTENT = plistlib.dumps(
    {"Label": LABEL, "ProgramArguments": ["/srv/ghost/run", "--serve"], "KeepAlive": True}
)
VERSIONS = pytest.mark.parametrize("macos", [MONTEREY, SEQUOIA])


def caller(uid: int = 501) -> Caller:
    home = "/var/root" if uid == 0 else "/Users/alice"
    user = "root" if uid == 0 else "alice"
    return Caller(uid=uid, gid=20, user=user, home=home, cwd=home, pid=900, ancestors=(899, 1))


def mac(macos: int = SEQUOIA, uid: int = 501, content: bytes = CONTENT) -> tuple[FakeSystem, FakeLaunchctl]:
    system = FakeSystem(Platform.MACOS, caller=caller(uid))
    system.add_file(PLIST, content)
    return system, FakeLaunchctl(system=system, macos=macos)


def loaded(macos: int = SEQUOIA) -> tuple[FakeSystem, FakeLaunchctl]:
    system, launchd = mac(macos)
    launchd.load("gui/501", FakeJob(label=LABEL, plist=PLIST, arguments=("/srv/ghost/run", "--serve")))
    return system, launchd


def hold(domain: str = "gui/501", content: bytes = CONTENT, plist: str | None = PLIST) -> HoldLaunchdJob:
    return HoldLaunchdJob(
        reason="rogue-restarter",
        label=LABEL,
        domain=domain,
        plist=plist,
        digest=hashlib.sha256(content).hexdigest(),
    )


@VERSIONS
def test_a_held_job_is_gone_and_stays_away_and_comes_back_when_released(macos: int) -> None:
    system, launchd = loaded(macos)
    before = launchd.state()
    step = hold()
    assert step.precondition(system) is None
    captured = step.capture(system)
    assert step.apply(system) == f"booted out and disabled gui/501/{LABEL}"
    assert system.running("--serve") == ()
    assert launchd.state() == ({}, {("user/501", LABEL): True})
    assert isinstance(step.precondition(system), Unneeded)
    step.undo(system, captured)
    assert launchd.state() == before
    assert len(system.running("--serve")) == 1


@VERSIONS
def test_releasing_twice_is_releasing_once(macos: int) -> None:
    system, launchd = loaded(macos)
    step = hold()
    captured = step.capture(system)
    step.apply(system)
    step.undo(system, captured)
    acts = launchd.acts()
    assert step.undo(system, captured).endswith("it already was as before")
    assert launchd.acts() == acts


def test_releasing_what_was_not_begun_does_nothing() -> None:
    system, launchd = loaded()
    captured = hold().capture(system)
    hold().undo(system, captured)
    assert launchd.acts() == []


def test_releasing_what_was_booted_out_and_not_yet_disabled() -> None:
    system, launchd = loaded()
    before = launchd.state()
    step = hold()
    captured = step.capture(system)
    system.command(("launchctl", "bootout", step.target), timeout=1)
    step.undo(system, captured)
    assert launchd.state() == before


@VERSIONS
def test_a_job_that_was_disabled_though_loaded_is_so_again(macos: int) -> None:
    system, launchd = loaded(macos)
    launchd.flags["user/501", LABEL] = True
    before = launchd.state()
    step = hold()
    assert step.precondition(system) is None
    captured = step.capture(system)
    step.apply(system)
    step.undo(system, captured)
    assert launchd.state() == before


def test_a_job_that_was_not_loaded_is_only_disabled() -> None:
    system, launchd = mac()
    step = hold()
    captured = step.capture(system)
    assert step.apply(system) == f"disabled gui/501/{LABEL}"
    assert launchd.acts() == [("disable", step.target)]
    step.undo(system, captured)
    assert launchd.state() == ({}, {})


def test_the_disabled_key_of_the_plist_counts_where_there_is_no_flag() -> None:
    content = plistlib.dumps({"Label": LABEL, "Disabled": True})
    system, launchd = mac(content=content)
    assert isinstance(hold(content=content).precondition(system), Unneeded)
    launchd.flags["user/501", LABEL] = False
    assert hold(content=content).precondition(system) is None


def test_a_bootout_that_takes_its_time_is_waited_for() -> None:
    system, launchd = loaded()
    launchd.looks_until_gone = 20
    hold().apply(system)
    assert launchd.jobs == {}


def test_a_bootout_that_never_ends_is_a_failure() -> None:
    system, launchd = loaded()
    launchd.looks_until_gone = 10_000
    with pytest.raises(StepError, match="still loaded 30 s after"):
        hold().apply(system)
    assert launchd.flags == {}


@pytest.mark.parametrize("code", [3, 113])
def test_a_job_that_went_away_by_itself_is_held_all_the_same(code: int) -> None:
    system, launchd = loaded()
    launchd.failing["bootout"] = code
    step = hold()
    launchd.jobs[("gui/501", LABEL)].pid = None
    launchd.looks_until_gone = 0
    launchd._ending[("gui/501", LABEL)] = 1
    assert step.apply(system).startswith("booted out")
    assert launchd.flags == {("user/501", LABEL): True}


@pytest.mark.parametrize(
    ("code", "words"), [(1, "not permitted"), (5, "refused"), (125, "domain does not exist")]
)
def test_a_bootout_that_fails_says_why(code: int, words: str) -> None:
    system, launchd = loaded()
    launchd.failing["bootout"] = code
    with pytest.raises(StepError, match=words):
        hold().apply(system)
    assert launchd.flags == {}


def test_a_disable_that_fails_says_why() -> None:
    system, launchd = loaded()
    launchd.failing["disable"] = 1
    with pytest.raises(StepError, match=r"disable.*not permitted"):
        hold().apply(system)


def test_a_bootstrap_that_fails_though_the_job_is_loaded_is_fine() -> None:
    system, launchd = loaded()
    step = hold()
    captured = step.capture(system)
    step.apply(system)
    real = launchd._bootstrap

    def loads_and_complains(words: tuple[str, ...], domain: str, path: str) -> object:
        real(words, domain, path)
        return launchd._failed(words, "bootstrap", 37)

    launchd._bootstrap = loads_and_complains  # type: ignore[assignment,method-assign]
    step.undo(system, captured)
    assert ("gui/501", LABEL) in launchd.jobs


def test_a_bootstrap_that_fails_says_why_and_can_be_tried_again() -> None:
    system, launchd = loaded()
    before = launchd.state()
    step = hold()
    captured = step.capture(system)
    step.apply(system)
    launchd.failing["bootstrap"] = 5
    with pytest.raises(StepError, match="loaded already, it is disabled"):
        step.undo(system, captured)
    del launchd.failing["bootstrap"]
    step.undo(system, captured)
    assert launchd.state() == before


def test_a_changed_plist_is_not_held() -> None:
    system, launchd = loaded()
    system.add_file(PLIST, CONTENT + b"\n")
    refused = hold().precondition(system)
    assert isinstance(refused, Refused)
    assert "was changed" in refused.reason
    assert launchd.acts() == []


def test_a_plist_that_changed_while_its_job_was_held_is_not_loaded() -> None:
    system, launchd = loaded()
    step = hold()
    captured = step.capture(system)
    step.apply(system)
    system.add_file(PLIST, CONTENT + b"\n")
    acts = launchd.acts()
    with pytest.raises(ChangedError, match="launchctl bootstrap gui/501"):
        step.undo(system, captured)
    assert launchd.acts() == acts


def test_a_plist_that_is_gone_cannot_be_loaded_again() -> None:
    system, launchd = loaded()
    step = hold(plist=None)
    assert "cannot be loaded again" in step.preview()
    captured = step.capture(system)
    step.apply(system)
    with pytest.raises(ChangedError, match="its plist was gone"):
        step.undo(system, captured)
    assert launchd.jobs == {}


@pytest.mark.parametrize(
    ("domain", "words"), [("system", "only root"), ("gui/502", "another user"), ("user/502", "another user")]
)
def test_a_domain_of_somebody_else_is_refused(domain: str, words: str) -> None:
    system, launchd = loaded()
    refused = hold(domain).precondition(system)
    assert isinstance(refused, Refused)
    assert words in refused.reason
    assert launchd.calls == []


def test_root_may_hold_daemons_and_agents() -> None:
    system, launchd = mac(uid=0)
    assert hold("system").precondition(system) is None
    hold("system").apply(system)
    assert launchd.flags == {("system", LABEL): True}


def test_without_the_domain_it_is_refused() -> None:
    system, launchd = loaded()
    launchd.gui = False
    refused = hold().precondition(system)
    assert isinstance(refused, Refused)
    assert "Could not find domain" in refused.reason


def test_a_state_that_cannot_be_read_is_not_captured() -> None:
    system, launchd = loaded()
    launchd.failing["print-disabled"] = 1
    with pytest.raises(StepError, match="not permitted"):
        hold().capture(system)


def test_the_preview_names_job_and_act() -> None:
    assert hold().preview() == f"hold launchd job gui/501/{LABEL}: launchctl bootout and disable"


def test_it_survives_being_written_down() -> None:
    step = hold()
    assert msgspec.json.decode(msgspec.json.encode(step), type=HoldLaunchdJob) == step
    assert step.kind == "hold-launchd-job"
    captured = Captured()
    system, launchd = loaded()
    step.undo(system, captured)
    assert launchd.acts() == []
