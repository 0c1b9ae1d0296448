"""The watch over one service: which process appears, ends or is left; each read no more often than needed."""

import pytest
from msgspec import structs

from ghostfix.model.machine import Caller, Platform
from ghostfix.model.process import Process
from ghostfix.model.service import Service
from ghostfix.survey.service_watch import Event, ServiceWatch, Transition
from tests.fake_process_watch import FakeProcessWatch
from tests.fake_system import FakeSystem

SERVICE = Service(name="web", profile="p", directory="/srv/web", module="shop.web")
ARGV = ("python3", "-m", "shop.web")


class Counting(FakeSystem):
    """Counts what is read."""

    def __init__(self, platform: Platform = Platform.LINUX, *, caller: Caller | None = None) -> None:
        super().__init__(platform, caller=caller)
        self.read_one: list[int] = []
        self.read_all = 0

    def process(self, pid: int) -> Process | None:
        self.read_one.append(pid)
        return super().process(pid)

    def processes(self):  # type: ignore[no-untyped-def]
        self.read_all += 1
        return super().processes()


@pytest.fixture
def system() -> Counting:
    return Counting()


def starts(system: FakeSystem, pid: int, ppid: int = 1, argv: tuple[str, ...] = ARGV) -> None:
    system.add_process(pid, argv, ppid=ppid, cwd="/srv/web", started=system.now())


def service_watch(system: FakeSystem) -> ServiceWatch:
    return ServiceWatch(system, FakeProcessWatch(system), SERVICE)


def changes(events: tuple[Event, ...]) -> list[tuple[Transition, int]]:
    return [(event.change, event.process.pid) for event in events]


def test_an_end_and_the_start_after_it(system: Counting) -> None:
    system.add_process(500, ("/bin/bash", "loop.sh"), cwd="/srv/web")
    starts(system, 501, 500)
    watch = service_watch(system)
    assert [process.pid for process in watch.instances] == [501]
    assert watch.poll() == ()
    system.end(501)
    assert changes(watch.poll()) == [(Transition.ENDED, 501)]
    assert watch.instances == ()
    starts(system, 502, 500)
    (event,) = watch.poll()
    assert changes((event,)) == [(Transition.STARTED, 502)]
    assert [process.pid for process in event.ancestors] == [500, 1]


def test_both_between_two_looks_are_two_events(system: Counting) -> None:
    starts(system, 501)
    watch = service_watch(system)
    system.end(501)
    starts(system, 502)
    assert changes(watch.poll()) == [(Transition.ENDED, 501), (Transition.STARTED, 502)]


def test_the_same_pid_again_is_another_instance(system: Counting) -> None:
    starts(system, 501)
    watch = service_watch(system)
    system.end(501)
    system.wait(1.0)
    starts(system, 501)
    assert changes(watch.poll()) == [(Transition.ENDED, 501)]
    system.wait(20.0)
    assert changes(watch.poll()) == [(Transition.STARTED, 501)]


def test_one_that_is_a_copy_of_its_parent_at_first(system: Counting) -> None:
    """Between fork and exec."""
    system.add_process(500, ("/bin/bash", "loop.sh"), cwd="/srv/web")
    watch = service_watch(system)
    starts(system, 501, 500, ("/bin/bash", "loop.sh"))
    assert watch.poll() == ()
    system.table[501].record = structs.replace(system.table[501].record, argv=ARGV)
    assert changes(watch.poll()) == [(Transition.STARTED, 501)]


def test_one_that_becomes_the_service_much_later(system: Counting) -> None:
    """As ``ghostfix run --if-running=wait`` does: seen at the next look at everybody."""
    starts(system, 501, 1, ("sh", "-c", "sleep 1000; exec python3 -m shop.web"))
    watch = service_watch(system)
    system.wait(5.0)
    assert watch.poll() == ()
    system.table[501].record = structs.replace(system.table[501].record, argv=ARGV)
    assert watch.poll() == ()
    system.wait(6.0)
    assert changes(watch.poll()) == [(Transition.STARTED, 501)]


def test_a_worker_is_no_instance_until_its_master_is_gone(system: Counting) -> None:
    starts(system, 501)
    starts(system, 502, 501)
    watch = service_watch(system)
    assert [process.pid for process in watch.instances] == [501]
    assert sorted(watch.members()) == [501, 502]
    starts(system, 503, 501)
    assert watch.poll() == ()
    system.end(501)
    assert changes(watch.poll()) == [(Transition.ENDED, 501), (Transition.LEFT, 502), (Transition.LEFT, 503)]
    system.end(502)
    assert changes(watch.poll()) == [(Transition.ENDED, 502)]


def test_nobody_is_read_when_nobody_comes(system: Counting) -> None:
    starts(system, 501)
    for pid in range(1000, 2000):
        system.add_process(pid, ("sleep", "1"))
    watch = service_watch(system)
    assert system.read_all == 1
    system.read_one.clear()
    for _ in range(9):
        system.wait(1.0)
        watch.poll()
    assert (system.read_all, [pid for pid in system.read_one if pid != 501]) == (1, [])


def test_who_comes_is_read_and_nobody_else(system: Counting) -> None:
    starts(system, 501)
    watch = service_watch(system)
    system.read_one.clear()
    system.add_process(700, ("sleep", "1"))
    watch.poll()
    assert [pid for pid in system.read_one if pid != 501] == [700]
    system.wait(4.0)
    watch.poll()
    system.read_one.clear()
    watch.poll()
    assert [pid for pid in system.read_one if pid != 501] == [], "it is not new any more"


def test_after_a_change_it_looks_again_at_once_and_then_ever_later(system: Counting) -> None:
    starts(system, 501)
    watch = service_watch(system)
    assert watch.pause == 0
    system.end(501)
    pauses = []
    for _ in range(30):
        watch.poll()
        pauses.append(watch.pause)
    assert pauses[0] == 0.002
    assert pauses[3] < 0.01
    assert sum(pauses[:12]) < 1.0
    assert pauses[-1] == 0
