"""What services share is edited by one at a time, and a lock that is never free holds nobody up for ever."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ghostfix.managers.cron.crontab_file import CrontabFile
from ghostfix.managers.cron.hold_line import HoldCronLine
from ghostfix.model.machine import CommandAnswer
from ghostfix.model.service import Service
from ghostfix.repair.execute import execute, undo
from ghostfix.repair.journal_records import EntryState
from ghostfix.repair.plan import Plan
from ghostfix.repair.state_folder import state_folder
from tests.fake_crontab import SPOOL
from tests.fake_system import FakeCrontab, FakeSystem
from tests.faults.test_managers import SCENES

LINE = b"* * * * * /srv/start.sh\n"
SERVICE = Service(name="ghost", profile="test", directory="/srv/ghost", script="ghost.py")


def machine() -> tuple[FakeSystem, FakeCrontab, HoldCronLine]:
    system = FakeSystem()
    system.add_folder(SPOOL, uid=0)
    user = system.caller().user
    step = HoldCronLine(reason="r", tab=CrontabFile(user=user), line=1, source=LINE)
    return system, FakeCrontab(system, {user: LINE}), step


def test_a_lock_that_is_not_let_go_of_is_named_and_nothing_is_done() -> None:
    system, tabs, step = machine()
    system.files[SPOOL].locked = True
    before = system.monotonic()
    (entry,) = execute(system, Plan((step,)), SERVICE).entries
    assert (entry.state, entry.detail) == (
        EntryState.REFUSED,
        f"the folder {SPOOL} is locked by somebody else",
    )
    assert 20 < system.monotonic() - before < 60
    assert list(tabs.tabs.values()) == [LINE]


def test_an_undo_that_may_not_edit_says_so_and_can_be_tried_again() -> None:
    system, tabs, step = machine()
    run = execute(system, Plan((step,)), SERVICE)
    system.files[SPOOL].locked = True
    (entry,) = undo(system, run.id)
    assert entry.state is EntryState.UNDO_FAILED
    assert "is locked by" in entry.detail
    system.files[SPOOL].locked = False
    (entry,) = undo(system, run.id)
    assert entry.state is EntryState.UNDONE
    assert list(tabs.tabs.values()) == [LINE]


def test_the_lock_is_held_while_the_crontab_is_read_and_written() -> None:
    system, tabs, step = machine()
    answer = tabs.answer
    held: list[bool | None] = []

    def watched(words: tuple[str, ...], stdin: bytes) -> CommandAnswer:
        held.append(system.files[SPOOL].locked)
        return answer(words, stdin)

    system.add_programs(("crontab",), watched)
    run = execute(system, Plan((step,)), SERVICE)
    undo(system, run.id)
    assert len(held) > 6
    assert all(held)
    assert system.files[SPOOL].locked is False


@pytest.mark.parametrize("name", SCENES)
def test_a_file_that_services_share_is_edited_under_its_lock(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a step of a manager writes, and its undo, lies in a folder that is locked just then.

    Not what is new in the service's own folder, which a repair of no other service writes to.
    """
    scene = SCENES[name]()
    system, locked, unlocked = scene.machine, list[str](), set[str]()
    lock, there = system.lock_shared, set(scene.machine.files)

    @contextmanager
    def lock_noted(folder: str, user: str | None, seconds: float) -> Iterator[None]:
        with lock(folder, user, seconds):
            locked.append(folder)
            yield
            locked.remove(folder)

    def noting(act: Callable[..., None]) -> Callable[..., None]:
        def noted(path: str, *words: object) -> None:
            if not any(path.startswith(f"{folder}/") for folder in locked):
                unlocked.add(path)
            act(path, *words)

        return noted

    monkeypatch.setattr(system, "lock_shared", lock_noted)
    for act in ("create", "replace", "remove"):
        monkeypatch.setattr(system, act, noting(getattr(system, act)))
    run = execute(system, Plan(scene.steps), SERVICE)
    undo(system, run.id)
    own = {
        path for path in unlocked - there if path.startswith((f"{SERVICE.directory}/", state_folder(system)))
    }
    assert unlocked - own == set()
