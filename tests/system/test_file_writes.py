"""Acts on genuine files: what is not as expected is left exactly as it is."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.snapshot import FileStatus
from ghostfix.system import LocalSystem, atomic_rename, file_writes
from ghostfix.system.folders import is_hostile

SYSTEM = LocalSystem()


def status(path: Path) -> FileStatus:
    found = SYSTEM.status(str(path)).value
    assert found is not None
    return found


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every regular file with its inode and content."""
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


@pytest.fixture
def pidfile(tmp_path: Path) -> Path:
    path = tmp_path / "a.pid"
    path.write_bytes(b"4711\n")
    return path


def test_move_aside_and_back(pidfile: Path) -> None:
    before = tree(pidfile.parent)
    (pidfile.parent / "a.pid.ghostfix-1").write_bytes(b"an older one")
    aside = SYSTEM.move_aside(str(pidfile), status(pidfile), b"4711\n")
    assert aside == f"{pidfile}.ghostfix-2"
    assert not pidfile.exists()
    SYSTEM.move_back(aside, str(pidfile))
    (pidfile.parent / "a.pid.ghostfix-1").unlink()
    assert tree(pidfile.parent) == before


def test_move_back_never_overwrites(pidfile: Path) -> None:
    aside = SYSTEM.move_aside(str(pidfile), status(pidfile))
    pidfile.write_bytes(b"a fresh daemon's")
    before = tree(pidfile.parent)
    with pytest.raises(ChangedError, match="exists again"):
        SYSTEM.move_back(aside, str(pidfile))
    assert tree(pidfile.parent) == before
    with pytest.raises(ChangedError, match="not there"):
        SYSTEM.move_back(f"{pidfile}.ghostfix-9", f"{pidfile}.free")


def test_move_a_folder_aside_though_its_contents_changed(tmp_path: Path) -> None:
    venv = tmp_path / ".venv"
    venv.mkdir()
    expected = status(venv)
    (venv / "new").write_bytes(b"")
    assert SYSTEM.move_aside(str(venv), expected) == f"{venv}.ghostfix-1"


def test_replace_keeps_mode_and_owner(pidfile: Path) -> None:
    pidfile.chmod(0o640)
    if os.getuid() == 0:
        os.chown(pidfile, 65534, 65534)
    before = pidfile.stat()
    SYSTEM.replace(str(pidfile), b"new", status(pidfile), b"4711\n")
    after = pidfile.stat()
    assert pidfile.read_bytes() == b"new"
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert os.listdir(pidfile.parent) == ["a.pid"]


def test_create_is_whole_and_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "new"
    SYSTEM.create(str(path), b"one", 0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ChangedError, match="exists"):
        SYSTEM.create(str(path), b"two")
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(ChangedError, match="exists"):
        SYSTEM.create(str(tmp_path / "link"), b"two")
    assert path.read_bytes() == b"one"
    assert sorted(os.listdir(tmp_path)) == ["link", "new"]


def test_create_without_files_that_have_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS, and on a network's file system."""
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    test_create_is_whole_and_never_overwrites(tmp_path)


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="only Linux has files without a name")
@pytest.mark.parametrize(
    "act",
    ["create(path + '.new', b'one' * 10_000)", "replace(path, b'one', s.status(path).value, b'4711\\n')"],
)
def test_who_is_killed_while_a_file_is_written_leaves_nothing(pidfile: Path, act: str) -> None:
    code = (
        "import os, sys; from ghostfix.system import LocalSystem; os.fsync = lambda _: os._exit(9); "
        f"path, s = sys.argv[1], LocalSystem(); s.{act}"
    )
    done = subprocess.run([sys.executable, "-c", code, str(pidfile)], check=False, timeout=60)
    assert done.returncode == 9
    assert {name: content for name, (_, content) in tree(pidfile.parent).items()} == {"a.pid": b"4711\n"}


def test_remove(pidfile: Path) -> None:
    SYSTEM.remove(str(pidfile), status(pidfile), b"4711\n")
    assert os.listdir(pidfile.parent) == []


ACTS: dict[str, Callable[[str, FileStatus], object]] = {
    "move_aside": lambda path, expected: SYSTEM.move_aside(path, expected, b"4711\n"),
    "replace": lambda path, expected: SYSTEM.replace(path, b"new", expected, b"4711\n"),
    "remove": lambda path, expected: SYSTEM.remove(path, expected, b"4711\n"),
}


def _replaced(path: Path) -> None:
    path.rename(path.with_suffix(".kept"))
    path.write_bytes(b"4711\n")


def _linked(path: Path) -> None:
    path.rename(path.with_suffix(".kept"))
    path.symlink_to(path.with_suffix(".kept"))


def _rewritten(path: Path) -> None:
    kept = path.stat()
    path.write_bytes(b"4712\n")
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))


def _foldered(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "gone": lambda path: path.unlink(),
    "another file": _replaced,
    "a symlink": _linked,
    "longer": lambda path: path.write_bytes(b"4711\n5\n"),
    "same size and time": _rewritten,
    "a folder": _foldered,
    "a fifo": _piped,
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_file_is_left_alone(
    pidfile: Path, act: Callable[[str, FileStatus], object], change: Callable[[Path], object]
) -> None:
    expected = status(pidfile)
    change(pidfile)
    before = tree(pidfile.parent), sorted(os.listdir(pidfile.parent))
    with pytest.raises(ChangedError):
        act(str(pidfile), expected)
    assert (tree(pidfile.parent), sorted(os.listdir(pidfile.parent))) == before


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_file_that_is_exchanged_at_the_very_last_moment_comes_back(
    pidfile: Path, act: Callable[[str, FileStatus], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other program wins the race between the last comparison and the rename."""

    def racing(real: Callable[[str, str, int], bool | None]) -> Callable[[str, str, int], bool | None]:
        def race(source: str, target: str, folder: int) -> bool | None:
            if not fresh.exists() and pidfile.read_bytes() == b"4711\n":
                fresh.write_bytes(b"9999\n")
                fresh.rename(pidfile)
                fresh.mkdir()
            return real(source, target, folder)

        return race

    fresh = pidfile.parent / "fresh"
    monkeypatch.setattr(file_writes, "rename_to_free", racing(atomic_rename.rename_to_free))
    monkeypatch.setattr(file_writes, "exchange", racing(atomic_rename.exchange))
    with pytest.raises(ChangedError):
        act(str(pidfile), status(pidfile))
    assert pidfile.read_bytes() == b"9999\n"
    assert sorted(os.listdir(pidfile.parent)) == ["a.pid", "fresh"]


def test_where_the_file_system_cannot_exchange(pidfile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic_rename, "_rename", lambda *_: False)
    SYSTEM.replace(str(pidfile), b"new", status(pidfile), b"4711\n")
    assert pidfile.read_bytes() == b"new"
    aside = SYSTEM.move_aside(str(pidfile), status(pidfile))
    pidfile.write_bytes(b"taken")
    with pytest.raises(ChangedError):
        SYSTEM.move_back(aside, str(pidfile))
    folder = pidfile.parent / "folder"
    folder.mkdir()
    assert SYSTEM.move_aside(str(folder), status(folder)) == f"{folder}.ghostfix-1"
    folder.mkdir()
    with pytest.raises(ChangedError):
        SYSTEM.move_back(f"{folder}.ghostfix-1", str(folder))


def test_a_parent_that_leads_elsewhere_by_now_is_noticed(tmp_path: Path) -> None:
    for name in ("real", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.pid").write_bytes(b"4711\n")
    expected = status(tmp_path / "real" / "a.pid")
    (tmp_path / "real").rename(tmp_path / "moved")
    (tmp_path / "real").symlink_to("other")
    with pytest.raises(ChangedError):
        SYSTEM.remove(str(tmp_path / "real" / "a.pid"), expected, b"4711\n")
    assert (tmp_path / "other" / "a.pid").exists()


@pytest.mark.parametrize(
    ("mode", "owner", "actor", "hostile"),
    [
        (0o777, 77, 42, True),
        (0o775, 77, 42, True),
        (0o777, 77, 77, True),
        (0o775, 77, 77, False),
        (0o1777, 77, 42, False),
        (0o755, 77, 42, False),
        (0o777, 42, 42, False),
        (0o777, 0, 42, False),
    ],
)
def test_hostile_folders(tmp_path: Path, mode: int, owner: int, actor: int, hostile: bool) -> None:
    seen = list(tmp_path.stat())
    seen[stat.ST_MODE] = stat.S_IFDIR | mode
    seen[stat.ST_UID] = owner
    assert is_hostile(os.stat_result(seen), 42, actor) is hostile


def test_nothing_is_done_in_a_hostile_folder(pidfile: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    expected = status(pidfile)
    os.chown(pidfile.parent, 65534, 65534)
    pidfile.parent.chmod(0o777)
    for act in (
        lambda: SYSTEM.move_aside(str(pidfile), expected),
        lambda: SYSTEM.create(f"{pidfile}.new", b""),
        lambda: SYSTEM.append(f"{pidfile}.new", b""),
        lambda: SYSTEM.lock(f"{pidfile}.new", b"").__enter__(),
    ):
        with pytest.raises(ChangedError, match="others can write"):
            act()
    assert os.listdir(pidfile.parent) == ["a.pid"]


def test_append_creates_privately_and_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    SYSTEM.append(str(path), b"one\n")
    SYSTEM.append(str(path), b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_append_only_to_regular_files(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"kept")
    (tmp_path / "link").symlink_to("target")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder"):
        with pytest.raises(ChangedError, match="not a regular file"):
            SYSTEM.append(str(tmp_path / name), b"x")
    assert (tmp_path / "target").read_bytes() == b"kept"
    with pytest.raises(ChangedError, match="folder"):
        SYSTEM.append(str(tmp_path / "absent" / "x"), b"x")


def test_make_folder(tmp_path: Path) -> None:
    SYSTEM.make_folder(f"{tmp_path}/a/b/c", 0o700)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/c")] == [0o700] * 3
    SYSTEM.make_folder(f"{tmp_path}/a", 0o755)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    (tmp_path / "file").write_bytes(b"")
    for path in ("file", "file/below"):
        with pytest.raises(StepError, match="in the way"):
            SYSTEM.make_folder(f"{tmp_path}/{path}")


def test_a_private_folder_and_its_parents(tmp_path: Path) -> None:
    SYSTEM.make_private_folder(f"{tmp_path}/a/b")
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b")] == [0o700, 0o700]


@pytest.mark.parametrize(
    ("before", "after"), [(0o755, 0o700), (0o750, 0o700), (0o775, 0o775), (0o707, 0o707)]
)
def test_an_own_folder_is_closed_unless_others_could_write_to_it(
    tmp_path: Path, before: int, after: int
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(before)
    SYSTEM.make_private_folder(f"{tmp_path}/state")
    assert (tmp_path / "state").stat().st_mode & 0o777 == after


def test_a_link_in_a_private_folders_place_changes_nothing_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir(mode=0o755)
    (tmp_path / "state").symlink_to("public")
    SYSTEM.make_private_folder(f"{tmp_path}/state")
    assert (tmp_path / "public").stat().st_mode & 0o777 == 0o755


def test_remove_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full" / "x").mkdir(parents=True)
    for name in ("empty", "full", "absent"):
        SYSTEM.remove_empty_folder(str(tmp_path / name))
    assert os.listdir(tmp_path) == ["full"]


def test_save(tmp_path: Path) -> None:
    SYSTEM.save(str(tmp_path / "report"), b"long text")
    SYSTEM.save(str(tmp_path / "report"), b"short")
    assert (tmp_path / "report").read_bytes() == b"short"
    for bad in (str(tmp_path), "a\0b"):
        with pytest.raises(StepError, match="cannot be written"):
            SYSTEM.save(bad, b"")


def test_what_is_no_name_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(StepError):
        SYSTEM.create("/", b"")
    with pytest.raises(StepError):
        SYSTEM.create(f"{tmp_path}/a\0b", b"")
    with pytest.raises(ChangedError):
        SYSTEM.remove(f"{tmp_path}/absent", structs.replace(status(tmp_path)), b"")
