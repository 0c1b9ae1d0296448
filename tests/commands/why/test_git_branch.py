"""The checkout of a folder, read from git's own files."""

from ghostfix.commands.why.git_branch import GitCheckout, checkout_of
from tests.fake_system import FakeSystem

ONE, TWO = "1" * 40, "2" * 40


def test_a_branch_and_its_commit() -> None:
    system = FakeSystem()
    system.add_file("/srv/app/.git/HEAD", b"ref: refs/heads/feature/x\n")
    system.add_file("/srv/app/.git/refs/heads/feature/x", f"{ONE}\n".encode())
    wanted = GitCheckout(folder="/srv/app", branch="feature/x", commit=ONE)
    assert checkout_of(system, "/srv/app/deep/below") == wanted


def test_a_packed_reference() -> None:
    system = FakeSystem()
    system.add_file("/srv/app/.git/HEAD", b"ref: refs/heads/main\n")
    packed = f"# pack-refs with: peeled\n{TWO} refs/heads/maintenance\n{ONE} refs/heads/main\n^{TWO}\n"
    system.add_file("/srv/app/.git/packed-refs", packed.encode())
    found = checkout_of(system, "/srv/app")
    assert found is not None
    assert found.commit == ONE


def test_a_detached_head_has_no_branch() -> None:
    system = FakeSystem()
    system.add_file("/srv/app/.git/HEAD", f"{TWO}\n".encode())
    assert checkout_of(system, "/srv/app") == GitCheckout(folder="/srv/app", commit=TWO)


def test_a_linked_worktree_names_its_repository() -> None:
    system = FakeSystem()
    system.add_file("/srv/side/.git", b"gitdir: /srv/app/.git/worktrees/side\n")
    system.add_file("/srv/app/.git/worktrees/side/HEAD", b"ref: refs/heads/fix\n")
    system.add_file("/srv/app/.git/worktrees/side/commondir", b"../..\n")
    system.add_file("/srv/app/.git/refs/heads/fix", f"{ONE}\n".encode())
    wanted = GitCheckout(folder="/srv/side", branch="fix", commit=ONE, worktree_of="/srv/app/.git")
    assert checkout_of(system, "/srv/side") == wanted


def test_no_repository_and_one_without_a_commit() -> None:
    system = FakeSystem()
    system.add_folder("/srv/plain")
    assert checkout_of(system, "/srv/plain") is None
    system.add_file("/srv/new/.git/HEAD", b"ref: refs/heads/main\n")
    assert checkout_of(system, "/srv/new") == GitCheckout(folder="/srv/new", branch="main")
    system.add_file("/srv/odd/.git", b"what is this\n")
    assert checkout_of(system, "/srv/odd") is None
