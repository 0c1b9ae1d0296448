"""A watch as a live view in a terminal: who runs, what it uses, and what has happened last (pure)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.text import Text

from ghostfix.commands.watch.record import Kind, Sample, SeenInstance, WatchRecord, times
from ghostfix.model.safe_text import safe, shown_argv
from ghostfix.model.text_units import counted, lasting
from ghostfix.report.quantity import size

_BARS, _PLAIN_BARS = "▁▂▃▄▅▆▇█", "_.-=+*%#"
_LABEL = 11
_VALUE = 26
_NARROW = 60
_MARKS = {Kind.STARTED: "green", Kind.ENDED: "red", Kind.LEFT: "yellow", Kind.TROUBLE: "red"}
_INSTANCES = 4


def view(record: WatchRecord, now: float, width: int, height: int, *, unicode: bool = True) -> Text:
    """At most ``height`` lines of at most ``width`` columns; the latest events have what room is left."""
    head = list(_head(record, now, width, unicode))
    body = list(_body(record, now, width, unicode))
    body = body[: max(0, height - len(head))]
    room = height - len(head) - len(body) - 1
    events = [_event(one, width) for one in list(record.seen)[-room:]] if room > 0 else []
    lines = [*head, *body, *([Text("")] if events else []), *events]
    whole = Text("\n", no_wrap=True, overflow="ellipsis").join(lines[:height])
    return whole if unicode else Text(whole.plain.encode("ascii", "replace").decode(), no_wrap=True)


def _head(record: WatchRecord, now: float, width: int, unicode: bool) -> Iterator[Text]:
    service, running = record.service, len(record.instances)
    ill = bool(record.troubles) or running != service.instances
    passed = lasting(now - record.began)
    length = "until Ctrl-C" if record.until is None else f"of {lasting(record.until - record.began)}"
    dot = " · " if unicode else " - "
    state = f"{running} of {counted(service.instances, 'instance')}"
    line = Text.assemble(
        (safe(service.name, 40), "bold"),
        (f"{dot}{state}", "bold red" if ill else "bold green"),
        (f"{dot}watching for {passed} {length}", "dim"),
    )
    yield _shortened(line, width)


def _body(record: WatchRecord, now: float, width: int, unicode: bool) -> Iterator[Text]:
    for trouble in record.troubles.values():
        yield _shortened(Text(f"  ! {trouble}", "red"), width)
    for excess in record.excesses.values():
        yield _shortened(Text(f"  ! {excess}", "yellow"), width)
    for process in record.instances[:_INSTANCES]:
        age = lasting(max(0.0, now - process.id.started))
        yield _row("instance", f"pid {process.pid}, {age} old", shown_argv(process.argv, 120), width)
    if len(record.instances) > _INSTANCES:
        yield _row("", f"and {len(record.instances) - _INSTANCES} more", "", width)
    if not record.samples:
        return
    samples = list(record.samples)
    sample = samples[-1]
    room = max(0, width - _LABEL - _VALUE - 4)
    cpu = [each.cpu_percent or 0.0 for each in samples]
    memory = [float(each.memory_bytes) for each in samples]
    percent = "-" if sample.cpu_percent is None else f"{sample.cpu_percent:.1f} % of one CPU"
    yield _row("cpu", percent, sparkline(cpu, room, unicode=unicode), width)
    yield _row("memory", size(sample.memory_bytes), sparkline(memory, room, unicode=unicode), width)
    yield _row("processes", f"{sample.own_processes} of {sample.processes}", _zombies(sample), width)
    served = _served(record, sample)
    if served is not None:
        yield _row(*served, width)
    yield _row("ended", times(record.ends), _started(record), width)


def _zombies(sample: Sample) -> str:
    return f"{counted(sample.zombies, 'zombie')} on this machine"


def _served(record: WatchRecord, sample: Sample) -> tuple[str, str, str] | None:
    """Port and health, as far as the profile has them."""
    ports = ", ".join(f"{port} {'listens' if there else 'is closed'}" for port, there in sample.ports.items())
    health = "" if sample.healthy is None else "healthy" if sample.healthy else "not healthy"
    shown = f"{health} ({record.health})" if health and record.health else health
    if not ports and not shown:
        return None
    return ("port", ports, shown) if ports else ("health", shown, "")


def _started(record: WatchRecord) -> str:
    if not record.starts:
        return ""
    by = [f"{number} by {name}" for name, number in record.starters.most_common(2)]
    return f"started {times(record.starts)}" + (f": {', '.join(by)}" if by else "")


def _row(label: str, value: str, rest: str, width: int) -> Text:
    if width < _NARROW:
        return _shortened(Text.assemble((f"  {label:<{_LABEL}}", "dim"), f"{value}  {rest}".rstrip()), width)
    line = Text.assemble((f"  {label:<{_LABEL}}", "dim"), f"{value:<{_VALUE}}", (f" {rest}", "cyan"))
    return _shortened(line, width)


def _event(seen: SeenInstance, width: int) -> Text:
    style = _MARKS.get(seen.kind, "")
    time = f"{datetime.fromtimestamp(seen.at, UTC):%H:%M:%S}"
    by = " ..." if seen.by is None else f", by {seen.by}" if seen.by else ""
    # Whose work it was is what one wants to know: the command line gives way to it.
    room = max(12, width - len(time) - len(by) - 4)
    text = seen.text if len(seen.text) <= room else seen.text[: room - 3] + "..."
    return _shortened(Text.assemble((f"  {time}  ", "dim"), (text, style), by), width)


def _shortened(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    return line


def sparkline(values: Sequence[float], width: int, *, unicode: bool = True) -> str:
    """The last ``width`` values as bars between the lowest and the highest; all low when they are equal."""
    bars = _BARS if unicode else _PLAIN_BARS
    shown_values = list(values)[-width:] if width > 0 else []
    if not shown_values:
        return ""
    low, high = min(shown_values), max(shown_values)
    if high <= low:
        return bars[0] * len(shown_values)
    step = (len(bars) - 1) / (high - low)
    return "".join(bars[round((value - low) * step)] for value in shown_values)
