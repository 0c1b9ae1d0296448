import pytest

from ghostfix.model.process import Listener
from ghostfix.model.service import Service
from ghostfix.survey.listeners import collect
from tests.fake_system import FakeSystem

SERVICE = Service(name="g", profile="t", directory="/srv", ports=(5555,))


def seen(*sockets: tuple[int, tuple[int, ...]]) -> FakeSystem:
    system = FakeSystem()
    system.sockets = [Listener(address="::", port=port, owners=owners) for port, owners in sockets]
    system.problems["listeners"] = "hidden"
    return system


@pytest.mark.parametrize(
    ("sockets", "complete"),
    [
        (((22, ()), (5555, (7,))), True),
        (((22, ()),), True),
        (((5555, ()), (22, (3,))), False),
        (((5555, (7,)),), True),
        (((22, (3,)),), False),
        ((), False),
    ],
)
def test_only_what_matters_to_the_service_makes_it_incomplete(
    sockets: tuple[tuple[int, tuple[int, ...]], ...], complete: bool
) -> None:
    reading = collect(seen(*sockets), SERVICE)
    assert (reading.complete, reading.problem, len(reading.value)) == (complete, "hidden", len(sockets))
