"""How a watch reaches its reader: as a live view in a terminal, as lines, and as a file of metrics."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from msgspec import Struct

from ghostfix.commands.watch.lines import seen_line, verdict_line
from ghostfix.commands.watch.openmetrics import openmetrics
from ghostfix.commands.watch.record import SeenInstance, WatchRecord, verdict_sentence
from ghostfix.commands.watch.watch import Watch, watched_service
from ghostfix.model.errors import ExitCode, ProfileError, StepError
from ghostfix.model.machine import System
from ghostfix.model.safe_text import safe
from ghostfix.model.service import Service
from ghostfix.report.standard_output import write, writes_unicode

FORMATS = ("terminal", "lines", "jsonl")


class WatchOptions(Struct, frozen=True, kw_only=True):
    """What the user asked for; seconds."""

    name: str | None = None
    config: str | None = None
    seconds: float | None = None
    interval: float = 1.0
    format: str | None = None
    """None: the live view in a terminal, lines elsewhere."""
    metrics: str | None = None


class Printers(Struct, frozen=True):
    """What prints what is seen."""

    seen: Callable[[SeenInstance], None]
    record: Callable[[WatchRecord], None]


class MetricsFile:
    """The file of metrics. That it cannot be written is an error at first, and later it is reported once."""

    def __init__(self, publish: Callable[[str, bytes], None], path: str) -> None:
        self._publish = publish
        self._path = path
        self._written = self._failing = False

    def write(self, record: WatchRecord) -> None:
        try:
            self._publish(self._path, openmetrics(record).encode())
        except StepError as error:
            if not self._written:
                hint = "--metrics takes a file in a folder that you may write to"
                raise ProfileError(str(error), hint) from error
            if not self._failing:
                sys.stderr.write(f"ghostfix: {safe(str(error))}; the watch goes on\n")
            self._failing = True
        else:
            self._written, self._failing = True, False


def watched(
    system: System,
    publish: Callable[[str, bytes], None],
    is_unread: Callable[[], bool],
    options: WatchOptions,
) -> ExitCode:
    """Watches and prints, and gives the exit code of the verdict.

    ``publish`` puts a file in place at once; ``is_unread`` says whether the reader of our output is gone.
    Raises BrokenPipeError then, and ProfileError when the metrics cannot be written at all.
    """
    chosen = _format(options.format)
    service = watched_service(system, options.name, options.config)
    json = chosen == "jsonl"
    metrics = None if options.metrics is None else MetricsFile(publish, options.metrics)
    with _live(system) if chosen == "terminal" else _lines(service, json=json) as printers:

        def sampled(record: WatchRecord) -> None:
            if is_unread():
                raise BrokenPipeError
            printers.record(record)
            if metrics is not None:
                metrics.write(record)

        watch = Watch(
            system,
            system.process_watch(),
            service,
            seconds=options.seconds,
            interval=options.interval,
            on_seen=printers.seen,
            on_sample=sampled,
        )
        record = watch.run()
    verdict = record.verdict(system.now())
    if chosen == "terminal":
        write(f"\n{verdict_sentence(service.name, verdict)}\n")
    else:
        write(verdict_line(service.name, verdict, system.now(), json=json))
    return ExitCode.HEALTHY if verdict.held else ExitCode.FINDINGS


def _format(wanted: str | None) -> str:
    if wanted is None:
        lively = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        return "terminal" if lively else "lines"
    if wanted not in FORMATS:
        near = get_close_matches(wanted, FORMATS, n=1)
        hint = f"did you mean `{near[0]}`? " if near else ""
        raise ProfileError(
            f"there is no format `{wanted}` of a watch", f"{hint}The formats are: {', '.join(FORMATS)}"
        )
    return wanted


@contextmanager
def _lines(service: Service, *, json: bool) -> Iterator[Printers]:
    yield Printers(lambda seen: write(seen_line(service.name, seen, json=json)), lambda _record: None)


@contextmanager
def _live(system: System) -> Iterator[Printers]:
    """The view, on a screen of its own as that of top(1); its last state stays when the watch is over."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from ghostfix.commands.watch.view import view

    console = Console(highlight=False, markup=False, emoji=False)
    unicode = writes_unicode()
    last: list[WatchRecord] = []

    def drawn(record: WatchRecord) -> Text:
        return view(record, system.now(), console.width, console.height - 1, unicode=unicode)

    with Live(console=console, auto_refresh=False, screen=True) as live:

        def draw(record: WatchRecord) -> None:
            last[:] = [record]
            live.update(drawn(record), refresh=True)

        yield Printers(lambda _seen: draw(last[0]) if last else None, draw)
    if last:
        console.print(drawn(last[0]))
