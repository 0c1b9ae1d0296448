from ghostfix.managers.systemd.systemctl import (
    Scope,
    loaded_units,
    named_units,
    properties,
    read_units,
    scope_named,
    scopes,
)
from ghostfix.model.machine import Platform
from tests.fake_system import FakeSystem, default_caller
from tests.fake_systemctl import FakeSystemctl

SHOWN = """\
Restart=always
MainPID=388
NRestarts=3
Result=success
Id=ghost.service
Names=ghost.service alias.service
WantedBy=multi-user.target
RequiredBy=
BoundBy=b.service
OnFailureOf=f.service
TriggeredBy=ghost.socket ghost.timer
LoadState=loaded
ActiveState=activating
FragmentPath=/etc/systemd/system/ghost.service
UnitFileState=enabled
StartLimitBurst=5
MainPIDX=

Id=other.timer
MainPID=[not set]

LoadState=loaded
"""


def test_the_blocks_of_show() -> None:
    ghost, other = read_units(SHOWN)
    assert ghost.names == ("ghost.service", "alias.service")
    assert (ghost.main_pid, ghost.restarts, ghost.restart, ghost.active) == (388, 3, "always", True)
    assert ghost.pulled_by == ("multi-user.target", "b.service")
    assert ghost.called_by == ("f.service",)
    assert ghost.triggered_by == ("ghost.socket", "ghost.timer")
    assert not ghost.given_up
    assert (other.id, other.main_pid, other.active) == ("other.timer", 0, False)
    assert read_units("") == ()


def test_a_unit_that_systemd_has_given_up() -> None:
    failed = SHOWN.replace("ActiveState=activating", "ActiveState=failed")
    assert not read_units(failed)[0].given_up
    assert read_units(failed.replace("NRestarts=3", "NRestarts=5"))[0].given_up
    assert read_units(failed.replace("Result=success", "Result=start-limit-hit"))[0].given_up


def test_values_may_contain_equal_signs() -> None:
    assert properties("A=b=c\nnothing\n") == {"A": "b=c"}


def test_a_machine_without_systemd_has_no_scopes() -> None:
    assert list(scopes(FakeSystem())) == []


def test_the_scopes_of_an_ordinary_user() -> None:
    system = FakeSystem()
    system.add_folder("/run/systemd/system")
    for uid in (1000, 1001):
        system.add_file(f"/run/user/{uid}/systemd/private", b"")
    system.add_folder("/run/user/1000/other")
    found = list(scopes(system))
    assert [scope.name for scope in found] == ["system", "user:ghost"]
    assert found[1].command("stop") == (
        "env", "XDG_RUNTIME_DIR=/run/user/1000", "systemctl", "--user", "stop"
    )  # fmt: skip
    assert scope_named(system, "user:alice") is None
    assert scope_named(system, "system") == Scope()


def test_root_asks_every_user_s_systemd_as_that_user() -> None:
    system = FakeSystem(caller=default_caller(Platform.LINUX, "root"))
    system.add_file("/etc/passwd", b"alice:x:1001:1001::/home/alice:/bin/sh\n")
    system.add_file("/run/user/1001/systemd/private", b"")
    system.add_folder("/run/user/1002/systemd")
    (scope,) = scopes(system)
    assert (scope.name, scope.home) == ("user:alice", "/home/alice")
    assert scope.runner == "alice"
    assert scope.command("stop")[:2] == ("env", "XDG_RUNTIME_DIR=/run/user/1001")


def test_what_does_not_answer_is_told() -> None:
    system = FakeSystem()
    systemctl = FakeSystemctl(system, broken="Failed to connect to bus: No such file or directory")
    reading = loaded_units(system, Scope())
    assert (reading.value, reading.complete) == ((), False)
    assert reading.problem == (
        "systemctl did not answer for system: Failed to connect to bus: No such file or directory"
    )
    systemctl.broken = ""
    assert named_units(system, Scope(), ()).value == ()
    assert named_units(system, Scope(), ("x.service",)).value[0].load_state == "not-found"
