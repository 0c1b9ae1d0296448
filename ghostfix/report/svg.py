"""SVG: the chain of causes and the timeline as inline pictures, for a desk, a page and a phone."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ghostfix.model.report import CauseReport, SubjectReport
from ghostfix.model.text_units import lasting, utc_text
from ghostfix.report.markup import Markup, element
from ghostfix.report.timeline import Moment, Timeline

_Key = tuple[str, SubjectReport]

NARROW, PAPER, WIDE = 340.0, 700.0, 1_000.0
WIDTHS = (WIDE, PAPER, NARROW)
"""For a desk, for a printed page, and for a phone; the style shows one of them."""
_NAMES = {WIDE: "wide", PAPER: "paper", NARROW: "narrow"}
_LETTER = 7.0
"""Pixels of an average letter at the pictures' 13 px, generously."""
_LINE = 17.0
_TICKS = (10.0, 60.0, 600.0, 3_600.0, 21_600.0, 86_400.0, 604_800.0, 2_592_000.0)


@dataclass(frozen=True)
class _Box:
    """One cause in the picture: where it stands, and its lines of text."""

    cause: CauseReport
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]


def causes_picture(causes: Sequence[CauseReport], width: float) -> Markup:
    """The causes as boxes with arrows to what they led to: side by side when wide, else below each other."""
    depths = _depths(causes)
    columns = max(depths.values(), default=0) + 1
    across = width >= 180.0 * columns and width > NARROW
    boxes = _across(depths, causes, width / columns) if across else _down(depths, causes, width)
    by_key = {(box.cause.code, box.cause.subject): box for box in boxes}
    arrows = [
        _arrow(box, by_key[ref.code, ref.subject], across)
        for box in boxes
        for ref in box.cause.leads_to
        if (ref.code, ref.subject) in by_key and depths[ref.code, ref.subject] > depths[_key(box.cause)]
    ]
    height = max((box.y + box.height for box in boxes), default=0.0) + 4
    roots = {key for key, depth in depths.items() if depth == 0}
    drawn = [_drawn(box, root=_key(box.cause) in roots) for box in boxes]
    return _svg(width, height, "The chain of causes", arrows + drawn)


def timeline_picture(line: Timeline, width: float) -> Markup:
    """Each moment on a line of its own; the scale is that of ages, so that the last seconds have room too."""
    labels = 0.0 if width <= NARROW else 0.38 * width
    row = 38.0 if labels == 0 else 26.0
    scale = _Scale(
        labels + 8, width - 28, max((line.now - m.at for m in line.moments), default=0.0), line.now
    )
    height = 26 + row * len(line.moments) + 6
    drawn = [_tick(scale, seconds, height) for seconds in scale.ticks()]
    for n, moment in enumerate(line.moments):
        top = 26 + row * n
        y = top + (13 if labels else 26)
        room = int((labels or width) / _LETTER)
        drawn.append(element("text", _cut(moment.text, room), x=2.0, y=top + (17 if labels else 14)))
        drawn += _marks(moment, scale, y)
    return _svg(width, height, "What happened when", drawn)


@dataclass(frozen=True)
class _Scale:
    """Times to places: ``right`` is now, ``left`` the oldest; logarithmic in age."""

    left: float
    right: float
    oldest: float
    now: float

    def place(self, at: float) -> float:
        past = math.log1p(max(self.now - at, 0.0))
        whole = math.log1p(max(self.oldest, 1.0))
        return self.right - (self.right - self.left) * min(past / whole, 1.0)

    def ticks(self) -> list[float]:
        """Ages that have room for their label."""
        found = [0.0]
        for seconds in _TICKS:
            near = self.place(self.now - found[-1]) - self.place(self.now - seconds)
            if seconds <= self.oldest and near >= 56:
                found.append(seconds)
        return found


def _tick(scale: _Scale, seconds: float, height: float) -> Markup:
    x = scale.place(scale.now - seconds)
    label = "now" if seconds == 0 else f"−{lasting(seconds)}"
    return element(
        "g",
        element("line", x1=x, x2=x, y1=18.0, y2=height, class_="grid"),
        element("text", label, x=x, y=12.0, class_="tick", text_anchor="middle"),
    )


def _marks(moment: Moment, scale: _Scale, y: float) -> list[Markup]:
    """A bar for what lasted, and a dot for what happened, for each time where all of them are known."""
    start = scale.place(moment.at)
    end = start if moment.until is None else scale.place(moment.until)
    kind = f"{moment.kind} {moment.state}".strip()
    if moment.times:
        line = [element("line", x1=start, x2=end, y1=y, y2=y, class_="grid")]
        return line + [_dot(at, moment, scale, y, f"mark {kind}", 4.0) for at in moment.times]
    if moment.until is not None:
        title = element("title", f"{moment.text}, {_clock(moment.at)} to {_clock(moment.until)}")
        long = max(end - start, 3.0)
        return [
            element("rect", title, x=start, y=y - 4, width=long, height=8.0, rx=4.0, class_=f"mark {kind}")
        ]
    return [_dot(moment.at, moment, scale, y, f"mark {kind}", 5.0)]


def _dot(at: float, moment: Moment, scale: _Scale, y: float, kind: str, radius: float) -> Markup:
    title = element("title", f"{moment.text}, {_clock(at)}")
    return element("circle", title, cx=scale.place(at), cy=y, r=radius, class_=kind)


def _clock(at: float) -> str:
    return utc_text(at)


def _depths(causes: Sequence[CauseReport]) -> dict[_Key, int]:
    """How many links each cause is from a root; every cause once, and circles end."""
    by_key = {_key(cause): cause for cause in causes}
    led_to = {(ref.code, ref.subject) for cause in causes for ref in cause.leads_to}
    depths: dict[_Key, int] = {}
    for start in [*(key for key in by_key if key not in led_to), *by_key]:
        if start not in depths:
            _descend(start, by_key, depths)
    return depths


def _descend(start: _Key, by_key: Mapping[_Key, CauseReport], depths: dict[_Key, int]) -> None:
    depths[start] = 0
    level = [start]
    while level:
        below = []
        for key in level:
            for ref in by_key[key].leads_to:
                child = (ref.code, ref.subject)
                if child in by_key and child not in depths:
                    depths[child] = depths[key] + 1
                    below.append(child)
        level = below


def _across(depths: Mapping[_Key, int], causes: Sequence[CauseReport], column: float) -> list[_Box]:
    """A column for each depth, the boxes of one depth below each other."""
    wide = min(column - 36, 230.0)
    bottoms: dict[int, float] = {}
    boxes = []
    for cause in causes:
        depth = depths[_key(cause)]
        lines = _lines(cause.short, wide)
        y = bottoms.get(depth, 2.0)
        box = _Box(cause, 2 + depth * (wide + 36), y, wide, _height(lines), lines)
        bottoms[depth] = y + box.height + 16
        boxes.append(box)
    return boxes


def _down(depths: Mapping[_Key, int], causes: Sequence[CauseReport], width: float) -> list[_Box]:
    """A row for each cause, below the one that led to it and further in by its depth."""
    boxes = []
    y = 2.0
    for cause in _in_order(causes):
        indent = 2 + 20.0 * min(depths[_key(cause)], 5)
        wide = min(width - indent - 2, 420.0)
        lines = _lines(cause.short, wide)
        boxes.append(_Box(cause, indent, y, wide, _height(lines), lines))
        y += _height(lines) + 14
    return boxes


def _in_order(causes: Sequence[CauseReport]) -> list[CauseReport]:
    """Each cause after the first that leads to it, its consequences right below it."""
    by_key = {_key(cause): cause for cause in causes}
    led_to = {(ref.code, ref.subject) for cause in causes for ref in cause.leads_to}
    waiting = [key for key in by_key if key not in led_to] + list(by_key)
    ordered: dict[_Key, CauseReport] = {}
    while waiting:
        key = waiting.pop(0)
        if key in by_key and key not in ordered:
            ordered[key] = by_key[key]
            waiting[:0] = [(ref.code, ref.subject) for ref in by_key[key].leads_to]
    return list(ordered.values())


def _arrow(start: _Box, end: _Box, across: bool) -> Markup:
    if across:
        x1, y1 = start.x + start.width, start.y + start.height / 2
        x2, y2 = end.x - 2, end.y + end.height / 2
        middle = x2 - 18
        path = f"M{x1:.1f} {y1:.1f}H{middle:.1f}V{y2:.1f}H{x2 - 5:.1f}"
    else:
        x1, y1 = start.x + 9, start.y + start.height
        x2, y2 = end.x - 2, end.y + end.height / 2
        path = f"M{x1:.1f} {y1:.1f}V{y2:.1f}H{x2 - 5:.1f}"
    head = f"M{x2:.1f} {y2:.1f}l-8 -4.5v9z"
    return element("g", element("path", d=path, class_="arrow"), element("path", d=head, class_="head"))


def _drawn(box: _Box, *, root: bool) -> Markup:
    kind = "box root" if root else "box"
    lines = [
        element("text", line, x=box.x + 10, y=box.y + 20 + _LINE * n) for n, line in enumerate(box.lines)
    ]
    code = element("text", _cut(box.cause.code, int(box.width / 6.5)), x=box.x + 10, class_="tick",
                   y=box.y + box.height - 9)  # fmt: skip
    frame = element("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=6.0, class_=kind)
    return element("g", element("title", f"{box.cause.code}: {box.cause.short}"), frame, *lines, code)


def _lines(text: str, width: float) -> tuple[str, ...]:
    room = max(int((width - 20) / _LETTER), 8)
    return tuple(textwrap.wrap(text, room, max_lines=4, placeholder="…")) or ("",)


def _height(lines: Sequence[str]) -> float:
    return 34 + _LINE * len(lines)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 1, 1)] + "…"


def _key(cause: CauseReport) -> _Key:
    return (cause.code, cause.subject)


def _svg(width: float, height: float, label: str, parts: Sequence[Markup]) -> Markup:
    return element(
        "svg", *parts, viewBox=f"0 0 {width:.0f} {height:.0f}", width=width, height=height, role="img",
        aria_label=label, class_=_NAMES.get(width, "wide"),
    )  # fmt: skip
