from pathlib import Path

import pytest
from msgspec import structs

from ghostfix.commands.diagnoses import diagnose
from ghostfix.commands.machine import local_system
from ghostfix.diagnosis.diagnosis import judged
from ghostfix.model.errors import ProfileError
from ghostfix.model.finding import Outcome
from ghostfix.model.machine import Platform
from ghostfix.model.report import Verdict
from ghostfix.repair.plan import Choices
from ghostfix.repair.plan import plan as make_repair
from ghostfix.report.formats import json
from ghostfix.report.reports import diagnosis_report
from ghostfix.service import profile
from ghostfix.survey.snapshot_file import SavedLook, load_snapshot, save_snapshot
from tests.machine_folder import MACHINES, load, names

FOLDER = Path(__file__).parent / "version_0_1_0"
"""The machines of two incidents, as that version saved them."""


@pytest.mark.parametrize("name", names())
def test_is_judged_elsewhere_with_the_same_result(name: str, tmp_path: Path) -> None:
    system = load(MACHINES / name)
    (service,) = profile.load(system, None, None)
    here = diagnose(system, service)
    file = str(tmp_path / "snapshot.json")
    save_snapshot(local_system(), file, [SavedLook(service, here.snapshot)])
    (look,) = load_snapshot(local_system(), file)
    there = judged(look.service, look.snapshot)
    reports = [
        diagnosis_report(None, one, plan=make_repair(one, Choices(evict=True))) for one in (here, there)
    ]
    assert json.render(reports[1]) == json.render(reports[0])


def test_what_a_secret_is_does_not_leave_the_machine(tmp_path: Path) -> None:
    system = load(MACHINES / "incident-linux")
    (service,) = profile.load(system, None, None)
    snapshot = diagnose(system, service).snapshot
    first, *others = snapshot.processes.value
    talkative = structs.replace(first, argv=("serve", "--password", "hunter two", "--api-key=hunter2"))
    processes = structs.replace(snapshot.processes, value=(talkative, *others))
    file = tmp_path / "snapshot.json"
    save_snapshot(
        local_system(), str(file), [SavedLook(service, structs.replace(snapshot, processes=processes))]
    )
    assert "hunter" not in file.read_text()
    (look,) = load_snapshot(local_system(), str(file))
    assert look.snapshot.processes.value[0].argv == ("serve", "--password", "***", "--api-key=***")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is not a snapshot"),
        (b"\xff\xfe", "is not a snapshot"),
        (b"[" * 100_000, "is not a snapshot"),
        (b'{"schema": "ghostfix.snapshot/9", "version": "9", "looks": []}', "this version reads"),
        (b'{"schema": "ghostfix.snapshot/1", "version": "9", "looks": []}', "no service called"),
    ],
)
def test_another_file_is_refused_in_a_sentence(content: bytes, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "snapshot.json"
    file.write_bytes(content)
    with pytest.raises(ProfileError, match=problem):
        load_snapshot(local_system(), str(file), "web")


def test_a_missing_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot be read"):
        load_snapshot(local_system(), str(tmp_path / "none.json"))


@pytest.mark.parametrize("platform", Platform)
def test_what_version_0_1_0_saved_is_judged(platform: Platform) -> None:
    (look,) = load_snapshot(local_system(), str(FOLDER / f"{platform.value}.json"), "ghost-runner")
    diagnosis = judged(look.service, look.snapshot)
    assert diagnosis.verdict is Verdict.DEGRADED
    found = {finding.code for result in diagnosis.results for finding in result.findings}
    assert found >= {"duplicate-instance", "rogue-restarter", "stale-pidfile", "log-none-comparison"}
    assert [result.reason for result in diagnosis.results if result.outcome is Outcome.CRASHED] == []
    assert make_repair(diagnosis, Choices()).steps != ()
