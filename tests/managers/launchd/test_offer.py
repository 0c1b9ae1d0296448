import plistlib

from ghostfix.managers.launchd.offer import plist
from ghostfix.managers.launchd.plist import read_plist
from ghostfix.model.machine import Platform
from tests.fake_launchctl import FakeLaunchctl
from tests.fake_system import FakeSystem
from tests.managers.launchd.test_hold_job import VERSIONS, caller
from tests.managers.offer_stage import ALICE, NASTY, offered, unavailable


def mac(macos: int, uid: int = 501) -> FakeSystem:
    system = FakeSystem(Platform.MACOS, caller=caller(uid))
    FakeLaunchctl(system=system, macos=macos)
    return system


@VERSIONS
def test_an_agent_of_the_user_s(macos: int) -> None:
    offer = offered("launchd", mac(macos))
    assert offer.place == "/Users/alice/Library/LaunchAgents/ghostfix.web.plist"
    assert (offer.manager, offer.scope) == ("launchd:ghostfix.web", "gui/501")
    assert plistlib.loads(offer.after) == {
        "Label": "ghostfix.web",
        "ProgramArguments": ["/srv/web/.venv/bin/python", "-m", "shop.web"],
        "WorkingDirectory": "/srv/web",
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 30,
        "ExitTimeOut": 15,
        "StandardOutPath": "/srv/web/logs/web.log",
        "StandardErrorPath": "/srv/web/logs/web.log",
        "EnvironmentVariables": {
            "PATH": "/srv/web/.venv/bin:/usr/bin",
            "VIRTUAL_ENV": "/srv/web/.venv",
        },
        "SoftResourceLimits": {"NumberOfFiles": 1024},
    }


@VERSIONS
def test_root_s_is_a_daemon_that_runs_as_the_folder_s_owner(macos: int) -> None:
    offer = offered("launchd", mac(macos, 0), ALICE)
    assert (offer.place, offer.scope) == ("/Library/LaunchDaemons/ghostfix.web.plist", "system")
    assert plistlib.loads(offer.after)["UserName"] == "alice"


def test_what_is_written_is_read_back() -> None:
    job = read_plist(plist(NASTY, "ghostfix.web")).value
    assert job is not None
    assert (job.label, job.command, job.working_directory) == ("ghostfix.web", NASTY.command, NASTY.directory)


def test_there_is_none_on_linux() -> None:
    assert "--with systemd" in unavailable("launchd", FakeSystem()).hint


def test_a_launchd_that_does_not_answer() -> None:
    system = FakeSystem(Platform.MACOS, caller=caller())
    FakeLaunchctl(system=system, failing={"print-disabled": 1})
    assert "launchd domain" in unavailable("launchd", system).reason
