import threading

import pytest

from ghostfix.model import task_group
from ghostfix.model.task_group import TaskGroup, waiting


def test_two_looks_wait_for_each_other() -> None:
    meeting = threading.Barrier(2, timeout=30)

    def meet() -> int:
        with waiting(30):
            return meeting.wait()

    looks = TaskGroup()
    first, second = looks.begin(meet), looks.begin(meet)
    assert {first.result(), second.result()} == {0, 1}


def test_one_works_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_group, "_PATIENCE", 100.0)
    looks = TaskGroup()
    working = 0
    most = 0

    def work() -> None:
        nonlocal working, most
        working += 1
        most = max(most, working)
        for _ in range(200):
            len([number**2 for number in range(100)])
        working -= 1
        with waiting(30):
            pass

    for begun in [looks.begin(work) for _ in range(20)]:
        begun.result()
    assert most == 1


def test_one_that_hangs_without_saying_so_does_not_hold_up_the_others() -> None:
    hanging = threading.Event()
    looks = TaskGroup(20.0)
    hung = looks.begin(hanging.wait)
    assert looks.begin(lambda: 7).result() == 7
    hanging.set()
    assert hung.result()


def test_what_comes_after_the_deadline_is_too_late() -> None:
    never = threading.Event()

    def hang() -> None:
        with waiting(1000.0):
            never.wait()

    looks = TaskGroup(0.5)
    late, done = looks.begin(hang), looks.begin(lambda: 1)
    with pytest.raises(TimeoutError):
        late.result()
    never.set()
    assert done.result() == 1


def test_nobody_may_wait_beyond_the_deadline() -> None:
    def seconds() -> float:
        with waiting(1000.0) as left:
            return left

    assert 0 < TaskGroup(50.0).begin(seconds).result() <= 50.0
    assert TaskGroup().begin(seconds).result() == 1000.0
    assert seconds() == 1000.0


def test_an_error_is_handed_over() -> None:
    with pytest.raises(ZeroDivisionError):
        TaskGroup().begin(lambda: 1 // 0).result()


def test_without_threads_it_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done = TaskGroup().begin(threading.current_thread)
    assert done.result() is threading.current_thread()


def test_an_answer_that_the_deadline_cut_short_is_none() -> None:
    def wait() -> str:
        with waiting(1000.0) as seconds:
            threading.Event().wait(seconds)
        return "nobody answered"

    with pytest.raises(TimeoutError):
        TaskGroup(0.1).begin(wait).result()
