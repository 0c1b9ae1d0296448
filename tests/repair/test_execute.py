"""Executing a plan: what depends on what, what is written down when, and how it ends."""

from collections.abc import Callable
from typing import ClassVar

import pytest

from ghostfix.model.errors import ChangedError, ExitCode, RepairError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.service import Service
from ghostfix.model.step import Captured, Phase, Refused, Step, Unneeded
from ghostfix.repair import journal
from ghostfix.repair.execute import Decision, InterruptedRepairError, execute
from ghostfix.repair.journal_records import EntryState, JournalEntry, RunState
from ghostfix.repair.plan import Plan
from ghostfix.repair.state_folder import lock_path, state_folder
from tests.fake_system import FakeSystem

SERVICE = Service(name="ghost", profile="test", directory="/srv/ghost")

# What an act of these tests does, by its name, and what was done so far.
_ACTS: dict[str, Callable[[ActingSystem], str]] = {}
_DONE: list[str] = []


class _Test(Step, frozen=True, kw_only=True):
    name: str
    outcome: str = "done"

    def preview(self) -> str:
        return f"do {self.name} --password=hunter2"

    def precondition(self, system: System) -> Refused | Unneeded | None:
        if self.outcome == "refused":
            return Refused("changed, with token=abc123secret")
        return Unneeded("it is so already") if self.outcome == "unneeded" else None

    def capture(self, system: System) -> Captured:
        return Captured()

    def apply(self, system: ActingSystem) -> str:
        if self.name in _ACTS:
            return _ACTS[self.name](system)
        if self.outcome == "failed":
            raise StepError("it did not work")
        if self.outcome == "changed":
            raise ChangedError("it is another one by now")
        if self.outcome == "broken":
            raise ZeroDivisionError("by zero")
        _DONE.append(self.name)
        return "well done"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        return "undone"


class Hold(_Test, frozen=True, kw_only=True, tag="test-hold"):
    phase: ClassVar[Phase] = Phase.HOLD


class Stop(_Test, frozen=True, kw_only=True, tag="test-stop"):
    phase: ClassVar[Phase] = Phase.STOP


class Clean(_Test, frozen=True, kw_only=True, tag="test-clean"):
    phase: ClassVar[Phase] = Phase.CLEAN


class Fix(_Test, frozen=True, kw_only=True, tag="test-fix"):
    phase: ClassVar[Phase] = Phase.FIX


class Start(_Test, frozen=True, kw_only=True, tag="test-start"):
    phase: ClassVar[Phase] = Phase.START


class Verify(_Test, frozen=True, kw_only=True, tag="test-verify"):
    phase: ClassVar[Phase] = Phase.VERIFY


@pytest.fixture(autouse=True)
def _nothing_done_yet() -> None:
    _ACTS.clear()
    _DONE.clear()


def a_plan(**outcomes: str) -> Plan:
    """One step of each phase; ``stop="refused"`` says how one of them goes."""
    kinds = (Hold, Stop, Clean, Fix, Start, Verify)
    return Plan(
        tuple(
            kind(reason="r", name=kind.__name__.lower(), outcome=outcomes.get(kind.__name__.lower(), "done"))
            for kind in kinds
        )
    )


def states(entries: tuple[JournalEntry, ...]) -> dict[str, str]:
    return {entry.phase: entry.state.value for entry in entries}


def test_everything_in_order() -> None:
    run = execute(FakeSystem(), a_plan(), SERVICE)
    assert _DONE == ["hold", "stop", "clean", "fix", "start", "verify"]
    assert run.complete
    assert {entry.detail for entry in run.entries} == {"well done"}


@pytest.mark.parametrize("outcome", ["refused", "failed", "changed", "broken"])
@pytest.mark.parametrize(
    ("phase", "not_reached"),
    [
        ("hold", ["stop", "start", "verify"]),
        ("stop", ["start", "verify"]),
        ("clean", []),
        ("fix", ["start", "verify"]),
        ("start", ["verify"]),
        ("verify", []),
    ],
)
def test_what_depends_on_what(phase: str, not_reached: list[str], outcome: str) -> None:
    run = execute(FakeSystem(), a_plan(**{phase: outcome}), SERVICE)
    assert not run.complete
    found = states(run.entries)
    assert [name for name, state in found.items() if state == "not-reached"] == not_reached
    assert found[phase] == ("refused" if outcome in ("refused", "changed") else "failed")
    assert sorted(_DONE) == sorted(set(found) - {phase, *not_reached})


def test_a_step_that_is_not_needed_hinders_nothing() -> None:
    run = execute(FakeSystem(), a_plan(hold="unneeded", stop="unneeded"), SERVICE)
    assert run.complete
    assert _DONE == ["clean", "fix", "start", "verify"]


def test_what_is_not_reached_says_what_it_waited_for() -> None:
    run = execute(FakeSystem(), a_plan(hold="refused"), SERVICE)
    assert run.entries[1].detail == "step 1 (test-hold) was not done, and this depends on it"


def test_an_internal_error_is_what_became_of_a_step() -> None:
    run = execute(FakeSystem(), a_plan(fix="broken"), SERVICE)
    assert run.entries[3].detail == "an internal error, ZeroDivisionError: by zero"


def test_a_process_that_cannot_be_noted_is_no_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk between the intent and the first signal: nothing is signalled, and that is said."""
    system = FakeSystem()
    system.add_process(7001, ("python3", "w.py"))
    process = system.process(7001)
    assert process is not None
    append = system.append

    def full(path: str, content: bytes, mode: int = 0o600) -> None:
        if path.endswith(".touched.jsonl"):
            raise StepError("No space left on device")
        append(path, content, mode)

    def act(acting: ActingSystem) -> str:
        acting.note_held((process,))
        _DONE.append("stop")
        return "well done"

    monkeypatch.setattr(system, "append", full)
    _ACTS["stop"] = act
    run = execute(system, a_plan(), SERVICE)
    assert run.entries[1].state is EntryState.FAILED
    assert run.entries[1].detail.startswith("the journal in ")
    assert "stop" not in _DONE


def test_the_user_is_asked_before_each_step_until_all() -> None:
    answers = iter([Decision.YES, Decision.SKIP, Decision.ALL])
    asked: list[str] = []

    def confirm(step: Step) -> Decision:
        asked.append(step.kind)
        return next(answers)

    run = execute(FakeSystem(), a_plan(), SERVICE, confirm=confirm)
    assert asked == ["test-hold", "test-stop", "test-clean"]
    assert _DONE == ["hold", "clean", "fix", "start", "verify"]
    assert states(run.entries)["stop"] == "skipped"
    assert run.complete


def test_quitting_leaves_the_rest() -> None:
    answers = iter([Decision.YES, Decision.QUIT])
    system = FakeSystem()
    run = execute(system, a_plan(), SERVICE, confirm=lambda _: next(answers))
    assert _DONE == ["hold"]
    assert [entry.state for entry in run.entries[1:]] == [EntryState.NOT_REACHED] * 5
    assert journal.load(system, run.id).state is RunState.INCOMPLETE


def test_progress_hears_of_each_change() -> None:
    heard: list[tuple[int, str]] = []
    plan = Plan((Hold(reason="r", name="hold"), Stop(reason="r", name="stop", outcome="refused")))
    execute(FakeSystem(), plan, SERVICE, progress=lambda entry: heard.append((entry.n, entry.state.value)))
    assert heard == [(1, "intent"), (1, "done"), (2, "refused")]


def test_what_was_kept_and_the_intent_are_on_the_disk_before_the_act() -> None:
    system = FakeSystem()
    seen: list[EntryState] = []

    def act(acting: ActingSystem) -> str:
        (run,) = journal.runs(acting)
        seen.append(journal.load(acting, run.id).entry(1).state)
        assert journal.kept(acting, run.id, 1)
        return "well done"

    _ACTS["hold"] = act
    execute(system, a_plan(), SERVICE)
    assert seen == [EntryState.INTENT]


def test_the_journal_tells_what_the_run_tells() -> None:
    system = FakeSystem()
    run = execute(system, a_plan(clean="refused"), SERVICE)
    saved = journal.load(system, run.id)
    assert saved.entries == run.entries
    assert saved.state is RunState.INCOMPLETE
    assert (saved.service, saved.directory) == ("ghost", "/srv/ghost")


def test_no_secret_is_told() -> None:
    system = FakeSystem()
    run = execute(system, a_plan(clean="refused"), SERVICE)
    raw = system.read(f"{state_folder(system)}/runs/{run.id}/journal.jsonl", 1_000_000).value
    assert b"hunter2" not in raw
    assert b"abc123secret" not in raw
    assert "hunter2" not in str(run.entries)


def test_a_second_repair_is_told_who_holds_the_lock() -> None:
    system = FakeSystem()
    caller = system.caller()

    def act(acting: ActingSystem) -> str:
        with pytest.raises(RepairError, match=f"pid {caller.pid}, since 20[0-9-]+ ") as caught:
            execute(acting, a_plan(), SERVICE)
        assert "already" in caught.value.message
        return "refused as it should be"

    _ACTS["hold"] = act
    assert execute(system, a_plan(), SERVICE).complete
    assert len(journal.runs(system)) == 1


def test_another_service_is_repaired_at_the_same_time() -> None:
    system = FakeSystem()
    other = Service(name="ghost", profile="test", directory="/srv/other")
    assert lock_path(system, "a/../b", "/x") != lock_path(system, "a", "/x")
    assert "/" not in lock_path(system, "a/../b", "/x").removeprefix(f"{state_folder(system)}/locks/")

    def act(acting: ActingSystem) -> str:
        _ACTS.clear()
        assert execute(acting, a_plan(), other).complete
        return "well done"

    _ACTS["hold"] = act
    assert execute(system, a_plan(), SERVICE).complete


def test_an_interruption_is_written_down_and_says_what_to_type() -> None:
    system = FakeSystem()

    def act(acting: ActingSystem) -> str:
        raise KeyboardInterrupt

    _ACTS["clean"] = act
    with pytest.raises(InterruptedRepairError) as caught:
        execute(system, a_plan(), SERVICE)
    error = caught.value
    assert error.exit_code is ExitCode.INTERRUPTED
    assert error.message.startswith("the repair was interrupted after 2 of 6 steps; step 3 may be half done")
    assert f"ghostfix undo {error.run.id}" in error.hint
    assert states(error.run.entries)["clean"] == "intent"
    saved = journal.load(system, error.run.id)
    assert saved.state is RunState.INTERRUPTED
    assert [run.id for run in journal.unfinished(system, SERVICE)] == [error.run.id]
    assert execute(system, Plan(()), SERVICE).complete
    assert journal.unfinished(system, SERVICE) == ()


def test_interrupted_while_asked() -> None:
    def confirm(step: Step) -> Decision:
        raise KeyboardInterrupt

    with pytest.raises(InterruptedRepairError, match=r"after 0 of 6 steps$"):
        execute(FakeSystem(), a_plan(), SERVICE, confirm=confirm)


def test_what_undo_would_not_read_is_not_kept_and_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is the same on both sides, and asked before the act; what can be undone is done."""
    _DONE.clear()
    system = FakeSystem()
    monkeypatch.setattr(journal, "_LIMIT", 8_000)
    long = "x" * 9_000
    run = execute(system, Plan((Clean(reason="r", name=long), Clean(reason="r", name="short"))), SERVICE)
    assert [entry.state for entry in run.entries] == [EntryState.REFUSED, EntryState.DONE]
    assert "an undo reads 8,000" in run.entries[0].detail
    assert _DONE == ["short"]
