"""The journal on the disk: private, complete, and read back after any end."""

import pytest
from msgspec import structs

from ghostfix.model.errors import ProfileError, RepairError
from ghostfix.model.machine import Caller, Platform
from ghostfix.model.service import Service
from ghostfix.model.snapshot import FileStatus
from ghostfix.model.step import Captured, Fact, SavedFile
from ghostfix.repair import journal, undo_data
from ghostfix.repair.every_step import STEPS
from ghostfix.repair.journal_records import EntryState, JournalEntry, RunState
from ghostfix.repair.state_folder import lock_path, state_folder
from ghostfix.steps.create_venv import CreateVenv
from tests.fake_system import FakeSystem, default_caller

SERVICE = Service(name="ghost", profile="test", directory="/srv/ghost")
STEP = JournalEntry(n=1, kind="create-venv", phase="fix", preview="make it")


def begun(system: FakeSystem, service: Service = SERVICE) -> journal.JournalWriter:
    return journal.begin(system, service, [STEP])


def status(system: FakeSystem, path: str) -> FileStatus:
    found = system.status(path).value
    assert found is not None
    return found


def test_everything_is_private() -> None:
    system = FakeSystem()
    writer = begun(system)
    writer.keep(1, b"{}")
    writer.note(STEP)
    folder = state_folder(system)
    assert folder == "/home/ghost/.local/state/ghostfix"
    for path in (folder, f"{folder}/runs", writer.folder, f"{writer.folder}/kept"):
        assert status(system, path).mode == 0o700
    for path in (f"{writer.folder}/journal.jsonl", f"{writer.folder}/kept/1.json"):
        assert status(system, path).mode == 0o600


def test_the_state_folder_may_be_named() -> None:
    system = FakeSystem()
    system.variables["XDG_STATE_HOME"] = "/home/ghost/elsewhere/"
    assert state_folder(system) == "/home/ghost/elsewhere/ghostfix"
    system.variables["XDG_STATE_HOME"] = "relative"
    assert state_folder(system) == "/home/ghost/.local/state/ghostfix"


def test_ids_sort_by_time_and_are_never_taken_twice() -> None:
    system = FakeSystem()
    first, second = begun(system), begun(system)
    assert first.run != second.run
    system.wait(1.0)
    third = begun(system)
    assert third.run > max(first.run, second.run)
    assert next(run.id for run in journal.runs(system)) == third.run


def test_a_run_is_listed_with_what_stands() -> None:
    system = FakeSystem()
    writer = begun(system)
    writer.note(structs.replace(STEP, state=EntryState.INTENT))
    writer.note(structs.replace(STEP, state=EntryState.DONE, detail="made"))
    writer.ended(RunState.COMPLETE)
    (run,) = journal.runs(system)
    assert (run.id, run.state, run.service, run.done, run.steps) == (
        writer.run,
        RunState.COMPLETE,
        "ghost",
        1,
        1,
    )
    reopened = journal.reopen(system, writer.run)
    reopened.note(structs.replace(STEP, state=EntryState.UNDONE))
    reopened.ended(RunState.UNDONE)
    (run,) = journal.runs(system)
    assert (run.state, run.done) == (RunState.UNDONE, 0)


def test_a_run_of_a_later_version_is_listed_as_unreadable() -> None:
    system = FakeSystem()
    writer = begun(system)
    path = f"{writer.folder}/journal.jsonl"
    system.files[path].content = system.content(path).replace(b"journal/1", b"journal/9")
    (run,) = journal.runs(system)
    assert run.state is RunState.UNREADABLE
    assert "ghostfix.journal/9" in str(run.problem)
    with pytest.raises(RepairError, match="journal/9"):
        journal.load(system, writer.run)


def test_a_run_that_never_began_is_not_listed() -> None:
    system = FakeSystem()
    writer = begun(system)
    path = f"{writer.folder}/journal.jsonl"
    system.files[path].content = system.content(path)[:-5]
    assert journal.runs(system) == ()
    system.remove_path(path)
    assert journal.runs(system) == ()


def test_going_on_after_a_line_that_was_cut_short() -> None:
    system = FakeSystem()
    writer = begun(system)
    writer.note(structs.replace(STEP, state=EntryState.INTENT))
    path = f"{writer.folder}/journal.jsonl"
    system.files[path].content += b'{"event":"do'
    journal.reopen(system, writer.run).note(structs.replace(STEP, state=EntryState.UNDONE))
    assert journal.load(system, writer.run).entry(1).state is EntryState.UNDONE


@pytest.mark.parametrize("run", ["", "../../etc", "20261123-201530-a1b2/../x", "20261123-201530-a1b2\n"])
def test_an_id_that_is_none(run: str) -> None:
    with pytest.raises(ProfileError, match="is not the id of a run") as caught:
        journal.load(FakeSystem(), run)
    assert "undo --list" in caught.value.hint


def test_a_run_that_is_not_there() -> None:
    system = FakeSystem()
    with pytest.raises(ProfileError, match="there is no run"):
        journal.load(system, "20261123-201530-a1b2")
    begun(system)
    with pytest.raises(ProfileError, match="there is no run"):
        journal.load(system, "20261123-201530-a1b2")


def _open_to_others(system: FakeSystem) -> None:
    system.files[state_folder(system)].mode = 0o775


def _of_somebody_else(system: FakeSystem) -> None:
    system.files[state_folder(system)].uid = 1234


def _a_symlink(system: FakeSystem) -> None:
    system.remove_path(state_folder(system))
    system.add_symlink(state_folder(system), "/tmp")


@pytest.mark.parametrize("harm", [_open_to_others, _of_somebody_else, _a_symlink])
def test_a_folder_that_others_could_write_to_is_not_trusted(harm: object) -> None:
    system = FakeSystem()
    writer = begun(system)
    assert callable(harm)
    harm(system)
    with pytest.raises(RepairError, match="private folder of your own"):
        journal.load(system, writer.run)
    with pytest.raises(RepairError, match="private folder of your own"):
        begun(system)


def test_a_folder_that_others_could_only_look_into_is_read_and_closed_again() -> None:
    system = FakeSystem()
    writer = begun(system)
    folder = state_folder(system)
    system.files[folder].mode = 0o755
    assert journal.load(system, writer.run).run == writer.run
    assert system.files[folder].mode == 0o755  # looking changes nothing
    begun(system)
    assert system.files[folder].mode == 0o700


def test_who_may_write_to_the_folder_is_told_with_what_to_type() -> None:
    system = FakeSystem()
    writer = begun(system)
    system.files[state_folder(system)].mode = 0o777
    with pytest.raises(RepairError, match="others can write to it") as caught:
        journal.load(system, writer.run)
    assert f"`chmod 700 {state_folder(system)}`" in caught.value.hint


def test_root_does_not_trust_a_users_journal() -> None:
    users = FakeSystem()
    users.variables["XDG_STATE_HOME"] = "/home/ghost/state"
    writer = begun(users)
    root = FakeSystem(caller=Caller(uid=0, gid=0, user="root", home="/root", cwd="/", pid=9, ancestors=(1,)))
    root.variables["XDG_STATE_HOME"] = "/home/ghost/state"
    root.files = users.files
    with pytest.raises(RepairError, match="private folder of your own"):
        journal.kept(root, writer.run, 1)


@pytest.mark.parametrize("kind", ["foreign", "symlink"])
def test_no_runs_in_a_folder_that_is_not_ours_says_nothing_about_ours(kind: str) -> None:
    """The list would say that nothing was repaired here; our folder may have been exchanged for this one."""
    system = FakeSystem()
    folder = state_folder(system)
    if kind == "symlink":
        system.add_symlink(folder, "/tmp")
    else:
        system.add_folder(folder, uid=4242)
    with pytest.raises(RepairError, match="is not a private folder of your own"):
        journal.runs(system)


def test_what_was_kept_must_be_a_private_file() -> None:
    system = FakeSystem()
    writer = begun(system)
    writer.keep(1, b"{}")
    assert journal.kept(system, writer.run, 1) == b"{}"
    path = f"{writer.folder}/kept/1.json"
    system.files[path].mode = 0o644
    with pytest.raises(RepairError, match="private file"):
        journal.kept(system, writer.run, 1)
    system.remove_path(path)
    system.add_symlink(path, "/tmp/evil.json")
    with pytest.raises(RepairError, match="private file"):
        journal.kept(system, writer.run, 1)


def test_nothing_is_done_without_a_journal() -> None:
    system = FakeSystem()
    system.read_only.add("/home/ghost")
    with pytest.raises(RepairError, match="cannot be written") as caught:
        begun(system)
    assert "nothing is done without a journal" in caught.value.hint


def test_unfinished_runs_are_those_since_the_last_complete_one() -> None:
    system = FakeSystem()

    def run(state: RunState | None, service: Service = SERVICE, *, acted: bool = True) -> str:
        system.wait(1.0)
        writer = begun(system, service)
        if acted:
            writer.note(structs.replace(STEP, state=EntryState.INTENT))
        if state is not None:
            writer.ended(state)
        return writer.run

    run(None)
    run(RunState.COMPLETE)
    killed = run(None)
    run(None, structs.replace(SERVICE, directory="/srv/other"))
    run(None, acted=False)
    interrupted = run(RunState.INTERRUPTED)
    run(RunState.INCOMPLETE)
    assert [found.id for found in journal.unfinished(system, SERVICE)] == [interrupted, killed]
    system.add_file(lock_path(system, SERVICE.name, SERVICE.directory), locked=True)
    assert journal.unfinished(system, SERVICE) == ()


def test_a_step_and_what_it_captured_come_back_whole() -> None:
    step = CreateVenv(reason="missing-venv", path="/srv/\\xff/.venv", replaces_broken=True, python="python3")
    captured = Captured(
        files=(SavedFile(path="/x", content=b"\x00\xff", status=None),), facts=(Fact("after", "1.5"),)
    )
    assert undo_data.decode(undo_data.encode(step, captured)) == undo_data.Kept(step, captured)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"{}",
        b'{"step":{"kind":"no-such-step","reason":"r"},"captured":{}}',
        b'{"step":' + b"[" * 99_999,
    ],
)
def test_what_was_kept_and_is_damaged(content: bytes) -> None:
    with pytest.raises(RepairError, match="cannot be understood"):
        undo_data.decode(content)


def test_every_kind_of_step_has_its_own_name() -> None:
    tags = [step.__struct_config__.tag for step in STEPS]
    assert len(set(tags)) == len(tags)
    assert all(isinstance(tag, str) for tag in tags)


def test_the_same_place_on_macos() -> None:
    system = FakeSystem(Platform.MACOS, caller=default_caller(Platform.MACOS))
    assert state_folder(system) == "/Users/ghost/.local/state/ghostfix"
