"""Process titles: what gunicorn and celery write over their command lines."""

import pytest

from ghostfix.model.process_title import Title, read_title, title_runs


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("gunicorn: master [wsgi:app]", Title("gunicorn", ("wsgi:app",))),
        ("gunicorn: worker [wsgi:app]", Title("gunicorn", ("wsgi:app",), worker=True)),
        (
            "[celeryd: celery@box:MainProcess] -active- (worker -A tasks -c 3)",
            Title("celery", ("worker", "-A", "tasks", "-c", "3")),
        ),
        ("[celeryd: celery@box:ForkPoolWorker-12]", Title("celery", (), worker=True)),
        ("[celery beat] -A tasks beat", Title("celery", ("-A", "tasks", "beat"))),
        ("gunicorn", None),
        ("vim gunicorn: master [wsgi:app]", None),
        ("", None),
    ],
)
def test_what_a_title_says(text: str, title: Title | None) -> None:
    assert read_title((text,)) == title


def test_there_may_be_no_command_line() -> None:
    assert read_title(()) is None


@pytest.mark.parametrize(
    ("program", "arguments", "runs"),
    [
        ("gunicorn", ("wsgi:app",), True),
        ("gunicorn", ("-w", "4", "wsgi:app"), True),
        ("gunicorn", (), True),
        ("gunicorn", ("other:app",), False),
        ("uvicorn", ("wsgi:app",), False),
    ],
)
def test_whether_a_title_is_that_of_a_command(program: str, arguments: tuple[str, ...], runs: bool) -> None:
    assert title_runs(Title("gunicorn", ("wsgi:app",)), program, arguments) is runs


def test_a_title_that_says_too_little_is_nobody_s() -> None:
    assert not title_runs(Title("celery", (), worker=True), "celery", ("-A", "tasks", "worker"))
