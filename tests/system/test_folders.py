"""The way to a folder, with whose rights it is gone, and what is refused; on folders of several users."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ghostfix.model.errors import StepError
from ghostfix.model.snapshot import FileStatus
from ghostfix.system import LocalSystem, folders
from ghostfix.system.folders import opened
from ghostfix.system.process_watch import publish

SYSTEM = LocalSystem()
APP, OTHER = 61_733, 61_734
"""Users without a name, whom no machine has; root can become them all the same."""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")


@pytest.fixture
def ground() -> Iterator[Path]:
    """A folder of ours that everybody can get to."""
    made = Path(tempfile.mkdtemp(prefix="ghostfix-folders-")).resolve()
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def theirs(path: Path, uid: int = APP, mode: int = 0o755) -> Path:
    """A folder of somebody's."""
    path.mkdir()
    os.chown(path, uid, uid)
    path.chmod(mode)
    return path


def link(path: Path, target: Path | str, uid: int = APP) -> Path:
    """A symlink of somebody's."""
    path.symlink_to(target)
    os.chown(path, uid, uid, follow_symlinks=False)
    return path


def status(path: Path) -> FileStatus:
    found = SYSTEM.status(str(path)).value
    assert found is not None
    return found


def owner(path: Path) -> int:
    return path.lstat().st_uid


def acting_in(path: Path) -> int:
    """With whose rights a file at this path would be acted on."""
    with opened(str(path)):
        return os.geteuid()


ACTS: dict[str, Callable[[Path], object]] = {
    "create": lambda folder: SYSTEM.create(str(folder / "new"), b"x"),
    "make_folder": lambda folder: SYSTEM.make_folder(str(folder / "a/b")),
    "append": lambda folder: SYSTEM.append(str(folder / "new"), b"x"),
    "save": lambda folder: SYSTEM.save(str(folder / "new"), b"x"),
    "publish": lambda folder: publish(str(folder / "new"), b"x"),
    "move_aside": lambda folder: SYSTEM.move_aside(str(folder / "kept"), status(folder / "kept"), b"root's"),
    "move_back": lambda folder: SYSTEM.move_back(str(folder / "kept"), str(folder / "new")),
    "replace": lambda folder: SYSTEM.replace(str(folder / "kept"), b"x", status(folder / "kept"), b"root's"),
    "remove": lambda folder: SYSTEM.remove(str(folder / "kept"), status(folder / "kept"), b"root's"),
    "lock": lambda folder: SYSTEM.lock(str(folder / "new"), b"x").__enter__(),
}


@as_root
@pytest.mark.parametrize("act", ACTS)
def test_a_user_s_symlink_leads_root_nowhere(ground: Path, act: str) -> None:
    """Into a folder that root alone may write to; it holds what it held, and nothing else."""
    secret, house = ground / "secret", theirs(ground / "house")
    secret.mkdir()
    (secret / "kept").write_bytes(b"root's")
    link(house / "run", secret)
    before = status(secret / "kept")
    with pytest.raises(StepError, match=f"with the rights of uid {APP}, whose symlink {house}/run"):
        ACTS[act](house / "run")
    assert os.listdir(secret) == ["kept"]
    assert status(secret / "kept") == before
    assert (os.geteuid(), os.getegid()) == (0, os.getgid())


@as_root
def test_an_empty_folder_is_not_removed_through_one_either(ground: Path) -> None:
    (ground / "secret/empty").mkdir(parents=True)
    link(theirs(ground / "house") / "run", ground / "secret")
    SYSTEM.remove_empty_folder(str(ground / "house/run/empty"))
    assert (ground / "secret/empty").is_dir()


@as_root
def test_what_only_root_may_read_is_not_read_through_one(ground: Path) -> None:
    """It would be kept, and given back where the user can read it."""
    (ground / "secret").mkdir()
    (ground / "secret/key").write_bytes(b"root's")
    (ground / "secret/key").chmod(0o600)
    house = theirs(ground / "house")
    link(house / "run", ground / "secret")
    link(house / "key", ground / "secret/key")
    assert SYSTEM.read(str(house / "key"), 99).value == b"root's"
    for path in (house / "run/key", house / "key"):
        reading = SYSTEM.read_as_owner(str(path), 99)
        assert (reading.value, reading.complete) == (b"", False)
    assert SYSTEM.read_as_owner(str(ground / "secret/key"), 99).value == b"root's"


@as_root
def test_what_is_made_in_somebody_s_folder_is_theirs(ground: Path) -> None:
    house = theirs(ground / "house")
    SYSTEM.make_folder(str(house / "a/b"))
    SYSTEM.create(str(house / "a/b/file"), b"x")
    SYSTEM.append(str(house / "log"), b"x")
    SYSTEM.save(str(house / "report"), b"x")
    publish(str(house / "metrics"), b"x")
    assert {owner(path) for path in house.rglob("*")} == {APP}
    aside = SYSTEM.move_aside(str(house / "a"), status(house / "a"))
    SYSTEM.move_back(aside, str(house / "a"))
    SYSTEM.remove(str(house / "a/b/file"), status(house / "a/b/file"), b"x")
    SYSTEM.remove_empty_folder(str(house / "a/b"))
    assert sorted(os.listdir(house)) == ["a", "log", "metrics", "report"]


@as_root
def test_their_own_symlinks_are_their_own_affair(ground: Path) -> None:
    """As a release that ``current`` names: what they could do themselves is done with their rights."""
    house = theirs(ground / "house")
    theirs(house / "release-7")
    link(house / "current", "release-7")
    SYSTEM.create(str(house / "current/a.pid"), b"1")
    assert owner(house / "release-7/a.pid") == APP


@as_root
def test_a_third_user_s_symlink_is_refused_by_name(ground: Path) -> None:
    house = theirs(ground / "house", mode=0o1777)
    link(house / "run", theirs(house / "pids"), OTHER)
    with pytest.raises(
        StepError, match=f"{house}/run is a symlink of another user .uid {OTHER}., and is not"
    ):
        SYSTEM.create(str(house / "run/new"), b"x")
    assert os.listdir(house / "pids") == []


@as_root
def test_nobody_is_led_into_a_third_user_s_folder(ground: Path) -> None:
    """Not with root's rights, not with the one user's, and not with the other's."""
    link(theirs(ground / "house") / "run", theirs(ground / "other", OTHER, 0o777))
    with pytest.raises(StepError, match="neither is to use the other's rights"):
        SYSTEM.create(str(ground / "house/run/new"), b"x")
    assert os.listdir(ground / "other") == []


@as_root
def test_each_real_folder_has_its_owner_s_rights(ground: Path) -> None:
    """What root made in somebody's folder is still root's; a database of another user has its own there."""
    house = theirs(ground / "house")
    (house / "run").mkdir()
    data = theirs(house / "data", OTHER, 0o700)
    assert acting_in(ground / "x") == 0
    assert acting_in(house / "x") == APP
    assert acting_in(house / "run/x") == 0
    assert acting_in(data / "x") == OTHER
    assert os.geteuid() == 0


@as_root
def test_a_symlink_of_root_s_is_root_s_word(ground: Path) -> None:
    house, logs = theirs(ground / "house"), ground / "logs"
    logs.mkdir()
    (house / "absolute").symlink_to(logs)
    (house / "relative").symlink_to("../logs")
    os.link(house / "absolute", house / "twice", follow_symlinks=False)
    with pytest.raises(StepError, match="Permission denied"):
        SYSTEM.create(str(house / "twice/new"), b"x")
    (house / "twice").unlink()
    SYSTEM.create(str(house / "absolute/new"), b"x")
    with pytest.raises(StepError, match="Permission denied"):  # its folder can be moved, and it with it
        SYSTEM.create(str(house / "relative/newer"), b"x")
    assert os.listdir(logs) == ["new"]


@as_root
@pytest.mark.parametrize(("uid", "mode"), [(0, 0o644), (0, 0o600), (APP, 0o640)])
def test_a_replaced_file_keeps_its_owner(ground: Path, uid: int, mode: int) -> None:
    """Also root's in somebody's folder: a profile must stay root's to be believed."""
    house = theirs(ground / "house")
    path = house / "ghostfix.toml"
    path.write_bytes(b"one")
    os.chown(path, uid, OTHER)
    path.chmod(mode)
    if mode == 0o600:  # whoever may not read it cannot compare it
        with pytest.raises(StepError, match="Permission denied"):
            SYSTEM.replace(str(path), b"two", status(path), b"one")
        return
    SYSTEM.replace(str(path), b"two", status(path), b"one")
    after = path.stat()
    assert (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)) == (uid, OTHER, mode)
    assert (path.read_bytes(), os.listdir(house)) == (b"two", ["ghostfix.toml"])


@as_root
@pytest.mark.parametrize("without", ["", "O_TMPFILE", "O_PATH"])
def test_with_rights_of_its_own_no_file_is_made_anew(
    ground: Path, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    """Neither set-user-ID of root in a user's folder, nor a third user's file; macOS lacks both flags."""
    if without:
        monkeypatch.delattr(os, without, raising=False)
    house = theirs(ground / "house")
    for name, uid, mode in (("suid", 0, 0o4755), ("third", OTHER, 0o644)):
        (house / name).write_bytes(b"one")
        os.chown(house / name, uid, uid)
        (house / name).chmod(mode)
        with pytest.raises(StepError, match="Operation not permitted"):
            SYSTEM.replace(str(house / name), b"two", status(house / name), b"one")
        assert (house / name).read_bytes() == b"one"
    assert sorted(os.listdir(house)) == ["suid", "third"]


def test_a_circle_of_symlinks_and_a_file_on_the_way(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StepError, match="too many symlinks"):
        SYSTEM.create(str(tmp_path / "a/new"), b"x")
    for act in (SYSTEM.make_folder, lambda path: SYSTEM.create(path, b"x")):
        with pytest.raises(StepError, match=f"{tmp_path}/file is in the way: it is not a folder"):
            act(str(tmp_path / "file/new"))


@pytest.mark.parametrize("without", ["", "O_PATH"])
@pytest.mark.parametrize("target", ["real", "{}/real", "../{name}/./real/../real/"])
def test_our_own_symlinks_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, without: str
) -> None:
    """Also as on macOS, which has no descriptor of a symlink."""
    if without:
        monkeypatch.delattr(os, without, raising=False)
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(target.format(tmp_path, name=tmp_path.name))
    SYSTEM.make_folder(str(tmp_path / "link/a/b"), 0o700)
    SYSTEM.create(str(tmp_path / "link/a/b/new"), b"x")
    assert (tmp_path / "real/a/b/new").read_bytes() == b"x"
    assert stat.S_IMODE((tmp_path / "real/a").stat().st_mode) == 0o700


def test_no_descriptor_and_no_right_is_left(tmp_path: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    SYSTEM.make_folder(str(tmp_path / "a"))
    SYSTEM.create(str(tmp_path / "a/new"), b"x")
    for path in (tmp_path / "a/new", tmp_path / "nowhere/new"):
        with pytest.raises(StepError):
            SYSTEM.create(str(path), b"x")
    assert len(os.listdir("/dev/fd")) == before


def test_a_name_that_is_no_utf_8_is_one_and_the_same_for_looking_and_acting(tmp_path: Path) -> None:
    r"""``\xNN`` in a path is that byte, unless a file has those four characters in its name."""
    raw = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(raw)
    told = f"{tmp_path}/caf\\xe9"
    SYSTEM.create(f"{told}/a.pid", b"1")
    SYSTEM.make_folder(f"{told}/b/c")
    SYSTEM.append(f"{told}/b/c/log", b"x")
    SYSTEM.save(f"{told}/report", b"x")
    os.rename(raw + b"/a.pid", raw + b"/\xff.pid")
    path = f"{told}/\\xff.pid"
    seen = SYSTEM.status(path).value
    assert seen is not None
    SYSTEM.replace(path, b"2", seen, b"1")
    now = SYSTEM.status(path).value
    assert now is not None
    aside = SYSTEM.move_aside(path, now, b"2")
    assert SYSTEM.status(aside).value is not None
    SYSTEM.move_back(aside, path)
    assert SYSTEM.read_as_owner(path, 9).value == b"2"
    SYSTEM.remove(path, now, b"2")
    assert SYSTEM.command(("rmdir", f"{told}/b/none", f"{told}/b/c/log"), 9.0).status == 1
    assert SYSTEM.command(("mkdir", "-p", f"{told}/b/none"), 9.0).status == 0
    assert SYSTEM.command(("pwd", "-P"), 9.0, cwd=told).stdout == raw + b"\n"
    assert SYSTEM.attach(("test", "-e", "report"), told, {}) == 0
    assert sorted(os.listdir(raw)) == [b"b", b"report"]
    assert sorted(os.listdir(raw + b"/b")) == [b"c", b"none"]
    assert os.listdir(tmp_path) == [os.fsdecode(b"caf\xe9")]
    os.mkdir(told)
    SYSTEM.create(f"{told}/new", b"x")
    assert os.listdir(told) == ["new"]


@as_root
def test_in_a_file_system_of_theirs_all_is_theirs(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A FUSE that others may see can call its folders and symlinks root's."""
    if not Path("/dev/shm").is_dir() or os.stat("/dev/shm").st_dev == os.stat("/").st_dev:
        pytest.skip("needs a second file system")
    mounted = Path(tempfile.mkdtemp(prefix="ghostfix-mounted-", dir="/dev/shm"))
    try:
        mounted.chmod(0o755)
        (mounted / "secret").symlink_to(ground)
        assert acting_in(mounted / "x") == 0
        monkeypatch.setattr(folders, "_mounters", lambda: {mounted.stat().st_dev: APP})
        assert acting_in(mounted / "x") == APP
        for place in (mounted, mounted / "secret"):
            with pytest.raises(StepError, match="Permission denied"):
                SYSTEM.create(str(place / "new"), b"x")
    finally:
        shutil.rmtree(mounted)
    assert os.listdir(ground) == []
