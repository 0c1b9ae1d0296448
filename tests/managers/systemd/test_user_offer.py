from ghostfix.model.machine import Platform
from tests.fake_system import FakeSystem, default_caller
from tests.fake_systemctl import FakeSystemctl
from tests.managers.offer_stage import ALICE, WANTED, offered, unavailable

UNITS = "/home/ghost/.config/systemd/user"


def session(*, linger: bool) -> FakeSystem:
    system = FakeSystem(caller=default_caller(Platform.LINUX, "ghost"))
    uid = system.caller().uid
    runtime = f"/run/user/{uid}"
    system.add_fifo(f"{runtime}/systemd/private")
    prefix = ("env", f"XDG_RUNTIME_DIR={runtime}", "systemctl", "--user")
    FakeSystemctl(system, prefix, UNITS)
    system.add_command(("systemctl", "--version"), stdout="systemd 252\n")
    if linger:
        system.add_file("/var/lib/systemd/linger/ghost", b"")
    return system


def test_it_lies_in_the_user_s_own_folder() -> None:
    offer = offered("systemd-user", session(linger=True))
    assert (offer.place, offer.scope, offer.notes) == (f"{UNITS}/web.service", "user:ghost", ())
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
