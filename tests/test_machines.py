"""Every machine in ``tests/machines/``: what is found there, and that looking changes nothing.

Those on which there is something to repair are repaired too, as Linux and as macOS, and repaired twice.
"""

import pytest

from ghostfix.commands.diagnoses import diagnose
from ghostfix.diagnosis.judgement import exit_code
from ghostfix.model.errors import ExitCode
from ghostfix.model.finding import Severity
from ghostfix.model.reading import Confidence
from ghostfix.model.report import Verdict
from ghostfix.model.service import Service
from ghostfix.repair import execute
from ghostfix.repair.plan import Choices
from ghostfix.repair.plan import plan as make_repair
from ghostfix.repair.verification import verify
from ghostfix.service import profile
from tests.fake_system import FakeSystem
from tests.machine_folder import MACHINES, expected, load, names

BROKEN = ("incident-linux", "incident-macos")


def service_of(system: FakeSystem) -> Service:
    (service,) = profile.load(system, None, None)
    return service


@pytest.mark.parametrize("name", names())
def test_what_is_found(name: str) -> None:
    system, wanted = load(MACHINES / name), expected(MACHINES / name)
    diagnosis = diagnose(system, service_of(system))
    codes = {finding.code for result in diagnosis.results for finding in result.findings}
    assert codes >= set(wanted.found)
    absent = {result.check for result in diagnosis.results} if "*" in wanted.absent else set(wanted.absent)
    assert not codes & (absent - set(wanted.found))
    assert diagnosis.verdict.value == wanted.verdict
    assert [result.reason for result in diagnosis.results if result.outcome.value == "crashed"] == []
    if not wanted.found:
        assert exit_code(diagnosis.results, Severity.WARNING) is ExitCode.HEALTHY


@pytest.mark.parametrize("name", names())
def test_diagnosing_and_planning_act_on_nothing(name: str) -> None:
    system = load(MACHINES / name)
    diagnosis = diagnose(system, service_of(system))
    for step in make_repair(diagnosis, Choices(evict=True)).steps:
        assert step.preview()
    assert system.acts == []


@pytest.mark.parametrize("name", names())
def test_what_is_not_certain_says_how_it_could_be_wrong(name: str) -> None:
    system = load(MACHINES / name)
    diagnosis = diagnose(system, service_of(system))
    for result in diagnosis.results:
        for finding in result.findings:
            assert (finding.doubt is None) == (finding.confidence is Confidence.CERTAIN), finding.summary


@pytest.mark.parametrize("name", BROKEN)
def test_a_repair_holds_and_a_second_one_has_nothing_to_do(name: str) -> None:
    system = load(MACHINES / name)
    service = service_of(system)
    plan = make_repair(diagnose(system, service), Choices())
    run = execute.execute(system, plan, service)
    assert run.complete, run.entries
    verification = verify(system, service, hold_for=120.0)
    assert verification.held, verification.report.problems
    assert verification.verdict is Verdict.HEALTHY
    assert verification.report.instances == 1
    assert verification.report.restarts_seen == 0
    resources = verification.snapshot.resources.value
    assert resources is not None
    assert resources.process_count < service.limits.processes
    again = diagnose(system, service)
    assert make_repair(again, Choices()).steps == ()


@pytest.mark.parametrize("name", BROKEN)
def test_undo_gives_back_every_file_and_crontab(name: str) -> None:
    system = load(MACHINES / name)
    service = service_of(system)
    system.add_program("/bin/bash")  # the watchdog is started again
    before = configuration(system)
    run = execute.execute(system, make_repair(diagnose(system, service), Choices()), service)
    assert configuration(system) != before
    undone = execute.undo(system, run.id)
    assert [entry.detail for entry in undone if entry.state.value == "undo-failed"] == []
    assert configuration(system) == before


def configuration(system: FakeSystem) -> dict[str, bytes]:
    """The content of every file that was there at first, but logs; and the crontab as `crontab -l` has it."""
    listing = system.ask(("crontab", "-l")).stdout
    files = {
        path: node.content
        for path, node in system.files.items()
        if not path.endswith(".log") and "/.local" not in path and ".ghostfix-" not in path
    }
    return files | {"crontab -l": listing}
