"""Process titles: what gunicorn and celery write over their command lines when ``setproctitle`` is there.

``gunicorn: master [wsgi:app]`` (gunicorn/util.py, ``_setproctitle``), ``[celeryd: celery@box:MainProcess]
-active- (worker -A tasks)`` and ``[celery beat] -A tasks beat`` (celery/platforms.py,
``set_mp_process_title``).
"""

from collections.abc import Sequence

from msgspec import Struct

from ghostfix.model.pattern import Pattern

_WORKER = Pattern(r"multiprocessing[.](spawn|forkserver|resource_tracker)|: worker|^\[?celeryd: ")
_WORDS, _LETTERS = 4, 200
"""As much of a command line as is searched for the mark of a worker."""
_GUNICORN = Pattern(r"^gunicorn: (master|worker|arbiter) \[(.+)\]$")
_CELERY_WORKER = Pattern(r"^\[celeryd: [^\]]*?:([A-Za-z]+)(?:-\d+)?\](?: -\w+-)?(?: \((.*)\))?$")
_CELERY_BEAT = Pattern(r"^\[celery beat\] (.+)$")


class Title(Struct, frozen=True):
    """What a title says: the program, its arguments, and whether it is the worker of another process."""

    program: str
    arguments: tuple[str, ...] = ()
    """As far as the title gives them; none for celery's pool processes."""
    worker: bool = False


def read_title(argv: Sequence[str]) -> Title | None:
    """The title in ``argv[0]``; None for an ordinary command line."""
    text = argv[0].strip() if argv else ""
    if found := _GUNICORN.match(text):
        return Title("gunicorn", (found[2],), worker=found[1] == "worker")
    if found := _CELERY_WORKER.match(text):
        return Title("celery", tuple((found[2] or "").split()), worker=found[1] != "MainProcess")
    if found := _CELERY_BEAT.match(text):
        return Title("celery", tuple(found[1].split()))
    return None


def title_runs(title: Title, program: str, arguments: Sequence[str]) -> bool:
    """Whether a title can be that of ``program`` with these arguments.

    gunicorn's names only the application, celery's the whole command; so one must hold what the other says.
    """
    if title.program != program or not title.arguments:
        return False
    remaining = iter(title.arguments)
    return all(word in remaining for word in arguments) or set(title.arguments) <= set(arguments)


def is_worker(argv: Sequence[str]) -> bool:
    """Whether a command line is a worker's that does not name its service.

    Python's own pools run ``-c "from multiprocessing.spawn import ..."`` (multiprocessing/spawn.py), servers
    write a title: ``gunicorn: worker [wsgi:app]``, ``php-fpm: worker``, ``[celeryd: ...]``.
    """
    return any(_WORKER.search(word[:_LETTERS]) for word in argv[:_WORDS])
