"""A search in another process: it answers, and it can be ended."""

import os
import threading
from collections.abc import Iterator

import pytest

from ghostfix.model.task_group import TaskGroup
from ghostfix.service.match_search import SEARCHING
from ghostfix.system.match_search import Searcher

CATASTROPHE = (r"(a+)+$", "a" * 60 + "!")


@pytest.fixture
def searcher() -> Iterator[Searcher]:
    made = Searcher()
    yield made
    made._end()


def test_it_answers_as_re_does(searcher: Searcher) -> None:
    assert searcher("b+", "abbc", 20.0)
    assert not searcher("x", "abbc", 20.0)
    assert searcher(r"\u00e9 \udcff", "caf\u00e9 \udcff", 20.0)
    assert searcher("z$", "y" * 3_000_000 + "z", 20.0)


def test_a_search_without_end_is_ended_and_the_next_one_answered(searcher: Searcher) -> None:
    with pytest.raises(TimeoutError):
        searcher(*CATASTROPHE, 0.3)
    assert searcher("a", "a", 20.0)


def test_the_deadline_of_a_look_holds(searcher: Searcher) -> None:
    """And meanwhile other threads run."""
    looks = TaskGroup(0.5)
    look = looks.begin(lambda: searcher(*CATASTROPHE, 1000.0))
    ran = threading.Event()
    looks.begin(ran.set)
    assert ran.wait(20)
    with pytest.raises(TimeoutError):
        look.result()


def test_a_process_that_was_ended_by_somebody_is_started_again(searcher: Searcher) -> None:
    assert searcher("a", "a", 20.0)
    assert searcher._process is not None
    searcher._process.kill()
    searcher._process.wait()
    with pytest.raises((TimeoutError, OSError)):
        searcher("a", "a", 20.0)
    assert searcher("a", "a", 20.0)
    assert searcher._process.pid != os.getpid()


def test_the_process_that_searches_is_known_by_the_path_of_its_program(searcher: Searcher) -> None:
    assert searcher("b", "b", 20.0)
    assert searcher._process is not None
    assert str(list(searcher._process.args)[-1]).endswith(SEARCHING)  # type: ignore[arg-type]
