import threading

import pytest

from ghostfix.beside import beside


def test_two_looks_wait_for_each_other() -> None:
    meeting = threading.Barrier(2, timeout=30)
    first, second = beside(meeting.wait), beside(meeting.wait)
    assert {first.result(30), second.result(30)} == {0, 1}


def test_an_error_is_handed_over() -> None:
    with pytest.raises(ZeroDivisionError):
        beside(lambda: 1 // 0).result(30)


def test_without_threads_it_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    done = beside(threading.current_thread)
    assert done.done()
    assert done.result() is threading.current_thread()
