"""Which steps a plan withholds until they are asked for."""

from dataclasses import replace
from typing import ClassVar

from ghostfix.diagnosis.checks import CHECKS
from ghostfix.model.finding import CheckResult, Finding, Outcome, Subject, SubjectKind
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.repair.plan import Choices, Withheld, make_plan
from ghostfix.steps.evict_process import EvictProcess
from ghostfix.survey.survey import survey
from tests.fake_system import FakeSystem

SERVICE = Service(name="web", profile="p", directory="/srv", module="web")


class _OnAnotherRequest(EvictProcess, frozen=True, kw_only=True, tag="test-another-request"):
    on_request: ClassVar[str | None] = "--another"


def steps(system: FakeSystem) -> tuple[Step, Step]:
    process = system.add_process(600, ("nc", "-l", "80"), listens=(80,)).record
    evict = EvictProcess(reason="port-conflict", process=process, port=80, ancestry="", grace=1.0)
    other = _OnAnotherRequest(reason="port-conflict", process=process, port=80, ancestry="", grace=1.0)
    return evict, other


def test_a_step_is_done_when_its_own_option_is_given() -> None:
    system = FakeSystem()
    evict, other = steps(system)
    check = replace(CHECKS[0], repair=lambda *_: (evict, other))
    finding = Finding(
        code=check.code,
        severity=check.severity,
        summary="s",
        cause="c",
        subject=Subject(SubjectKind.PORT, "80"),
        short="s",
    )
    result = CheckResult(check=check.code, title=check.title, outcome=Outcome.FOUND, findings=(finding,))
    snapshot = survey(system, SERVICE)
    withheld = (Withheld(evict, "--evict"), Withheld(other, "--another"))
    silent = make_plan((result,), (check,), snapshot, SERVICE, Choices())
    assert (silent.steps, silent.withheld) == ((), withheld)
    evicting = make_plan((result,), (check,), snapshot, SERVICE, Choices(evict=True))
    assert (evicting.steps, evicting.withheld) == ((evict,), withheld[1:])
