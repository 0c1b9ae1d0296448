from ghostfix.diagnosis.checks.missing_venv import CHECK
from ghostfix.model.service import EnvironmentWanted
from ghostfix.model.snapshot import VenvState
from ghostfix.steps.create_venv import CreateVenv
from tests.diagnosis.checks.builders import VENV, ghost_service, kinds, machine, only, refused, venv

MISSING = venv(VenvState.MISSING, missing=("psutil",))


def test_it_is_made_with_what_the_profile_requires_and_the_service_started_from_it() -> None:
    snapshot = machine(
        venv_=MISSING, health=refused(), pythons={f"{VENV}/bin/python3": "/x", "/usr/bin/python3": "/y"}
    )
    finding = only(CHECK, snapshot)
    assert finding.summary == f"the venv {VENV} does not exist"
    assert kinds(CHECK, finding, snapshot) == ["create-venv", "install-packages", "start-service"]
    (creation,) = (
        step for step in CHECK.repair(finding, snapshot, ghost_service()) if isinstance(step, CreateVenv)
    )
    assert (creation.path, creation.python, creation.replaces_broken) == (VENV, "/usr/bin/python3", False)


def test_one_that_works_or_is_broken_is_not_missing() -> None:
    assert CHECK.find(machine(), ghost_service()) == ()
    assert CHECK.find(machine(venv_=venv(VenvState.BROKEN)), ghost_service()) == ()


def test_a_service_without_a_venv() -> None:
    assert CHECK.applies(ghost_service(environment=EnvironmentWanted())) == "the profile names no venv"
