"""Acts on the files of the in-memory machine, each with the comparisons that the real one makes."""

import posixpath
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import Caller, Platform
from ghostfix.model.snapshot import FileKind, FileStatus
from tests.fake_files import FakeFile, FakeFiles, file_status


class FakeFileActs(FakeFiles):
    """Changes files. What may not be written lies below a path of ``read_only``."""

    def __init__(self, platform: Platform, caller: Caller | None, now: float) -> None:
        super().__init__(platform, caller, now)
        self.read_only: set[str] = set()
        self.alone: list[Callable[[], object]] = []
        """Commands that go on though ghostfix has ended. They hold the shared locks."""
        self._locks: list[FakeFile] = []
        """Those that we hold ourselves."""

    def move_aside(self, path: str, expected: FileStatus, content: bytes | None = None) -> str:
        self._expect(path, expected, content)
        aside = next(
            name
            for number in range(1, 1000)
            if (name := f"{path}.ghostfix-{number}") and self.status(name).value is None
        )
        self._rename(path, aside)
        self._did("move_aside", path, aside)
        return aside

    def move_back(self, aside: str, path: str) -> None:
        self._writable(path)
        if self.status(path).value is not None:
            raise ChangedError(f"{path} exists again")
        if self.status(aside).value is None:
            raise StepError(f"{aside}: No such file or directory")
        self._rename(aside, path)
        self._did("move_back", path, aside)

    def replace(self, path: str, content: bytes, expected: FileStatus, before: bytes) -> None:
        node = self._expect(path, expected, before)
        if node.kind is not FileKind.REGULAR:
            raise ChangedError(f"{path} is not a regular file")
        self._inodes += 1
        self.files[self._parent_resolved(path)] = FakeFile(
            FileKind.REGULAR, self._inodes, node.mode, node.uid, node.gid, self.now(), content
        )
        self._did("replace", path)

    def create(self, path: str, content: bytes, mode: int = 0o644) -> None:
        self._writable(path)
        if self.status(path).value is not None:
            raise ChangedError(f"{path} exists already")
        self._new(path, content, mode)
        self._did("create", path)

    def save(self, path: str, content: bytes) -> None:
        path = posixpath.join(self._caller.cwd, path)
        self._writable(path)
        node = self.files.get(self.resolve(path)) or self._new(path, b"", 0o644)
        node.content, node.modified = content, self.now()
        self._did("save", path)

    def remove_empty_folder(self, path: str) -> None:
        self._writable(path)
        real = self._parent_resolved(path)
        node = self.files.get(real)
        if node is not None and node.kind is FileKind.FOLDER and not self._inside(real):
            del self.files[real]
            self._did("remove_empty_folder", path)

    def remove(self, path: str, expected: FileStatus, content: bytes) -> None:
        self._expect(path, expected, content)
        del self.files[self._parent_resolved(path)]
        self._did("remove", path)

    def make_folder(self, path: str, mode: int = 0o755) -> None:
        self._writable(path)
        above = posixpath.dirname(path)
        if self.files.get(self.resolve(above)) is None:
            self.make_folder(above, mode)
        node = self.files.get(self.resolve(path))
        if node is not None and node.kind is FileKind.FOLDER:
            return
        if node is not None:
            raise StepError(f"{path}: File exists")
        self.add_folder(self._parent_resolved(path), mode, self._caller.uid)
        self._did("make_folder", path)

    def make_private_folder(self, path: str) -> None:
        self.make_folder(path, 0o700)
        node = self.files[self._parent_resolved(path)]
        if node.kind is FileKind.FOLDER and node.uid == self._caller.uid and not node.mode & 0o022:
            node.mode = 0o700

    def append(self, path: str, content: bytes, mode: int = 0o600) -> None:
        self._writable(path)
        node = self.files.get(self._parent_resolved(path))
        if node is None:
            self._new(path, content, mode)
        elif node.kind is not FileKind.REGULAR:
            raise StepError(f"{path} is not a regular file")
        else:
            node.content += content
            node.modified = self.now()
        self._did("append", path)

    @contextmanager
    def lock(self, path: str, note: bytes) -> Iterator[None]:
        self._writable(path)
        node = self.files.get(self._parent_resolved(path)) or self._new(path, b"", 0o600)
        if node.locked:
            raise ChangedError(node.content.decode(errors="backslashreplace"))
        node.locked, node.content = True, note
        self._did("lock", path)
        try:
            yield
        finally:
            node.locked = False

    @contextmanager
    def lock_folder(self, path: str) -> Iterator[None]:
        node = self.files.get(self.resolve(path))
        if node is None:
            yield
            return
        with self._locked(node, path):
            yield

    @contextmanager
    def lock_shared(self, path: str, user: str | None, seconds: float) -> Iterator[None]:
        self.let_go_on()
        while path != "/" and self.files.get(self.resolve(path)) is None:
            path = posixpath.dirname(path)
        node = self.files.get(self.resolve(path))
        if node is None or any(each is node for each in self._locks):
            yield
            return
        if node.locked:
            self.wait(seconds)
        with self._locked(node, path):
            yield

    def let_go_on(self) -> None:
        """Lets the commands come to their end that ghostfix has left alone."""
        while self.alone:
            with suppress(StepError):
                self.alone.pop(0)()

    # within

    @contextmanager
    def _locked(self, node: FakeFile, path: str) -> Iterator[None]:
        if node.locked:
            raise ChangedError(f"the folder {path} is locked by somebody else")
        node.locked = True
        self._locks.append(node)
        try:
            yield
        finally:
            node.locked = False
            self._locks = [each for each in self._locks if each is not node]

    def _new(self, path: str, content: bytes, mode: int) -> FakeFile:
        real = self._parent_resolved(path)
        above = self.files.get(posixpath.dirname(real))
        if above is None or above.kind is not FileKind.FOLDER:
            raise StepError(f"{path}: No such file or directory")
        return self.add_file(real, content, mode, self._caller.uid)

    def _expect(self, path: str, expected: FileStatus, content: bytes | None) -> FakeFile:
        self._writable(path)
        node = self.files.get(self._parent_resolved(path))
        if node is None or file_status(node) != expected:
            raise ChangedError(f"{path} is not the file that it was")
        if content is not None and node.content != content:
            raise ChangedError(f"{path} does not hold what it held")
        return node

    def _rename(self, path: str, new: str) -> None:
        old, new = self._parent_resolved(path), self._parent_resolved(new)
        for name in [name for name in self.files if name == old or name.startswith(f"{old}/")]:
            self.files[new + name[len(old) :]] = self.files.pop(name)

    def _writable(self, path: str) -> None:
        real = self._parent_resolved(path)
        if any(real == folder or real.startswith(f"{folder}/") for folder in self.read_only):
            raise StepError(f"{path}: Read-only file system")
