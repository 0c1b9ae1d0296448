import pytest

from ghostfix.managers.launchd.state import complaint, disabled_flag, loaded_job, user_domain
from ghostfix.model.machine import Caller, CommandAnswer, Platform
from ghostfix.model.reading import Reading
from tests.fake_launchctl import MONTEREY, SEQUOIA, FakeJob, FakeLaunchctl
from tests.fake_system import FakeSystem


def mac(macos: int = SEQUOIA) -> tuple[FakeSystem, FakeLaunchctl]:
    caller = Caller(uid=501, gid=20, user="a", home="/Users/a", cwd="/", pid=900, ancestors=(1,))
    system = FakeSystem(Platform.MACOS, caller=caller)
    return system, FakeLaunchctl(system=system, macos=macos)


@pytest.mark.parametrize("macos", [MONTEREY, SEQUOIA])
def test_loaded_not_loaded_and_unknown_are_three_answers(macos: int) -> None:
    system, launchd = mac(macos)
    launchd.load("gui/501", FakeJob(label="x", plist="/x.plist", properties=""))
    loaded = loaded_job(system, "gui/501/x")
    assert loaded.value is not None
    assert loaded.value.plist == "/x.plist"
    assert loaded_job(system, "gui/501/y") == Reading(None)
    launchd.failing["print"] = 1
    unknown = loaded_job(system, "gui/501/x")
    assert not unknown.complete
    assert "not permitted" in (unknown.problem or "")


@pytest.mark.parametrize("macos", [MONTEREY, SEQUOIA])
def test_flags(macos: int) -> None:
    system, launchd = mac(macos)
    launchd.flags.update({("user/501", "on"): False, ("user/501", "off"): True, ("system", "other"): True})
    assert [disabled_flag(system, "gui/501", label).value for label in ("on", "off", "other")] == [
        False,
        True,
        None,
    ]
    launchd.failing["print-disabled"] = 1
    assert not disabled_flag(system, "gui/501", "on").complete


def test_the_users_domain() -> None:
    system, launchd = mac()
    assert user_domain(system, 501) == Reading("gui/501")
    launchd.gui = False
    over_ssh = user_domain(system, 501)
    assert (over_ssh.value, over_ssh.complete) == ("user/501", True)
    assert over_ssh.problem
    nobody = user_domain(system, 502)
    assert not nobody.complete
    assert "nobody of this user is logged in" in (nobody.problem or "")


def test_complaints() -> None:
    absent = CommandAnswer(argv=("launchctl",), status=None, problem="No such file or directory")
    assert complaint(absent) == "No such file or directory"
    silent = CommandAnswer(argv=("launchctl",), status=3)
    assert complaint(silent) == "error 3: no such job: it is not loaded"
    telling = CommandAnswer(argv=("launchctl",), status=99, stderr=b"first\nlast\n")
    assert complaint(telling) == "error 99 (last)"
