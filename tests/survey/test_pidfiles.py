import os
from pathlib import Path

import pytest

from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.snapshot import PidFile, PidFileState
from ghostfix.service.pid_file import MAX_PID
from ghostfix.survey.pidfiles import LIMIT, collect
from ghostfix.system import LocalSystem
from tests.fake_system import FakeSystem

PATH = "/srv/ghost/pids/a.pid"


def service(*patterns: str, directory: str = "/srv/ghost") -> Service:
    return Service(name="g", profile="t", directory=directory, pidfiles=patterns or ("pids/*.pid",))


def only(content: bytes) -> PidFile:
    system = FakeSystem()
    system.add_file(PATH, content)
    found = collect(system, service()).value
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("content", "pid"),
    [
        (b"4711\n", 4711),
        (b"  4711  \r\n", 4711),
        (b"4711", 4711),
        (b"4711\n/var/lib/pg\n1694069761\n5432\n", 4711),
        (b'{"pid": 50690, "acquiredAt": 1}', 50690),
        (b"1\n", 1),
        (b"%d" % MAX_PID, MAX_PID),
    ],
)
def test_readable(content: bytes, pid: int) -> None:
    found = only(content)
    assert (found.state, found.pid, found.content) == (PidFileState.READABLE, pid, content)


@pytest.mark.parametrize(
    "content",
    [
        b"abc\n",
        b"0\n",
        b"-5\n",
        b"%d" % (MAX_PID + 1),
        b"\xff\xfe4\x007\x00",
        b"4711 4712\n",
        b"47.1",
        b"9" * 5000,
        b"\xc2\xb9\n",
        b"{}",
        b"[1]",
        b'{"pid": "4"}',
        b"4_711",
        b"+4711",
    ],
)
def test_malformed(content: bytes) -> None:
    found = only(content)
    assert (found.state, found.pid) == (PidFileState.MALFORMED, None)
    assert found.content == content[:LIMIT]


@pytest.mark.parametrize("content", [b"", b"\n", b" \n\n"])
def test_empty(content: bytes) -> None:
    assert only(content).state is PidFileState.EMPTY


def test_too_long_is_malformed_whatever_its_first_line() -> None:
    found = only(b"4711\n" + b"x" * LIMIT)
    assert (found.state, found.pid) == (PidFileState.MALFORMED, None)
    assert "4,096" in (found.problem or "")


def test_what_is_no_regular_file_is_not_read() -> None:
    system = FakeSystem()
    system.add_file("/etc/secret", b"4711")
    system.add_symlink("/srv/ghost/pids/link.pid", "/etc/secret")
    system.add_folder("/srv/ghost/pids/folder.pid")
    system.add_fifo("/srv/ghost/pids/pipe.pid")
    states = {found.path.rpartition("/")[2]: found.state for found in collect(system, service()).value}
    assert states == {
        "link.pid": PidFileState.SYMLINK,
        "folder.pid": PidFileState.NOT_A_FILE,
        "pipe.pid": PidFileState.NOT_A_FILE,
    }


def test_unreadable_file_and_unreadable_folder() -> None:
    system = FakeSystem()
    system.add_file(PATH, b"1234", unreadable=True)
    assert [found.state for found in collect(system, service()).value] == [PidFileState.UNREADABLE]
    system.add_folder("/srv/ghost/hidden", unreadable=True)
    for pattern in ("hidden/*.pid", "hidden/a.pid"):
        reading = collect(system, service(pattern))
        assert (reading.value, reading.complete) == ((), False)
        assert "Permission denied" in (reading.problem or "")


def test_no_file_is_nothing_wrong_and_a_file_of_two_patterns_is_one() -> None:
    assert collect(FakeSystem(), service("pids/*.pid", "x.pid")) == Reading(())
    system = FakeSystem()
    system.add_file(PATH, b"12")
    assert len(collect(system, service("pids/*.pid", "pids/a.pid")).value) == 1


@pytest.mark.real
def test_real_files(tmp_path: Path) -> None:
    (tmp_path / "good.pid").write_bytes(b"4711\n")
    os.mkfifo(tmp_path / "pipe.pid")
    (tmp_path / "dangling.pid").symlink_to(tmp_path / "nothing")
    (tmp_path / "folder.pid").mkdir()
    (tmp_path / "huge.pid").write_bytes(b"1" * 1_000_000)
    found = collect(LocalSystem(), service("*.pid", directory=str(tmp_path)))
    assert found.complete
    assert {one.path.rpartition("/")[2]: one.state for one in found.value} == {
        "dangling.pid": PidFileState.SYMLINK,
        "folder.pid": PidFileState.NOT_A_FILE,
        "good.pid": PidFileState.READABLE,
        "huge.pid": PidFileState.MALFORMED,
        "pipe.pid": PidFileState.NOT_A_FILE,
    }
