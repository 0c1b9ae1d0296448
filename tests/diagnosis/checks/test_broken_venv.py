from ghostfix.diagnosis.checks.broken_venv import CHECK
from ghostfix.model.snapshot import VenvState
from ghostfix.steps.create_venv import CreateVenv
from tests.diagnosis.checks.builders import VENV, ghost_service, kinds, machine, only, refused, runner, venv

BROKEN = venv(VenvState.BROKEN, problem="bad interpreter: no such file")


def test_it_is_moved_aside_and_made_anew() -> None:
    snapshot = machine(venv_=BROKEN, health=refused())
    finding = only(CHECK, snapshot)
    assert finding.summary == f"the venv {VENV} does not work"
    assert finding.evidence[0].text == "bad interpreter: no such file"
    assert kinds(CHECK, finding, snapshot) == ["create-venv", "install-packages", "start-service"]
    (creation,) = (
        step for step in CHECK.repair(finding, snapshot, ghost_service()) if isinstance(step, CreateVenv)
    )
    assert creation.replaces_broken


def test_an_instance_that_runs_from_it_is_replaced() -> None:
    snapshot = machine(runner(100), venv_=BROKEN)
    assert kinds(CHECK, only(CHECK, snapshot), snapshot)[0] == "stop-process"


def test_one_that_works_or_is_missing_is_not_broken() -> None:
    assert CHECK.find(machine(), ghost_service()) == ()
    assert CHECK.find(machine(venv_=venv(VenvState.MISSING)), ghost_service()) == ()
