"""Git branch: a folder's repository and what is checked out there, by its files without running git."""

import posixpath

from msgspec import Struct

from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.snapshot import FileKind

_LIMIT = 4096
_PACKED_LIMIT = 4 * 1024 * 1024
_COMMIT = Pattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DEEPEST = 64


class GitCheckout(Struct, frozen=True, kw_only=True):
    """A working tree: where it begins, and what it has checked out."""

    folder: str
    """The top of the working tree."""
    branch: str | None = None
    """None for a detached HEAD."""
    commit: str | None = None
    """The commit's full hash; None when there is none yet, or it could not be read."""
    worktree_of: str | None = None
    """The main repository's ``.git`` folder, for a linked worktree."""


def checkout_of(system: System, folder: str) -> GitCheckout | None:
    """The checkout that the folder lies in; None outside of any."""
    above = posixpath.normpath(folder)
    for _ in range(_DEEPEST):
        status = system.status(f"{above}/.git".replace("//", "/")).value
        if status is not None:
            return _checkout(system, above, status.kind)
        if above in ("/", "."):
            return None
        above = posixpath.dirname(above)
    return None


def _checkout(system: System, folder: str, kind: FileKind) -> GitCheckout | None:
    git = posixpath.join(folder, ".git")
    if kind is FileKind.REGULAR:  # a linked worktree, or a submodule: gitrepository-layout(5)
        pointer = _text(system, git)
        if not pointer.startswith("gitdir:"):
            return None
        git = posixpath.normpath(posixpath.join(folder, pointer.partition(":")[2].strip()))
    head = _text(system, f"{git}/HEAD")
    if not head:
        return None
    shared = _text(system, f"{git}/commondir")
    common = posixpath.normpath(posixpath.join(git, shared)) if shared else git
    linked = common if common != git else None
    if not head.startswith("ref:"):
        return GitCheckout(folder=folder, commit=_commit(head), worktree_of=linked)
    reference = head.partition(":")[2].strip()
    return GitCheckout(
        folder=folder,
        branch=reference.removeprefix("refs/heads/"),
        commit=_commit(_text(system, f"{git}/{reference}"))
        or _commit(_text(system, f"{common}/{reference}"))
        or _packed(system, common, reference),
        worktree_of=linked,
    )


def _packed(system: System, git: str, reference: str) -> str | None:
    packed = system.read(f"{git}/packed-refs", _PACKED_LIMIT).value.decode(errors="backslashreplace")
    for line in packed.splitlines():
        commit, _, name = line.partition(" ")
        if name == reference:
            return _commit(commit)
    return None


def _commit(text: str) -> str | None:
    return text if _COMMIT.fullmatch(text) else None


def _text(system: System, path: str) -> str:
    return system.read(path, _LIMIT).value.decode(errors="backslashreplace").strip()
