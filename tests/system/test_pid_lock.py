"""A PID file as a lock, with genuine processes that compete for it."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ghostfix.model.errors import StepError
from ghostfix.model.run_lock import Taken, own_content
from ghostfix.system import pid_lock
from ghostfix.system.credentials import Account
from ghostfix.system.files import is_locked
from tests.system.genuine import wait_until

pytestmark = pytest.mark.real

HOLD = """
import os, sys, time
from ghostfix.system import pid_lock
path, shared, fork = sys.argv[1], "shared" in sys.argv, "fork" in sys.argv
lock = pid_lock.acquire(path, shared=shared, wait="wait" in sys.argv)
print(lock.before.content if isinstance(lock, pid_lock.PidLock) else lock, flush=True)
lock.keep_over_exec()
if fork and os.fork() == 0:
    os.execvp("sleep", ["sleep", "60"])
os.execvp("sleep", ["sleep", "60"])
"""


@contextmanager
def holding(path: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has the lock, and has become another program since."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), *words], stdout=subprocess.PIPE, text=True, process_group=0
    )
    try:
        assert child.stdout is not None
        if "wait" not in words:
            child.stdout.readline()
            wait_until(lambda: Path(f"/proc/{child.pid}/comm").read_text() == "sleep\n")
        yield child
    finally:
        with suppress(ProcessLookupError):
            if child.pid > 1:
                os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def test_the_lock_survives_exec_and_ends_with_the_process(tmp_path: Path) -> None:
    path = tmp_path / "run" / "web.pid"
    with holding(path) as child:
        assert path.read_text() == f"{child.pid}\n\n"
        assert is_locked(str(path)) is True
        assert pid_lock.acquire(str(path)) == Taken(child.pid, own_content(child.pid))
        child.kill()
        child.wait()
        lock = pid_lock.acquire(str(path))
        assert isinstance(lock, pid_lock.PidLock)
        assert lock.before.content == own_content(child.pid)
        assert path.read_text() == f"{os.getpid()}\n\n"
        lock.release()
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("shared", [False, True])
def test_what_it_started_holds_the_lock_only_when_that_is_asked_for(tmp_path: Path, shared: bool) -> None:
    path = tmp_path / "web.pid"
    with holding(path, "fork", *["shared"] * shared) as child:
        child.kill()
        child.wait()
        found = pid_lock.acquire(str(path))
        assert isinstance(found, Taken) is shared
        if isinstance(found, Taken):
            assert found.pid is None  # nobody in particular
        else:
            found.release()


def test_both_kinds_of_lock_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "web.pid"
    with holding(path, "shared"):
        assert isinstance(pid_lock.acquire(str(path)), Taken)
    with holding(path):
        assert isinstance(pid_lock.acquire(str(path), shared=True), Taken)


def test_whoever_waits_takes_over(tmp_path: Path) -> None:
    path = tmp_path / "web.pid"
    with holding(path) as first, holding(path, "wait") as second:
        wait_until(lambda: f"-> POSIX  ADVISORY  WRITE {second.pid} " in Path("/proc/locks").read_text())
        first.kill()
        assert second.stdout is not None
        assert second.stdout.readline() == f"{own_content(first.pid)!r}\n"
        assert path.read_text() == f"{second.pid}\n\n"


def test_it_is_no_matter_how_often_the_file_is_exchanged(tmp_path: Path) -> None:
    """Nobody reads half a PID, an empty file, or none, while one owner follows the other."""
    path = tmp_path / "web.pid"
    path.write_text("99999999\n")
    wrong: list[bytes] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            content = path.read_bytes()
            if content not in (b"99999999\n", own_content(os.getpid())):
                wrong.append(content)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(300):
        lock = pid_lock.acquire(str(path))
        assert isinstance(lock, pid_lock.PidLock)
        os.close(lock._descriptor)
    stop.set()
    reader.join()
    assert wrong == []


def test_a_symlink_is_never_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "web.pid").symlink_to(victim)
    with pytest.raises(StepError, match="is a symlink"):
        pid_lock.acquire(str(tmp_path / "web.pid"))
    (tmp_path / "dangling.pid").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StepError, match="is a symlink"):
        pid_lock.acquire(str(tmp_path / "dangling.pid"))
    assert victim.read_text() == "precious"
    assert not (tmp_path / "nowhere").exists()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.pid")
    with pytest.raises(StepError, match="no regular file"):
        pid_lock.acquire(str(tmp_path / "fifo.pid"))
    (tmp_path / "folder.pid").mkdir()
    with pytest.raises(StepError, match="cannot be opened"):
        pid_lock.acquire(str(tmp_path / "folder.pid"))


def test_a_removed_file_does_not_let_two_in_through_the_old_one(tmp_path: Path) -> None:
    """Whoever opened the old file and waits for it finds that it is not the one any more."""
    path = tmp_path / "web.pid"
    with holding(path) as first, holding(path, "wait") as second:
        wait_until(lambda: f"-> POSIX  ADVISORY  WRITE {second.pid} " in Path("/proc/locks").read_text())
        path.unlink()
        with holding(path) as third:
            first.kill()
            wait_until(lambda: Path("/proc/locks").read_text().count(f" {second.pid} ") == 1)
            assert path.read_text() == f"{third.pid}\n\n"


def taken(path: Path, *, shared: bool = False) -> pid_lock.PidLock:
    lock = pid_lock.acquire(str(path), shared=shared)
    assert isinstance(lock, pid_lock.PidLock)
    return lock


@pytest.mark.parametrize(
    "content",
    [
        b"precious\n", b"4711\n" + b"x" * 5000, b'{"name": "x"}', b"12345678901", b"4711 x\n",
        b"4711\n/srv\nx\n", b'{"pid": 4711, "port": 5555}\n', b"4711\n4712\n",
    ],
)  # fmt: skip
def test_what_is_no_pid_file_is_not_lost(tmp_path: Path, content: bytes) -> None:
    """A slip in the profile must not cost somebody his data."""
    path = tmp_path / "data.db"
    path.write_bytes(content)
    with pytest.raises(StepError, match="something else than a PID"):
        pid_lock.acquire(str(path))
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"\n", b"\0" * 8, b"4711", b" 4711\n\n"])
def test_every_pid_file_is_taken_over(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "web.pid"
    path.write_bytes(content)
    lock = taken(path)
    assert lock.before.content == content
    lock.release()


def test_what_the_file_said_can_be_given_back(tmp_path: Path) -> None:
    """It names somebody who has lost the lock: whoever comes next has to know of him, too."""
    path = tmp_path / "web.pid"
    path.write_text("4711\n")
    for _ in range(3):
        lock = taken(path)
        assert lock.before.content == b"4711\n"
        lock.give_back()
        assert (path.read_text(), is_locked(str(path))) == ("4711\n", False)
    assert list(tmp_path.iterdir()) == [path]


def test_a_lock_that_a_child_still_shares_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "web.pid"
    lock = taken(path, shared=True)
    lock.keep_over_exec()
    child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        lock.release()
        assert isinstance(pid_lock.acquire(str(path), shared=True), Taken)
    finally:
        child.kill()
        child.wait()
    taken(path, shared=True).release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("before", [None, b"4711\n"])
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "web.pid"
    if before is not None:
        path.write_bytes(before)
    descriptors = len(os.listdir("/proc/self/fd"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(StepError, match="File too large"):
            pid_lock.acquire(str(path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [before] * (before is not None)
    assert len(os.listdir("/proc/self/fd")) == descriptors


NOBODY = Account("nobody", "/", "/bin/sh", 65534, 65534, ())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("account", [NOBODY, None])
def test_root_follows_no_symlink_of_somebody_else(tmp_path: Path, account: Account | None) -> None:
    """It would replace the PID file of another service there, which that user could not."""
    house, other = tmp_path / "house", tmp_path / "other"
    for folder in (house, other):
        folder.mkdir()
    (other / "web.pid").write_text("99999999\n")
    (house / "run").symlink_to(other)
    for path in (house, house / "run"):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    inode = (other / "web.pid").stat().st_ino
    with pytest.raises(StepError, match=r"symlink of another user|Permission denied"):
        pid_lock.acquire(str(house / "run/web.pid"), account=account)
    assert (other / "web.pid").stat().st_ino == inode
    os.chown(house / "run", 0, 0, follow_symlinks=False)
    taken(house / "run/web.pid").release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_root_removes_what_it_made_with_another_s_rights(tmp_path: Path) -> None:
    """Also in a folder that its group may write to, in which root itself does not act."""
    for folder in tmp_path.parents:
        if folder.stat().st_uid == 0 and folder != Path("/tmp") and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    os.chown(tmp_path, 65534, 65534)
    tmp_path.chmod(0o775)
    path = tmp_path / "web.pid"
    lock = pid_lock.acquire(str(path), account=NOBODY)
    assert isinstance(lock, pid_lock.PidLock)
    assert path.stat().st_uid == 65534
    lock.release()
    assert not path.exists()


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="only root has namespaces")
def test_a_pid_of_another_namespace_is_nobody_s_here(tmp_path: Path) -> None:
    """Two containers share a folder: the PID in the file is somebody else's in the other one."""
    path = tmp_path / "web.pid"
    code = "import sys; from ghostfix.system import pid_lock; print(pid_lock.acquire(sys.argv[1]))"
    with holding(path):
        answer = subprocess.run(
            ["unshare", "--pid", "--fork", sys.executable, "-c", code, str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
    assert answer.stdout == f"{Taken(None, b'')}\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_file_in_a_folder_of_others_is_written_over(tmp_path: Path) -> None:
    """A PID file that root made for a user, as in ``/run``: nothing can be put beside it."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and folder != Path("/tmp") and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    path = tmp_path / "web.pid"
    path.write_text("123456789\n")
    os.chown(path, 65534, 65534)
    code = (
        "import os, sys; from ghostfix.system import pid_lock; "
        "os.setgroups([]); os.setgid(65534); os.setuid(65534); "
        "lock = pid_lock.acquire(sys.argv[1]); "
        "print(lock.before.content, open(sys.argv[1]).read() == f'{os.getpid()}\\n\\n')"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "b'123456789\\n' True\n"
    os.link(path, tmp_path / "precious")
    refused = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert "has another name, too (a hard link)" in refused.stderr


def test_the_descriptor_is_out_of_a_script_s_way(tmp_path: Path) -> None:
    path = tmp_path / "web.pid"
    lock = pid_lock.acquire(str(path))
    assert isinstance(lock, pid_lock.PidLock)
    assert lock._descriptor >= 200
    lock.release()
