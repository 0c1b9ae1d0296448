from ghostfix.diagnosis.checks.missing_package import CHECK
from ghostfix.model.service import EnvironmentWanted
from ghostfix.model.snapshot import VenvState
from ghostfix.steps.install_packages import InstallPackages
from tests.diagnosis.checks.builders import VENV, ghost_service, kinds, machine, only, runner, venv


def test_what_is_missing_is_installed_and_the_service_started_anew() -> None:
    snapshot = machine(runner(100), venv_=venv(missing=("psutil",)))
    finding = only(CHECK, snapshot)
    assert finding.summary == f"the venv {VENV} lacks psutil"
    assert finding.short == "no psutil"
    assert kinds(CHECK, finding, snapshot) == ["stop-process", "install-packages", "start-service"]
    (install,) = (
        step for step in CHECK.repair(finding, snapshot, ghost_service()) if isinstance(step, InstallPackages)
    )
    assert (install.python, install.packages) == (f"{VENV}/bin/python", ("psutil",))


def test_a_venv_that_does_not_work_is_another_fault() -> None:
    assert CHECK.find(machine(venv_=venv(VenvState.BROKEN, missing=("psutil",))), ghost_service()) == ()
    assert CHECK.find(machine(), ghost_service()) == ()


def test_a_service_that_requires_nothing() -> None:
    service = ghost_service(environment=EnvironmentWanted(venv=".venv"))
    assert CHECK.applies(service) == "the profile names no required package"
