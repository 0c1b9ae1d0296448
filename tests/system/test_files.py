import fcntl
import os
import socket
from pathlib import Path

import pytest

from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import FileKind
from ghostfix.system import files


def test_status_of_each_kind(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    kinds = {}
    for name in ("file", "link", "pipe", "."):
        status = files.status(str(tmp_path / name)).value
        assert status is not None
        kinds[name] = status.kind
    assert kinds == {
        "file": FileKind.REGULAR,
        "link": FileKind.SYMLINK,
        "pipe": FileKind.OTHER,
        ".": FileKind.FOLDER,
    }
    status = files.status(str(tmp_path / "file")).value
    assert status is not None
    assert (status.size, status.mode, status.uid) == (2, 0o640, os.getuid())


def test_absent_is_not_unknown(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in ("absent", "file/below"):
        reading = files.status(str(tmp_path / path))
        assert (reading.value, reading.complete) == (None, True)
    for path in ("x" * 5000, "a\0b"):
        assert not files.status(str(tmp_path / path)).complete
        assert not files.read(str(tmp_path / path), 1).complete


def test_read_a_part_through_a_symlink(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    (tmp_path / "link").symlink_to("file")
    assert files.read(str(tmp_path / "link"), 4, 3).value == b"3456"
    assert files.read(str(tmp_path / "link"), 99, 8).value == b"89"
    assert files.read(str(tmp_path / "link"), 99, 80).complete


def test_what_is_no_regular_file_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))
        for path in (str(tmp_path / "pipe"), str(tmp_path / "socket"), str(tmp_path), "/dev/zero"):
            reading = files.read(path, 10)
            assert (reading.value, reading.complete) == (b"", False)
            assert "not a regular file" in (reading.problem or "")


def test_names(tmp_path: Path) -> None:
    for name in (b"b", b"a", b"\xff"):
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_bytes(b"")
    assert files.names(str(tmp_path)).value == ("\\xff", "a", "b")
    assert files.names(str(tmp_path / "absent")).complete
    assert not files.names(str(tmp_path / "a")).complete
    assert not files.names("a\0b").complete


def test_paths_and_resolve(tmp_path: Path) -> None:
    (tmp_path / "one" / "two").mkdir(parents=True)
    (tmp_path / "one" / "two" / "x.log").write_bytes(b"")
    (tmp_path / "dangling.log").symlink_to("nowhere")
    assert files.paths(f"{tmp_path}/**/*.log") == (f"{tmp_path}/dangling.log", f"{tmp_path}/one/two/x.log")
    assert files.paths(f"{tmp_path}/none/*") == files.paths("a\0*") == ()
    real = os.path.realpath(tmp_path)
    assert files.resolve(f"{tmp_path}/dangling.log") == f"{real}/nowhere"
    assert files.resolve("a\0b") == "a\0b"


@pytest.mark.real
def test_locks_are_seen_without_taking_one(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert files.is_locked(str(path)) is False
    with path.open("w") as file:
        assert files.is_locked(str(path)) is False
        fcntl.flock(file, fcntl.LOCK_EX)
        assert files.is_locked(str(path)) is True
        fcntl.flock(file, fcntl.LOCK_UN)
        assert files.is_locked(str(path)) is False
    assert files.is_locked("a\0b") is None


def test_a_name_that_is_no_utf8_can_be_read_by_the_text_that_stands_for_it(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/[caf]\xe9"
    os.mkdir(folder)
    with open(folder + b"/a\xff.pid", "wb") as file:
        file.write(b"12\n")
    (path,) = files.paths(f"{tmp_path}/[[]caf]\\xe9/*.pid")
    assert path == f"{tmp_path}/[caf]\\xe9/a\\xff.pid"
    assert files.read(path, 10) == Reading(b"12\n")
    assert files.status(path).value is not None
    assert files.names(f"{tmp_path}/[caf]\\xe9").value == ("a\\xff.pid",)
    assert files.resolve(path) == path
    assert files.is_locked(path) is False


def test_a_name_with_a_written_escape_comes_first(tmp_path: Path) -> None:
    (tmp_path / "a\\xff").write_text("text")
    with open(os.fsencode(tmp_path) + b"/a\xff", "w") as file:
        file.write("byte")
    assert files.read(f"{tmp_path}/a\\xff", 10).value == b"text"
