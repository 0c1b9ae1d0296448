"""Patterns in command lines: what is searched, and how a search that takes too long is told."""

import re
from pathlib import Path

import pytest

import ghostfix
from ghostfix.model.errors import ExitCode
from ghostfix.model.process import Process, ProcessId, ProcessState
from ghostfix.model.service import Service
from ghostfix.service.instance import is_service
from ghostfix.service.match_search import SEARCHING, SearchError, Searches, steps
from ghostfix.system.match_search import _SEARCH


def never(pattern: str, text: str, seconds: float) -> bool:
    raise TimeoutError


def here(pattern: str, text: str, seconds: float) -> bool:
    return re.search(pattern, text) is not None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"python.*manage\.py.*runserver", "python " * 100),
        (r"(a+)+$", "a" * 20 + "!"),
        (r"(a|a)*b", "a" * 20),
        (r"(a?){20}a{20}", "a" * 20),
        (r"(?:x+x+)+y", "x" * 20),
    ],
)
def test_what_could_last_is_searched_for_elsewhere(pattern: str, text: str) -> None:
    with pytest.raises(SearchError, match="it takes too long") as caught:
        Searches(never).found(pattern, text)
    assert caught.value.exit_code is ExitCode.COULD_NOT_LOOK


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"celery -A shop", "python -m celery -A shop worker"),
        (r"python.*manage\.py.*runserver", "python manage.py runserver 0:8000"),
        (r"^node (api|web)\.js$", "node web.js"),
        (r"com\.example\.Main", "java -cp " + "/opt/lib/a.jar:" * 400 + " com.example.Main"),
    ],
)
def test_what_is_quick_is_searched_for_here(pattern: str, text: str) -> None:
    assert Searches(never).found(pattern, text)


def test_of_a_long_command_line_both_ends_are_seen() -> None:
    searches = Searches(here)
    text = "java -Dfront=1 " + "-cp x.jar " * 200_000 + "com.example.Main --port 80"
    assert searches.found(r"-Dfront=1", text)
    assert searches.found(r"com\.example\.Main --port", text)
    assert searches.found(r"java.*com\.example\.Main", text)
    assert steps(r"a.*b", 8193) < steps(r"a.*b", len(text))


def test_an_answer_is_asked_for_once() -> None:
    asked = []

    def counted(pattern: str, text: str, seconds: float) -> bool:
        asked.append(text)
        return True

    searches = Searches(counted)
    assert searches.found("(a+)+", "a" * 50)
    assert searches.found("(a+)+", "a" * 50)
    assert len(asked) == 1


def test_when_the_time_is_used_up_nothing_is_searched_for() -> None:
    searches = Searches(here, seconds=0.0)
    with pytest.raises(SearchError):
        searches.found("a", "a")


def test_where_no_process_can_be_started_it_is_not_known() -> None:
    def none(pattern: str, text: str, seconds: float) -> bool:
        raise OSError("Resource temporarily unavailable")

    with pytest.raises(SearchError, match="Resource temporarily unavailable"):
        Searches(none).found("(a+)+$", "a" * 50)


def test_the_program_that_searches_lies_where_it_is_known() -> None:
    folder = Path(ghostfix.__file__).parent.parent
    assert (folder / SEARCHING.lstrip("/")).is_file()
    assert f"{folder}{SEARCHING}" == _SEARCH


def test_the_process_that_searches_is_no_service() -> None:
    argv = ("/usr/bin/python3", "-I", "-S", f"/usr/lib/python3{SEARCHING}")
    process = Process(
        id=ProcessId(9, 1.0), ppid=1, user="u", uid=1, name="python3", argv=argv, state=ProcessState.SLEEPING
    )
    service = Service(name="any", profile="t", directory="/srv", match="python")
    assert not is_service(service, process)
