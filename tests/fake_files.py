"""The files of the in-memory machine: a tree of named nodes, each with its own inode number."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ghostfix.model.machine import Caller, Platform
from ghostfix.model.reading import Reading
from ghostfix.model.snapshot import FileKind, FileStatus
from tests.fake_clock import FakeClock

_DEVICE = 2049
_LINKS = 40


@dataclass
class FakeFile:
    """One file, folder, symlink or something else (a FIFO, a socket)."""

    kind: FileKind
    inode: int
    mode: int
    uid: int
    gid: int
    modified: float
    content: bytes = b""
    target: str = ""
    """Where a symlink points."""
    unreadable: bool = False
    """Nobody may read it; of a folder, nobody may see what is in it."""
    locked: bool | None = field(default=False)
    """Whether some process holds a kernel lock on it; None when that cannot be told."""


class FakeFiles(FakeClock):
    """Looks at files as a POSIX system would, without permissions: what nobody may read is marked so."""

    def __init__(self, platform: Platform, caller: Caller | None, now: float) -> None:
        super().__init__(platform, caller, now)
        self._inodes = 1000
        self.files: dict[str, FakeFile] = {}
        self.add_folder("/", uid=0)
        for folder in ("/etc", "/tmp", "/usr/bin", "/bin", posixpath.dirname(self._caller.home)):
            self.add_folder(folder, uid=0)
        self.add_folder(self._caller.home, uid=self._caller.uid)
        self.add_fifo("/dev/null", uid=0)

    # building

    def add_file(
        self,
        path: str,
        content: bytes = b"",
        mode: int = 0o644,
        uid: int | None = None,
        modified: float | None = None,
        *,
        unreadable: bool = False,
        locked: bool | None = False,
    ) -> FakeFile:
        """A regular file; missing folders above it are made. One with this name is replaced."""
        node = self._add(path, FileKind.REGULAR, mode, uid, modified)
        node.content, node.unreadable, node.locked = content, unreadable, locked
        return node

    def add_folder(
        self, path: str, mode: int = 0o755, uid: int | None = None, *, unreadable: bool = False
    ) -> FakeFile:
        node = self._add(path, FileKind.FOLDER, mode, uid, None)
        node.unreadable = unreadable
        return node

    def add_symlink(self, path: str, target: str, uid: int | None = None) -> FakeFile:
        node = self._add(path, FileKind.SYMLINK, 0o777, uid, None)
        node.target = target
        return node

    def add_fifo(self, path: str, uid: int | None = None) -> FakeFile:
        return self._add(path, FileKind.OTHER, 0o644, uid, None)

    def add_program(self, name: str) -> FakeFile:
        """A program that can be run; a bare name is put into ``/usr/bin``."""
        return self.add_file(name if "/" in name else f"/usr/bin/{name}", b"\x7fELF", 0o755, 0)

    def remove_path(self, path: str) -> None:
        """Takes away a file, or a folder with all that is in it, as somebody else would."""
        for name in [name for name in self.files if name == path or name.startswith(f"{path}/")]:
            del self.files[name]

    def content(self, path: str) -> bytes:
        """The content of a regular file that must be there."""
        return self.files[self._parent_resolved(path)].content

    def _add(self, path: str, kind: FileKind, mode: int, uid: int | None, modified: float | None) -> FakeFile:
        path = posixpath.normpath(path)
        above = posixpath.dirname(path)
        if path != above and above not in self.files:
            self.add_folder(above, uid=uid)
        owner = self.files[above].uid if uid is None else uid
        gid = self._caller.gid if owner == self._caller.uid else owner
        self._inodes += 1
        node = FakeFile(kind, self._inodes, mode, owner, gid, self.now() if modified is None else modified)
        self.files[path] = node
        return node

    # looking

    def status(self, path: str) -> Reading[FileStatus | None]:
        path = self._parent_resolved(path)
        if self._is_hidden(path):
            return Reading(None, f"{path}: Permission denied", complete=False)
        node = self.files.get(path)
        return Reading(None if node is None else file_status(node))

    def read(self, path: str, limit: int, offset: int = 0) -> Reading[bytes]:
        real = self.resolve(path)
        node = self.files.get(real)
        problem = None
        if self._is_hidden(real) or (node is not None and node.unreadable):
            problem = "Permission denied"
        elif node is None:
            problem = "No such file or directory"
        elif node.kind is not FileKind.REGULAR:
            problem = "not a regular file"
        if node is None or problem is not None:
            return Reading(b"", f"{path}: {problem}", complete=False)
        return Reading(node.content[offset : offset + limit])

    def read_as_owner(self, path: str, limit: int) -> Reading[bytes]:
        status = self.status(path).value
        if status is not None and status.kind is FileKind.SYMLINK:
            return Reading(b"", f"{path}: Too many levels of symbolic links", complete=False)
        return self.read(path, limit)

    def names(self, folder: str) -> Reading[tuple[str, ...]]:
        real = self.resolve(folder)
        node = self.files.get(real)
        if self._is_hidden(real) or (node is not None and node.unreadable):
            return Reading((), f"{folder}: Permission denied", complete=False)
        if node is None:
            return Reading(())
        if node.kind is not FileKind.FOLDER:
            return Reading((), f"{folder}: Not a directory", complete=False)
        return Reading(tuple(sorted(posixpath.basename(path) for path in self._inside(real))))

    def paths(self, pattern: str) -> tuple[str, ...]:
        parts = [part for part in posixpath.normpath(pattern).split("/") if part]
        return tuple(sorted(set(self._expand("/", parts))))

    def resolve(self, path: str) -> str:
        resolved, left = "/", [part for part in path.split("/") if part not in ("", ".")]
        links = 0
        while left:
            part = left.pop(0)
            resolved = posixpath.normpath(posixpath.join(resolved, part))
            node = self.files.get(resolved)
            if node is not None and node.kind is FileKind.SYMLINK and links < _LINKS:
                links += 1
                left = [step for step in node.target.split("/") if step not in ("", ".")] + left
                resolved = "/" if node.target.startswith("/") else posixpath.dirname(resolved)
        return resolved

    def program(self, name: str, user: str | None = None) -> str | None:
        folders = [""] if "/" in name else self.search_path(user).split(":")
        for path in (posixpath.join(folder, name) for folder in folders):
            node = self.files.get(self.resolve(path))
            if node is not None and node.kind is FileKind.REGULAR and node.mode & 0o111:
                return path
        return None

    def search_path(self, user: str | None = None) -> str:
        own = self.variables.get("PATH", "")
        return own if user is None else "/usr/local/bin:/usr/bin:/bin"

    def is_locked(self, path: str) -> bool | None:
        node = self.files.get(self.resolve(path))
        return False if node is None else node.locked

    # within

    def _parent_resolved(self, path: str) -> str:
        above, name = posixpath.split(posixpath.normpath(path))
        return posixpath.join(self.resolve(above), name)

    def _is_hidden(self, path: str) -> bool:
        above = posixpath.dirname(path)
        while above != "/":
            node = self.files.get(above)
            if node is not None and node.kind is FileKind.FOLDER and node.unreadable:
                return True
            above = posixpath.dirname(above)
        return False

    def _inside(self, folder: str) -> list[str]:
        return [path for path in self.files if path != "/" and posixpath.dirname(path) == folder]

    def _expand(self, base: str, parts: list[str]) -> Iterator[str]:
        if not parts:
            yield base
            return
        part, rest = parts[0], parts[1:]
        if part == "**":
            yield from self._expand(base, rest)
        names = self.names(base).value
        if not any(mark in part for mark in "*?["):
            names = (part,) if self.status(posixpath.join(base, part)).value is not None else ()
        for name in names:
            below = posixpath.join(base, name)
            if part == "**":
                if (
                    not name.startswith(".")
                    and self.files[self._parent_resolved(below)].kind is FileKind.FOLDER
                ):
                    yield from self._expand(below, parts)
            elif fnmatchcase(name, part) and (part.startswith(".") or not name.startswith(".")):
                yield from self._expand(below, rest)


def file_status(node: FakeFile) -> FileStatus:
    """What ``lstat`` says of it."""
    return FileStatus(
        kind=node.kind,
        device=_DEVICE,
        inode=node.inode,
        size=len(node.target if node.kind is FileKind.SYMLINK else node.content),
        mode=node.mode,
        uid=node.uid,
        gid=node.gid,
        modified=node.modified,
    )
