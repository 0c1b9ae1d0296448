import pytest
from msgspec import structs

from ghostfix.diagnosis.checks.wrong_interpreter import CHECK
from ghostfix.diagnosis.interpreter import foreign_prefix
from ghostfix.model.process import Process, ProcessDetail
from tests.diagnosis.checks.builders import (
    VENV,
    cron_job,
    detail,
    ghost_service,
    kinds,
    listener,
    machine,
    only,
    runner,
    venv,
    worker,
)


def test_another_venv() -> None:
    snapshot = machine(runner(100, prefix="/opt/other"))
    finding = only(CHECK, snapshot)
    assert finding.summary == f"pid 100 runs from /opt/other, not from {VENV}"
    assert kinds(CHECK, finding, snapshot) == ["stop-process", "start-service"]


def test_the_right_one_beside_it_stays() -> None:
    snapshot = machine(runner(100, prefix="/usr"), runner(101), listeners=[listener(5555, 101)])
    assert kinds(CHECK, only(CHECK, snapshot), snapshot) == ["stop-process"]


def test_who_started_it_is_said() -> None:
    snapshot = machine(runner(100, prefix="/usr"), jobs=[cron_job(starts=(100,))])
    assert "cron:alice:7" in only(CHECK, snapshot).cause


def as_detail(found: ProcessDetail) -> Process:
    return structs.replace(runner(100), detail=found)


def test_a_system_python_without_a_pyvenv_cfg() -> None:
    finding = only(CHECK, machine(as_detail(detail(None, interpreter="/usr/bin/python3"))))
    assert "runs from /usr/bin/python3" in finding.summary


@pytest.mark.parametrize(
    "instance",
    [
        runner(100),
        as_detail(detail(f"{VENV}/")),
        as_detail(detail(None, interpreter=f"{VENV}/bin/python3.12")),
        as_detail(detail("/opt/real", resolved_prefix="/opt/real")),
        as_detail(detail("/srv/link/.venv", resolved_prefix="/opt/real")),
        as_detail(detail(None, interpreter="python3", executable="/usr/bin/python3.12")),
        structs.replace(runner(100), detail=None),
    ],
    ids=["right", "a slash", "versioned", "resolved", "other link", "bare name", "no detail"],
)
def test_these_are_right_or_cannot_be_told(instance: Process) -> None:
    snapshot = machine(instance, worker(101, ppid=100, prefix="/usr"), venv_=venv(resolved="/opt/real"))
    assert CHECK.find(snapshot, ghost_service()) == ()


def test_a_title_tells_nothing_of_the_interpreter() -> None:
    """Every venv of one Python has the same image."""
    titled = structs.replace(
        runner(100),
        argv=("gunicorn: master [wsgi:app]",),
        detail=detail("/usr", interpreter="/usr/bin/python3.12"),
    )
    assert foreign_prefix(machine(titled), ghost_service(), titled) is None


def test_a_framework_build_whose_environment_is_hidden_tells_nothing() -> None:
    image = "/Library/Frameworks/Python.framework/Versions/3.12/Resources/Python.app/Contents/MacOS/Python"
    hidden = structs.replace(detail(image.rpartition("/MacOS")[0], interpreter=image), environment=None)
    framework = structs.replace(runner(100), detail=hidden)
    assert foreign_prefix(machine(framework), ghost_service(), framework) is None
