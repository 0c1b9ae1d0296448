from msgspec import structs

from ghostfix.managers.systemd.offer import unit_text
from ghostfix.model.machine import Platform
from ghostfix.model.service import StopWanted
from tests.fake_system import FakeSystem, default_caller
from tests.fake_systemctl import FakeSystemctl
from tests.managers.offer_stage import ALICE, NASTY, WANTED, offered, unavailable


def booted(user: str = "root", version: int = 252) -> FakeSystem:
    system = FakeSystem(caller=default_caller(Platform.LINUX, user))
    FakeSystemctl(system)
    system.add_command(("systemctl", "--version"), stdout=f"systemd {version} ({version}.1)\n+PAM")
    return system


UNIT = """\
# Written by `ghostfix adopt web`; `ghostfix undo` takes it away.
[Unit]
Description=web
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=exec
WorkingDirectory=/srv/web
Environment=PATH=/srv/web/.venv/bin:/usr/bin
Environment=VIRTUAL_ENV=/srv/web/.venv
ExecStart=/srv/web/.venv/bin/python -m shop.web
StandardOutput=append:/srv/web/logs/web.log
StandardError=inherit
Restart=on-failure
RestartSec=1
KillSignal=SIGTERM
TimeoutStopSec=15
MemoryMax=536870912
TasksMax=64
LimitNOFILE=1024

[Install]
WantedBy=multi-user.target
"""


def test_the_whole_unit() -> None:
    offer = offered("systemd", booted())
    assert offer.after.decode() == UNIT
    assert (offer.manager, offer.place) == ("systemd:web.service", "/etc/systemd/system/web.service")


def test_a_newer_systemd_backs_off() -> None:
    text = offered("systemd", booted(version=254)).after.decode()
    assert "RestartSec=1\nRestartSteps=4\nRestartMaxDelaySec=20\n" in text


def test_the_owner_of_the_folder_opens_the_log() -> None:
    text = unit_text(ALICE, "multi-user.target", 0)
    assert "User=alice\n" in text
    assert "StandardOutput" not in text
    assert 'ExecStart=/bin/sh -c "exec \\"$$@\\" >>\\"$$0\\" 2>&1" /srv/web/logs/web.log /srv/web/' in text


def test_every_special_character_is_written_so_that_it_is_itself() -> None:
    text = unit_text(NASTY, "multi-user.target", 0)
    assert "WorkingDirectory=/srv/a %%n\n" in text
    assert "StandardOutput=append:/srv/a %%n/w.log\n" in text
    assert 'ExecStart="/srv/a %%n/py" -c "print(\'$$HOME\', \\"100%%\\") # \\\\ ;x" "" "é"\n' in text
    assert len(text.splitlines()) == len(unit_text(WANTED, "multi-user.target", 0).splitlines()) - 2


def test_no_grace_at_all_is_not_an_endless_one() -> None:
    for grace in (0, 1e-9):
        wanted = structs.replace(WANTED, stop=StopWanted(grace=grace))
        assert "TimeoutStopSec=0.1\n" in unit_text(wanted, "multi-user.target", 252)


def test_who_may_not_is_told_what_to_do() -> None:
    assert "sudo" in unavailable("systemd", booted("alice")).hint
    assert "not booted with systemd" in unavailable("systemd", FakeSystem()).reason


# of a user

USER_UNITS = "/home/ghost/.config/systemd/user"


def session(*, linger: bool) -> FakeSystem:
    system = FakeSystem(caller=default_caller(Platform.LINUX, "ghost"))
    uid = system.caller().uid
    runtime = f"/run/user/{uid}"
    system.add_fifo(f"{runtime}/systemd/private")
    prefix = ("env", f"XDG_RUNTIME_DIR={runtime}", "systemctl", "--user")
    FakeSystemctl(system, prefix, USER_UNITS)
    system.add_command(("systemctl", "--version"), stdout="systemd 252\n")
    if linger:
        system.add_file("/var/lib/systemd/linger/ghost", b"")
    return system


def test_it_lies_in_the_user_s_own_folder() -> None:
    offer = offered("systemd-user", session(linger=True))
    assert (offer.place, offer.scope, offer.notes) == (f"{USER_UNITS}/web.service", "user:ghost", ())
    assert b"WantedBy=default.target" in offer.after
    assert b"User=" not in offer.after


def test_without_linger_it_says_what_that_means() -> None:
    (note,) = offered("systemd-user", session(linger=False)).notes
    assert "loginctl enable-linger ghost" in note


def test_without_a_systemd_of_the_user() -> None:
    assert "enable-linger" in unavailable("systemd-user", FakeSystem()).hint


def test_another_user_s_service_is_that_user_s_to_give() -> None:
    assert "sudo -u alice ghostfix adopt web" in unavailable("systemd-user", session(linger=True), ALICE).hint
    assert WANTED.user == ""
