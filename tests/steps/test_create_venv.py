"""Making the virtual environment."""

from ghostfix.model.machine import CommandAnswer
from ghostfix.model.step import Refused, Unneeded
from ghostfix.steps.create_venv import CreateVenv
from tests.fake_system import FakeSystem, answered

VENV = "/srv/ghost/.venv"
BASE = "/usr/bin/python3"


def a_machine(*, ensurepip: bool = True) -> FakeSystem:
    machine = FakeSystem()
    machine.add_folder("/srv/ghost", uid=1000)
    machine.add_command((BASE, "-IB", "-c", "import venv, ensurepip"), status=0 if ensurepip else 1)

    def works(words: tuple[str, ...], _: bytes) -> CommandAnswer:
        return answered(words, status=0 if f"{VENV}/works" in machine.files else 1, stdout=f"{VENV}\n")

    def make(words: tuple[str, ...], _: bytes) -> CommandAnswer:
        machine.add_file(f"{VENV}/works")
        return answered(words)

    machine.add_programs((f"{VENV}/bin/python",), works)
    machine.add_command((BASE, "-m", "venv", VENV), make)
    machine.add_command(("/usr/bin/uv", "venv", "--python", BASE, VENV), make)
    return machine


def step(*, broken: bool = False) -> CreateVenv:
    return CreateVenv(reason="missing-venv", path=VENV, replaces_broken=broken, python=BASE)


def test_one_that_works_is_kept() -> None:
    machine = a_machine()
    machine.add_file(f"{VENV}/works")
    assert step().precondition(machine) == Unneeded(f"{VENV} works")
    assert step(broken=True).precondition(machine) == Unneeded(f"{VENV} works")


def test_what_appeared_since_the_plan_is_not_touched() -> None:
    machine = a_machine()
    machine.add_folder(VENV)
    assert isinstance(step().precondition(machine), Refused)


def test_a_broken_one_that_is_a_symlink_is_refused() -> None:
    machine = a_machine()
    machine.add_symlink(VENV, "/opt/shared-venv")
    assert step(broken=True).precondition(machine) == Refused(f"{VENV} is not a folder")


def test_a_broken_one_that_is_in_use_is_refused() -> None:
    machine = a_machine()
    machine.add_folder(VENV)
    machine.add_process(500, (f"{VENV}/bin/python", "-m", "ghost.main"))
    assert step(broken=True).precondition(machine) == Refused(f"{VENV} is in use by pid 500")


def test_without_ensurepip_uv_makes_it() -> None:
    machine = a_machine(ensurepip=False)
    verdict = step().precondition(machine)
    assert isinstance(verdict, Refused)
    assert "python3-venv" in verdict.reason
    machine.add_program("uv")
    assert step().precondition(machine) is None
    assert step().apply(machine) == f"made {VENV}"


def test_the_broken_one_comes_back_with_all_that_was_in_it() -> None:
    machine = a_machine()
    machine.add_file(f"{VENV}/precious", b"mine")
    captured = step(broken=True).capture(machine)
    assert "the broken one is .venv." in step(broken=True).apply(machine)
    assert f"{VENV}/precious" not in machine.files
    assert "back in its place" in step(broken=True).undo(machine, captured)
    assert machine.content(f"{VENV}/precious") == b"mine"
    assert f"{VENV}/works" not in machine.files
