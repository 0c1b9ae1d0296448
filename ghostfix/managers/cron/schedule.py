"""Schedule: when a crontab line acts, in words and as a test of a moment.

python-crontab gives the meaning of a single field. It is not asked what a whole schedule means: it knows
only that all five fields must match, while cron takes the day of the month *or* the day of the week when
both are restricted.
"""

import re
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import islice

from ghostfix.model.pattern import Pattern

NICKNAMES = {
    "@reboot": "",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
    "@every_minute": "* * * * *",
}
"""What cron's nicknames stand for; ``@reboot`` stands for no time at all. ``@every_minute`` is FreeBSD's.
No cron takes them in capitals."""

SECONDS_AFTER_THE_MINUTE = 2.0
"""cron wakes at the minute and forks within a second; the rest is for the command's own first steps."""
_SECONDS_BEFORE_THE_MINUTE = 0.1  # a start time is counted in ticks from an estimated boot time

DUE_MOST = 100
_MINUTES_A_DAY = 24 * 60

_NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat"
_MONTHS, _DAYS = _NAMES.split("|")[:12], _NAMES.split("|")[12:]
_NUMBERS = {
    **{name: number for number, name in enumerate(_MONTHS, start=1)},
    **dict(zip(_DAYS, range(7), strict=True)),
}
_VALUE = rf"(?:\d{{1,2}}|{_NAMES})"
_PART = rf"(?:\*|{_VALUE}(?:-{_VALUE})?|{_VALUE}?~{_VALUE}?)(?:/\d{{1,3}})?"
_FIELD = Pattern(rf"{_PART}(?:,{_PART})*", re.IGNORECASE)
_SECONDS = Pattern(r"@\d{1,9}")
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def is_schedule(text: str) -> bool:
    """Whether some cron takes this text (five fields, or a nickname) for a schedule."""
    words = text.split()
    if len(words) == 1:
        return words[0] in NICKNAMES or _SECONDS.fullmatch(words[0]) is not None
    return len(words) == 5 and all(
        _FIELD.fullmatch(word) is not None and _in_bounds(word, index) for index, word in enumerate(words)
    )


def in_words(text: str) -> str:
    """``every 5 minutes``, ``at 03:15 every day``, ``at boot``; else the schedule itself."""
    words = text.split()
    if len(words) == 1:
        nickname = words[0]
        if nickname == "@reboot":
            return "at boot"
        if _SECONDS.fullmatch(nickname):
            return f"{nickname[1:]} seconds after it last ended"
        words = NICKNAMES.get(nickname, "").split()
    if len(words) != 5:
        return text
    minute, hour, day, month, weekday = words
    if day == month == weekday == "*":
        return _daily_in_words(minute, hour) or text
    if month != "*" or not (minute.isdigit() and hour.isdigit()):
        return _first_of_january(words) or text
    clock = f"at {int(hour):02}:{int(minute):02}"
    if day == "*":
        named = _weekday_name(weekday)
        return f"{clock} every {named}" if named else text
    return f"{clock} on day {int(day)} of every month" if day.isdigit() and weekday == "*" else text


def falls_on(text: str, moment: float, zone: tzinfo | None = None) -> bool:
    """Whether what this schedule started at a full minute would have a start time of ``moment``.

    True from a tick before the minute until two seconds after it; ``zone`` is the machine's own unless
    given. False for ``@reboot``, for random minutes (``~``) and for fields that cannot be interpreted.
    """
    shifted = moment + _SECONDS_BEFORE_THE_MINUTE
    if shifted % 60 > SECONDS_AFTER_THE_MINUTE + _SECONDS_BEFORE_THE_MINUTE:
        return False
    words = text.split()
    if len(words) == 1:
        words = NICKNAMES.get(words[0], "").split()
    if len(words) != 5:
        return False
    when = datetime.fromtimestamp(shifted, tz=zone)
    actual = (when.minute, when.hour, when.day, when.month, when.isoweekday() % 7)
    minute, hour, day, month, weekday = (
        value in field_values(word, index)
        for index, (word, value) in enumerate(zip(words, actual, strict=True))
    )
    either_day = words[2].startswith("*") or words[4].startswith("*")
    on_day = (day and weekday) if either_day else (day or weekday)
    return minute and hour and month and on_day


def last_due(text: str, now: float, zone: tzinfo | None = None) -> tuple[float, ...]:
    """When this schedule last fell due, the newest first: ``DUE_MOST`` times of the last day at the most.

    Whether cron ran then, and did it, no schedule can say.
    """
    minute = now - now % 60
    minutes = (minute - 60 * back for back in range(_MINUTES_A_DAY))
    return tuple(islice((each for each in minutes if falls_on(text, each, zone)), DUE_MOST))


@lru_cache(maxsize=256)
def field_values(word: str, index: int) -> frozenset[int]:
    """The values for which field ``index`` (0 minute ... 4 weekday, Sunday 0) matches; empty when unknown."""
    from crontab import CronSlice  # late: it costs 70 ms, and few lines need it

    if "~" in word:
        return frozenset()
    # python-crontab reads 1-7/2 as if it began on Sunday; cron counts weekdays from 0 to 7, as hours are.
    meaning = CronSlice(1 if index == 4 else index)
    values: set[int] = set()
    for part in _numbered(word).split(","):
        try:
            meaning.parse(_in_reach(part, index))
        except (ValueError, KeyError):
            return frozenset()
        values.update(int(value) for value in meaning)
    return frozenset(value % 7 if index == 4 else value for value in values)


def _in_reach(part: str, index: int) -> str:
    """A part of a field without a step beyond the range, which cron takes and python-crontab refuses."""
    lowest, highest = _BOUNDS[index]
    span, _, step = part.partition("/")
    if step.isdigit() and int(step) > highest:
        return str(lowest) if span == "*" else span.split("-")[0]
    return part.replace("*", "0-7") if index == 4 else part


def _numbered(word: str) -> str:
    """Names as numbers: a Sunday that ends a range is 7 for cron, but 0 for python-crontab."""
    word = re.sub("-sun", "-7", word, flags=re.IGNORECASE)
    return re.sub(_NAMES, lambda match: str(_NUMBERS[match[0].lower()]), word, flags=re.IGNORECASE)


def _in_bounds(word: str, index: int) -> bool:
    lowest, highest = _BOUNDS[index]
    numbers = [int(number) for part in word.split(",") for number in re.findall(r"\d+", part.split("/")[0])]
    return all(lowest <= number <= highest for number in numbers)


def _daily_in_words(minute: str, hour: str) -> str | None:
    """For schedules without any day: every N minutes, every N hours, once a day."""
    if hour == "*":
        if minute.isdigit():
            return "every hour" if int(minute) == 0 else f"every hour at minute {int(minute)}"
        every = _step(minute)
        return None if every is None else _every(every, "minute")
    if not minute.isdigit():
        return None
    if hour.isdigit():
        return f"at {int(hour):02}:{int(minute):02} every day"
    every = _step(hour)
    if every is None:
        return None
    suffix = "" if int(minute) == 0 else f" at minute {int(minute)}"
    return _every(every, "hour") + suffix


def _step(word: str) -> int | None:
    """N of ``*/N``, 1 of ``*``."""
    if word == "*":
        return 1
    number = word.removeprefix("*/")
    return int(number) if word.startswith("*/") and number.isdigit() and int(number) > 0 else None


def _every(number: int, unit: str) -> str:
    return f"every {unit}" if number == 1 else f"every {number} {unit}s"


def _weekday_name(word: str) -> str | None:
    if not (word.isdigit() or word.isalpha()):
        return None
    values = field_values(word, 4)
    return _WEEKDAYS[next(iter(values))] if len(values) == 1 else None


def _first_of_january(words: list[str]) -> str | None:
    return "at 00:00 on 1 January" if words == NICKNAMES["@yearly"].split() else None
