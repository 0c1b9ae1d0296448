import subprocess
import sys
from pathlib import Path

import pytest

from ghostfix.model.errors import ChangedError
from ghostfix.system import LocalSystem

pytestmark = pytest.mark.real
HOLD = """
import sys, time
from ghostfix.system import LocalSystem
with LocalSystem().lock(sys.argv[1], b"pid 7 since 09:00\\n"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_holder_is_named_and_its_death_frees_the_lock(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    system = LocalSystem()
    holder = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE)
    with holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            assert system.is_locked(path) is True
            with pytest.raises(ChangedError, match="pid 7 since 09:00"), system.lock(path, b"mine"):
                pass
        finally:
            holder.kill()
    with system.lock(path, b"mine"):
        assert Path(path).read_bytes() == b"mine"
    assert Path(path).read_bytes() == b""
    assert system.is_locked(path) is False


def test_a_lock_in_the_same_process_excludes_too(tmp_path: Path) -> None:
    system = LocalSystem()
    path = str(tmp_path / "lock")
    with (
        system.lock(path, b"first"),
        pytest.raises(ChangedError, match="first"),
        system.lock(path, b"second"),
    ):
        pass


def test_a_symlink_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"kept")
    (tmp_path / "lock").symlink_to("target")
    with pytest.raises(Exception, match="cannot be locked"), LocalSystem().lock(str(tmp_path / "lock"), b"x"):
        pass
    assert (tmp_path / "target").read_bytes() == b"kept"
