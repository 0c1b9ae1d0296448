from ghostfix.model.service import Service
from ghostfix.survey.resources import collect
from tests.fake_system import FakeSystem

SERVICE = Service(name="g", profile="t", directory="/srv")


def test_the_machines_own() -> None:
    system = FakeSystem()
    system.measures.cpu_load = 7.02
    system.add_zombie(50, ppid=1)
    seen = collect(system, SERVICE).value
    assert seen is not None
    assert (seen.cpu_load, seen.zombie_count) == (7.02, 1)


def test_what_could_not_be_read_is_said() -> None:
    system = FakeSystem()
    system.problems["resources"] = "no /proc"
    assert (collect(system, SERVICE).complete, collect(system, SERVICE).value) == (False, None)
