import os
import socket
import sys
from pathlib import Path

import pytest

from ghostfix.commands.machine import local_system
from ghostfix.model.machine import ActingSystem, Platform
from ghostfix.system import LocalSystem
from tests.system.genuine import running, wait_until

pytestmark = pytest.mark.real


def test_it_is_the_whole_machine() -> None:
    system: ActingSystem = local_system()
    assert system.platform is (Platform.MACOS if sys.platform == "darwin" else Platform.LINUX)


def test_caller_and_host() -> None:
    system = LocalSystem()
    caller, host = system.caller(), system.host()
    assert (caller.pid, caller.uid, caller.cwd) == (os.getpid(), os.getuid(), os.getcwd())
    assert (host.hostname, host.user, host.uid) == (socket.gethostname(), caller.user, caller.uid)
    assert host.boot_time is not None
    assert host.boot_time < system.now()


def test_time_passes() -> None:
    system = LocalSystem()
    before = system.monotonic()
    system.wait(0.01)
    system.wait(-1)
    assert system.monotonic() > before


def test_variable_and_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    system = LocalSystem()
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system.variable("PATH") == str(tmp_path)
    assert system.variable("GHOSTFIX_NO_SUCH_VARIABLE") is None
    assert system.program("tool") is None
    (tmp_path / "tool").chmod(0o755)
    assert system.program("tool") == f"{tmp_path}/tool"


def test_resources_and_a_directory_that_does_not_exist_yet() -> None:
    system = LocalSystem()
    reading = system.resources("/nonexistent/deeper")
    seen = reading.value
    assert seen is not None
    assert 0 < seen.memory_percent < 100
    assert 0 <= seen.disk_percent <= 100
    assert 0 < seen.user_process_count <= seen.process_count
    assert seen.cpu_count == os.cpu_count()


def test_zombies_are_counted() -> None:
    system = LocalSystem()
    with running(["true"]) as child:
        wait_until(lambda: (one := system.process(child.pid)) is not None and not one.alive)
        seen = system.resources("/").value
        assert seen is not None
        assert seen.zombie_count >= 1
