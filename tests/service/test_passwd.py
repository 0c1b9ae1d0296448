"""Where users are at home."""

from ghostfix.model.machine import Platform
from ghostfix.service.passwd import home_of
from tests.fake_system import FakeSystem


def test_the_password_file_knows_best() -> None:
    system = FakeSystem()
    system.add_file(
        "/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nghost:x:1000:1000::/data/ghost:/bin/sh\nbad\n"
    )
    assert home_of(system, "ghost") == "/data/ghost"
    assert home_of(system, "root") == "/root"


def test_the_caller_is_at_home_where_it_says() -> None:
    assert home_of(FakeSystem(), "ghost") == "/home/ghost"


def test_users_of_a_directory_service_are_asked_for() -> None:
    system = FakeSystem()
    system.add_program("getent")
    system.add_command(("getent", "passwd", "carol"), stdout="carol:*:7000:7000::/net/carol:/bin/sh\n")
    system.add_command(("getent", "passwd", "dave"), status=2)
    assert home_of(system, "carol") == "/net/carol"
    assert home_of(system, "dave") == "/home/dave"


def test_macos_has_ten_fields_and_other_places() -> None:
    system = FakeSystem(Platform.MACOS)
    system.add_program("id")
    system.add_command(("id", "-P", "eve"), stdout="eve:*:502:20::0:0:Eve:/Volumes/eve:/bin/zsh\n")
    system.add_command(("id", "-P", "mallory"), status=1)
    system.add_command(("id", "-P", "root"), status=1)
    assert home_of(system, "eve") == "/Volumes/eve"
    assert home_of(system, "mallory") == "/Users/mallory"
    assert home_of(system, "root") == "/var/root"
