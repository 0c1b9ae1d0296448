from msgspec import structs

from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.service.cached_per_snapshot import worked_out_once
from tests.diagnosis.checks.builders import ghost_service, machine, runner


def test_asked_again_about_the_same_look_it_is_not_worked_out_again() -> None:
    asked: list[float] = []

    @worked_out_once
    def count(snapshot: Snapshot, _service: Service) -> int:
        asked.append(snapshot.taken_at)
        return len(snapshot.processes.value)

    service, one, other = ghost_service(), machine(runner(100)), machine()
    assert [count(one, service), count(one, service)] == [2, 2]
    assert len(asked) == 1
    assert count(other, service) == 1
    assert count(one, structs.replace(service)) == 2
    assert len(asked) == 3
