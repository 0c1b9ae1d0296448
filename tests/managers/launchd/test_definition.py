import plistlib

from ghostfix.managers.launchd.definition import definitions, digest_of, read_definition
from ghostfix.model.machine import Caller, Platform
from ghostfix.model.process import Variable
from tests.fake_system import FakeSystem


def mac(uid: int = 501) -> FakeSystem:
    home = "/Users/alice" if uid else "/var/root"
    caller = Caller(uid=uid, gid=20, user="alice", home=home, cwd=home, pid=900, ancestors=(1,))
    return FakeSystem(Platform.MACOS, caller=caller)


def plist(label: str) -> bytes:
    return plistlib.dumps({"Label": label, "Program": "/bin/x", "EnvironmentVariables": {"A": "b"}})


def everywhere(system: FakeSystem) -> None:
    system.add_file("/Users/alice/Library/LaunchAgents/a.plist", plist("a"), uid=501)
    system.add_file("/Users/bob/Library/LaunchAgents/b.plist", plist("b"), uid=502)
    system.add_file("/Library/LaunchAgents/c.plist", plist("c"), uid=0)
    system.add_file("/Library/LaunchDaemons/d.plist", plist("d"), uid=0)
    system.add_file("/Library/LaunchDaemons/d.plist.bak", plist("bak"), uid=0)
    system.add_file("/System/Library/LaunchDaemons/apple.plist", plist("apple"), uid=0)


def test_an_ordinary_user_reads_his_own_and_everyones() -> None:
    system = mac()
    everywhere(system)
    found = definitions(system, (501,))
    assert found.complete
    assert [(each.job.label, each.uid) for each in found.value] == [("a", 501), ("c", 501), ("d", None)]


def test_root_reads_everybodys() -> None:
    system = mac(0)
    everywhere(system)
    found = [(each.job.label, each.uid) for each in definitions(system, (501, 502)).value]
    assert found == [("a", 501), ("b", 502), ("c", 501), ("c", 502), ("d", None)]


def test_the_variables_begin_with_the_home_folder() -> None:
    system = mac()
    everywhere(system)
    agent, _, daemon = definitions(system, (501,)).value
    assert agent.variables == (Variable("HOME", "/Users/alice"), Variable("A", "b"))
    assert daemon.variables == (Variable("A", "b"),)


def test_a_plist_is_known_again_by_its_content() -> None:
    system = mac()
    system.add_file("/x.plist", plist("x"))
    found = read_definition(system, "/x.plist", None, None)
    assert found.value is not None
    assert found.value.digest == digest_of(plist("x")) != digest_of(plist("y"))


def test_what_cannot_be_read_is_named_once() -> None:
    system = mac(0)
    system.add_file("/Library/LaunchAgents/bad.plist", b"nonsense", uid=0)
    found = definitions(system, (501, 502))
    assert found.value == ()
    assert not found.complete
    assert (found.problem or "").count("bad.plist") == 1


def test_a_plist_that_is_not_there() -> None:
    reading = read_definition(mac(), "/x.plist", None, None)
    assert not reading.complete
    assert "/x.plist" in (reading.problem or "")
