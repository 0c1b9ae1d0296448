import pytest
from msgspec import structs

from ghostfix.model.machine import Caller
from ghostfix.model.reading import Reading
from ghostfix.service.trust import commander, runner
from tests.fake_system import FakeSystem

PYTHON = "/srv/app/.venv/bin/python"


def machine(
    uid: int = 0, passwd: str = "root:x:0:0::/root:/bin/sh\nalice:x:1001:1001::/home/alice:/bin/sh\n"
) -> FakeSystem:
    plain = FakeSystem().caller()
    system = FakeSystem(
        caller=Caller(
            uid=uid, gid=uid, user="root" if uid == 0 else "me", home="/root", cwd="/", pid=plain.pid,
            ancestors=plain.ancestors,
        )
    )  # fmt: skip
    system.add_file("/etc/passwd", passwd.encode(), uid=0)
    for folder in ("/srv", "/srv/app", "/srv/app/.venv", "/srv/app/.venv/bin"):
        system.add_folder(folder, 0o755, 0)
    system.add_file(PYTHON, b"", 0o755, 0)
    return system


def test_what_is_roots_is_run_as_root() -> None:
    assert runner(machine(), (PYTHON,)) == Reading(None)


def test_whoever_is_not_root_runs_it_as_himself() -> None:
    system = machine(uid=1001)
    system.files["/srv"].mode = 0o777
    assert runner(system, (PYTHON,)) == Reading(None)


def test_what_lies_anywhere_below_somebodys_folder_is_run_as_that_user() -> None:
    for path in ("/srv/app", "/srv/app/.venv/bin", PYTHON):
        system = machine()
        system.files[path].uid = 1001
        assert runner(system, (PYTHON,)) == Reading("alice"), path


def test_where_a_symlink_leads_counts_as_well() -> None:
    system = machine()
    system.add_folder("/home/alice", 0o755, 1001)
    system.add_file("/home/alice/python", b"", 0o755, 1001)
    system.add_symlink("/srv/app/python", "/home/alice/python", 0)
    assert runner(system, ("/srv/app/python",)) == Reading("alice")


def test_what_two_users_could_change_is_run_by_nobody() -> None:
    system = machine()
    system.files["/srv/app"].uid = 1001
    system.files[PYTHON].uid = 1002
    reading = runner(system, (PYTHON,))
    assert not reading.complete
    assert "several users" in (reading.problem or "")


def test_what_everybody_or_a_group_may_write_is_run_by_nobody() -> None:
    for mode, gid, complete in (
        (0o777, 0, False),
        (0o775, 1500, False),
        (0o775, 50, True),
        (0o1777, 0, True),
    ):
        system = machine()
        system.files["/srv/app"].mode, system.files["/srv/app"].gid = mode, gid
        assert runner(system, (PYTHON,)).complete is complete, oct(mode)


def test_what_is_not_there_and_anybody_could_make_is_run_by_nobody() -> None:
    system = machine()
    system.add_folder("/tmp", 0o1777, 0)
    assert runner(system, ("/srv/app/new",)) == Reading(None)
    assert "anybody could make it" in (runner(system, ("/tmp/new",)).problem or "")
    system.add_file("/tmp/new", b"", 0o755, 0)
    assert runner(system, ("/tmp/new",)) == Reading(None)


def test_an_owner_without_a_name_is_run_by_nobody() -> None:
    system = machine()
    system.files[PYTHON].uid = 4711
    assert "uid 4711" in (runner(system, (PYTHON,)).problem or "")


@pytest.mark.parametrize(
    ("caller", "process", "owner", "mode", "answer"),
    [
        (0, 0, 0, 0o755, Reading(None)),
        (0, 1001, 1001, 0o755, Reading("alice")),
        (0, 0, 1001, 0o755, f"alice could change {PYTHON}"),  # it only looks like root's
        (0, 0, 0, 0o777, f"{PYTHON} can be written by others"),
        (1001, 1001, 1001, 0o775, Reading(None)),
        (1001, 1002, 0, 0o755, Reading(None)),
        (1001, 1002, 1002, 0o755, f"uid 1002 could change {PYTHON}"),
        (1001, 1001, 1002, 0o755, f"uid 1002 could change {PYTHON}"),
    ],
)
def test_what_a_process_says_of_itself_gets_nobody_else_s_rights(
    caller: int, process: int, owner: int, mode: int, answer: Reading[str | None] | str
) -> None:
    system = machine(uid=caller)
    system.files[PYTHON].uid, system.files[PYTHON].mode = owner, mode
    system.add_process(900, ("supervisord",), uid=process)
    daemon = system.process(900)
    assert daemon is not None
    daemon = structs.replace(daemon, user="alice" if process == 1001 else "bob")
    seen = commander(system, daemon, (PYTHON,))
    assert answer == (seen if seen.complete else (seen.problem or "").partition(", so ")[0])
