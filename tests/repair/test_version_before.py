"""What version 0.1.0 wrote is read by this one: journals, undo data and the report of a repair.

``version_0_1_0`` has its own bytes: ``undo_data.jsonl`` one line for each kind of step, ``linux``
and ``macos`` the whole run of a repair. It kept no ``birth`` of a process, and no list of the processes
that an act touches.
"""

import re
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from ghostfix.commands.diagnoses import diagnose
from ghostfix.model.machine import Platform, same_process
from ghostfix.model.report import Verdict
from ghostfix.repair import journal
from ghostfix.repair.every_step import STEPS
from ghostfix.repair.execute import execute, undo, would_undo
from ghostfix.repair.journal_records import EntryState, RunState, read_journal
from ghostfix.repair.plan import Choices, plan
from ghostfix.repair.state_folder import state_folder
from ghostfix.repair.undo_data import decode, encode
from ghostfix.report.saved_reports import kept_report
from ghostfix.service import profile
from tests.earlier_version import within
from tests.fake_system import FakeSystem
from tests.machine_folder import MACHINES, load

FOLDER = Path(__file__).parent / "version_0_1_0"
UNDO_DATA = (FOLDER / "undo_data.jsonl").read_bytes().splitlines()
RUN = "20260302-090100-7533"


def kind_of(line: bytes) -> str:
    found = re.search(rb'"kind":"([a-z0-9-]+)"', line)
    assert found is not None
    return found[1].decode()


@pytest.mark.parametrize("line", UNDO_DATA, ids=kind_of)
def test_undo_data_of_each_kind_of_step_is_understood(line: bytes) -> None:
    act = decode(line)
    assert act.step.kind == kind_of(line)
    assert act.step.preview()
    assert within(msgspec.json.decode(line), msgspec.json.decode(encode(act.step, act.captured)))
    assert (act.captured.held, act.captured.started, act.captured.cut_off) == ((), (), False)


def test_no_kind_of_step_of_that_version_is_left_out() -> None:
    """A kind of step that a later version adds has no sample, and none that it had may go."""
    assert {kind_of(line) for line in UNDO_DATA} <= {step.__struct_config__.tag for step in STEPS}
    assert len(UNDO_DATA) == 31


def repaired_before(platform: Platform, folder: Path) -> tuple[FakeSystem, dict[str, bytes]]:
    """A machine that version 0.1.0 has repaired, and what its files and its crontab held before that."""
    name = f"incident-{platform.value}"
    for file in ("machine.toml", "ghostfix.toml"):
        text = (MACHINES / name / file).read_text()
        (folder / file).write_text(re.sub(r"(?m)^count = \d+", "count = 2", text))
    machine = load(folder)
    (service,) = profile.load(machine, None, None)
    machine.add_program("/bin/bash")  # the watchdog is started again
    before = configuration(machine)
    run = execute(machine, plan(diagnose(machine, service), Choices()), service)
    assert run.id == RUN
    state = f"{state_folder(machine)}/runs/{RUN}"
    for path in [
        path for path in machine.files if path.startswith(f"{state}/") and machine.files[path].content
    ]:
        machine.remove_path(path)
    sample = FOLDER / platform.value
    for one in [path for path in sample.rglob("*") if path.is_file()]:
        machine.add_file(f"{state}/{one.relative_to(sample)}", one.read_bytes(), 0o600)
    return machine, before


def configuration(machine: FakeSystem) -> dict[str, bytes]:
    kept = {
        path: node.content
        for path, node in machine.files.items()
        if not path.endswith(".log") and "/.local" not in path and ".ghostfix-" not in path
    }
    return kept | {"crontab -l": machine.ask(("crontab", "-l")).stdout}


@pytest.mark.parametrize("platform", Platform)
def test_a_repair_is_taken_back(platform: Platform, tmp_path: Path) -> None:
    machine, before = repaired_before(platform, tmp_path)
    assert configuration(machine) != before
    (summary,) = journal.runs(machine)
    assert (summary.state, summary.problem) == (RunState.COMPLETE, None)
    assert len(would_undo(machine, RUN)) == summary.done
    undone = undo(machine, RUN)
    assert [entry.detail for entry in undone if entry.state is EntryState.UNDO_FAILED] == []
    assert {entry.state for entry in undone} == {EntryState.UNDONE, EntryState.IRREVERSIBLE}
    assert configuration(machine) == before
    assert journal.runs(machine)[0].state is RunState.UNDONE


@pytest.mark.parametrize("platform", Platform)
def test_its_report_is_shown(platform: Platform, tmp_path: Path) -> None:
    machine, _ = repaired_before(platform, tmp_path)
    report = kept_report(machine, RUN)
    assert (report.service.name, report.verdict) == ("ghost-runner", Verdict.HEALTHY)


@pytest.mark.parametrize("platform", Platform)
def test_its_journal_tells_all_of_the_run(platform: Platform) -> None:
    story = read_journal(RUN, (FOLDER / platform.value / "journal.jsonl").read_bytes())
    assert story.problem is None
    assert {entry.state for entry in story.entries} == {EntryState.DONE}


@pytest.mark.parametrize("line", [line for line in UNDO_DATA if decode(line).captured.processes], ids=kind_of)
def test_a_process_is_known_by_its_start_on_the_wall_clock(line: bytes) -> None:
    """That version took the time of the boot in whole seconds: its start times are up to one early."""
    for kept in decode(line).captured.processes:
        machine = FakeSystem()
        seen = machine.add_process(kept.pid, kept.argv, started=kept.id.started).record
        seen = structs.replace(seen, uid=kept.uid)
        assert seen.birth is not None
        for later, same in ((0.0, True), (0.97, True), (2.5, False)):
            now = structs.replace(seen, id=structs.replace(seen.id, started=kept.id.started + later))
            assert same_process(kept, now) is same
