"""Locks on folders that are there anyway, shared by users who may not open the same."""

import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ghostfix.model.errors import ChangedError
from ghostfix.system import LocalSystem
from ghostfix.system.folder_locks import meeting_place
from tests.system.genuine import wait_until

pytestmark = pytest.mark.real
HOLD = """
import sys, time
from ghostfix.system import LocalSystem
with LocalSystem().lock_shared(sys.argv[1], None, 5.0):
    print("held", flush=True)
    time.sleep(60)
"""
HAND_OVER = """
import os, signal, sys
from ghostfix.system import LocalSystem
system = LocalSystem()
with system.lock_shared(sys.argv[1], None, 5.0):
    code = 'echo > "$1/started"; read line < "$1/gate"; cat > "$1/installed"'
    words = ("sh", "-c", code, "sh", sys.argv[1])
    system.command(words, timeout=60.0, stdin=b"whole " * 100000, to_its_end=True)
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes folders of several users")


def test_a_second_one_waits_and_then_names_the_holder(tmp_path: Path) -> None:
    system = LocalSystem()
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            said = rf"{tmp_path} is locked by process {holder.pid} .*not let go of within 0.2 s"
            with pytest.raises(ChangedError, match=said), system.lock_shared(str(tmp_path), None, 0.2):
                pass
        finally:
            holder.kill()
        with system.lock_shared(str(tmp_path), None, 20.0):
            assert list(tmp_path.iterdir()) == []


def test_who_works_in_the_folder_itself_holds_it_already(tmp_path: Path) -> None:
    system = LocalSystem()
    with system.lock_folder(str(tmp_path)), system.lock_shared(str(tmp_path), None, 0.0):
        other = LocalSystem()
        with pytest.raises(ChangedError), other.lock_shared(str(tmp_path), None, 0.0):
            pass
    with other.lock_shared(str(tmp_path), None, 0.0), other.lock_shared(str(tmp_path), None, 0.0):
        pass


def test_a_command_that_goes_on_without_ghostfix_has_all_its_input_and_the_lock(
    tmp_path: Path,
) -> None:
    """Whoever comes next sees what it did: the lock is free only when it has ended."""
    os.mkfifo(tmp_path / "gate")
    with subprocess.Popen([sys.executable, "-c", HAND_OVER, str(tmp_path)]) as ghostfix:
        wait_until((tmp_path / "started").exists)
        ghostfix.kill()
    system = LocalSystem()
    with pytest.raises(ChangedError, match="is locked by"), system.lock_shared(str(tmp_path), None, 0.1):
        pass
    (tmp_path / "gate").write_text("go\n")
    with system.lock_shared(str(tmp_path), None, 20.0):
        assert (tmp_path / "installed").read_bytes() == b"whole " * 100000


@as_root
def test_both_users_meet_where_both_can_read() -> None:
    """A spool that only its group can enter, as Debian's; one that only root can, as cronie's; a home."""
    expected = {
        "spool/crontabs": "spool",
        "spool/crontabs/deeper": "spool",
        "roots": ".",
        "passed": ".",
        "passed/open": "passed/open",
        "home/config": "home/config",
        "home/config/not/there": "home/config",
    }
    with tempfile.TemporaryDirectory(dir="/var/tmp") as made:  # pytest's own folders are private
        top = Path(made)
        build(top)
        for name, place in expected.items():
            assert meeting_place(str(top / name), "nobody") == os.path.normpath(top / place), name
        for name in ("spool/crontabs", "roots", "home/config"):
            assert meeting_place(str(top / name), "root") == str(top / name)
        assert meeting_place(str(top / "home/config"), None) == str(top / "home/config")
        assert meeting_place(str(top / "roots"), None) == str(top / "roots")
        assert meeting_place(str(top / "home"), "no-such-user") == str(top)


def build(top: Path) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    top.chmod(0o755)
    for name, mode, owner in (
        ("spool", 0o755, 0),
        ("spool/crontabs", 0o1730, 0),
        ("spool/crontabs/deeper", 0o755, nobody),
        ("roots", 0o700, 0),
        ("passed", 0o711, 0),
        ("passed/open", 0o755, 0),
        ("home", 0o700, nobody),
        ("home/config", 0o700, nobody),
    ):
        (top / name).mkdir()
        (top / name).chmod(mode)
        os.chown(top / name, owner, 0)
