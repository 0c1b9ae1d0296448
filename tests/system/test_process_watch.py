"""The files and descriptors of a process watch, and the end of processes that it cannot hold."""

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghostfix.commands.machine import local_system
from ghostfix.model.errors import StepError
from ghostfix.system.process_watch import LinuxProcessWatch, is_unread, publish
from tests.system.genuine import wait_until


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "web.prom"
    for content in (b"one", b"two"):
        publish(str(path), content)
        assert path.read_bytes() == content
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_written_through_a_name_that_can_be_guessed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("secret")
    victim.chmod(0o600)
    path = tmp_path / "web.prom"
    for name in (f"web.prom.{os.getpid()}.tmp", ".web.prom.tmp", "web.prom.tmp"):
        (tmp_path / name).symlink_to(victim)
    publish(str(path), b"metrics")
    assert (victim.read_text(), stat.S_IMODE(victim.stat().st_mode)) == ("secret", 0o600)


def test_what_is_no_regular_file_is_not_replaced(tmp_path: Path) -> None:
    """``--metrics /dev/null``, typed by root, would have made a file of it."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    before = {path.name: path.lstat().st_mode for path in tmp_path.iterdir()}
    for name in before:
        with pytest.raises(StepError, match="is no regular file"):
            publish(str(tmp_path / name), b"metrics")
    assert {path.name: path.lstat().st_mode for path in tmp_path.iterdir()} == before


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "web.prom"
    publish(str(path), b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, limits[1]))
    try:
        with pytest.raises(StepError, match=r"web\.prom cannot be written: "):
            publish(str(path), b"longer than that")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("web.prom", b"old")]


def test_only_a_pipe_without_a_reader_is_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert not is_unread()
        os.close(reader)
        assert is_unread()


@pytest.fixture
def child() -> "Iterator[subprocess.Popen[bytes]]":
    process = subprocess.Popen(["sleep", "60"])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def no_more_descriptors(_pid: int) -> int:
    raise OSError(24, "Too many open files")


@pytest.mark.real
@pytest.mark.skipif(sys.platform != "linux", reason="pidfds are Linux's")
@pytest.mark.parametrize("few", [True, False])
def test_one_that_cannot_be_held_has_not_ended(
    child: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch, few: bool
) -> None:
    """A service may have more processes than we may have descriptors; and some containers forbid pidfds."""
    system = local_system()
    if few:
        monkeypatch.setattr(resource, "getrlimit", lambda _which: (1, 1))
    else:
        monkeypatch.setattr(os, "pidfd_open", no_more_descriptors)
    process_watch = LinuxProcessWatch(system.process)
    process = system.process(child.pid)
    assert process is not None
    process_watch.hold(process)
    assert process_watch.ended() == frozenset()
    child.kill()
    wait_until(lambda: process_watch.ended() == {process.id})
    assert process_watch.ended() == frozenset()
