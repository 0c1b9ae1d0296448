"""What the tests of restarters have in common: a service in memory, and broken programs."""

from collections.abc import Sequence

from ghostfix.managers.restarter import Restarter
from ghostfix.model.job import Job
from ghostfix.model.machine import CommandAnswer, Platform
from ghostfix.model.process import ProcessTree
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.step import Captured, Step
from tests.fake_system import FakeSystem, answered, default_caller

HOME = "/srv/ghost"
SCRIPT = f"{HOME}/ghost.py"
RUN = ("python3", SCRIPT)
SERVICE = Service(name="ghost", profile="test", directory=HOME, script="ghost.py")


def machine(user: str = "root") -> FakeSystem:
    """A machine with the service's files, looked at by root unless told."""
    system = FakeSystem(caller=default_caller(Platform.LINUX, user))
    system.add_file(SCRIPT, b"import time\n")
    return system


def look(system: FakeSystem, restarter: Restarter, service: Service = SERVICE) -> Reading[tuple[Job, ...]]:
    return restarter.jobs(system, service, ProcessTree(system.processes().value))


def one(system: FakeSystem, restarter: Restarter) -> Job:
    """The only job, of a look at which nothing was missed."""
    reading = look(system, restarter)
    assert reading.complete, reading.problem
    (job,) = reading.value
    return job


def broken(argv: Sequence[str]) -> dict[str, CommandAnswer]:
    """The ways in which a program fails to answer."""
    words = tuple(argv)
    return {
        "hangs": CommandAnswer(argv=words, status=None, problem="did not end within 5 s"),
        "prints rubbish": answered(words, 0, b"\xff\xfe{[<rubbish\x00\n]"),
        "exits 1": answered(words, 1, b"", b"no: I am broken\n"),
        "says nothing": answered(words, 0),
        "is missing": CommandAnswer(argv=words, status=None, problem="No such file or directory"),
    }


BROKEN = ("hangs", "prints rubbish", "exits 1", "says nothing", "is missing")


def do(system: FakeSystem, step: Step) -> Captured:
    """Held: everything that a repair does with a step, in its order."""
    assert step.precondition(system) is None
    captured = step.capture(system)
    step.apply(system)
    return captured
