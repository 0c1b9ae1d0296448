import pytest

from ghostfix.managers.systemd.systemctl import LoadedUnit, Scope
from ghostfix.managers.systemd.unit_file import read_unit
from ghostfix.managers.systemd.unit_start import UnitStart, unit_file, unit_start
from ghostfix.model.service import Service
from tests.fake_system import FakeSystem

SERVICE = Service(name="ghost", profile="test", directory="/srv/ghost", script="ghost.py")


def start(text: str, scope: Scope = Scope(), system: FakeSystem | None = None) -> UnitStart:  # noqa: B008
    return unit_start(system or FakeSystem(), SERVICE, scope, "g@i.service", read_unit(text, "g@.service"))


@pytest.mark.parametrize(
    "text",
    [
        "ExecStart=/usr/bin/python3 /srv/ghost/ghost.py",
        "WorkingDirectory=/srv/ghost\nExecStart=-/usr/bin/python3 ghost.py",
        "Environment='P=/srv/ghost'\nExecStart=/usr/bin/python3 ${P}/ghost.py",
        "Environment=A='-B -u' S=/srv/ghost/ghost.py\nExecStart=/usr/bin/python3 $A $S",
        "ExecStart=/bin/sh -c 'cd /srv/ghost && exec python3 ghost.py'",
        "ExecStart=/bin/true\nExecStartPost=/usr/bin/python3 /srv/ghost/ghost.py",
        "Environment=A=1\nEnvironment=\nExecStart=/usr/bin/python3 /srv/ghost/ghost.py",
    ],
)
def test_commands_that_lead_to_the_service(text: str) -> None:
    found = start(f"[Service]\n{text}\n")
    assert found.trail is not None
    assert found.place is not None


@pytest.mark.parametrize(
    "text",
    [
        "ExecStart=/usr/bin/python3 ghost.py",
        "WorkingDirectory=/srv/other\nExecStart=/usr/bin/python3 ghost.py",
        "ExecStart=/usr/bin/logger started /srv/ghost/ghost.py",
        "ExecStop=/usr/bin/python3 /srv/ghost/ghost.py",
        "Restart=always",
    ],
)
def test_commands_that_do_not(text: str) -> None:
    assert start(f"[Service]\n{text}\n").trail is None


def test_home_folders() -> None:
    system = FakeSystem()
    system.add_file("/etc/passwd", b"ghost:x:1:1::/srv/ghost:/bin/sh\n")
    run = "ExecStart=/usr/bin/python3 ghost.py\n"
    assert start(f"[Service]\nUser=ghost\nWorkingDirectory=~\n{run}", system=system).trail is not None
    mine = Scope("ghost", "/srv/ghost", "/run/user/1")
    assert start(f"[Service]\n{run}", mine).trail is not None
    assert start(f"[Service]\nWorkingDirectory=%h\n{run}", mine).trail is not None
    assert start("[Service]\nExecStart=/usr/bin/python3 %h/ghost.py\n", mine).trail is not None


def test_a_mask_has_no_entries_and_drop_ins_come_later() -> None:
    system = FakeSystem()
    system.add_symlink("/etc/g.service", "/dev/null")
    assert unit_file(system, LoadedUnit(id="g.service", fragment="/etc/g.service")).value.entries == ()
    system.add_file("/etc/h.service", b"[Service]\nRestart=no\n")
    system.add_file("/etc/d.conf", b"[Service]\nRestart=always\n")
    unit = LoadedUnit(id="h.service", fragment="/etc/h.service", drop_ins=("/etc/d.conf", "/etc/gone.conf"))
    reading = unit_file(system, unit)
    assert reading.value.restart == "always"
    assert reading.problem == "/etc/gone.conf: No such file or directory"
