"""Which steps a plan withholds until they are asked for."""

from dataclasses import replace
from typing import ClassVar

from msgspec import structs

from ghostfix.diagnosis.checks import CHECKS
from ghostfix.model.finding import CheckResult, Finding, Outcome, Subject, SubjectKind
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.repair.plan import Choices, Withheld, make_plan, runs_as
from ghostfix.steps.evict_process import EvictProcess
from ghostfix.survey.survey import survey
from tests.diagnosis.checks.builders import ghost_service, machine, runner
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


def test_root_starts_what_has_ended_as_the_user_who_wrote_its_files() -> None:
    down = machine()
    left = structs.replace(down, host=structs.replace(down.host, uid=0), former_user="shop")
    assert runs_as(left, ghost_service()) == "shop"
    assert runs_as(structs.replace(left, runner="owner"), ghost_service()) == "owner"
    assert runs_as(structs.replace(left, host=structs.replace(down.host, uid=1000)), ghost_service()) == ""
    running = structs.replace(
        left, processes=machine(structs.replace(runner(100), uid=0, user="root")).processes
    )
    assert runs_as(running, ghost_service()) == ""
