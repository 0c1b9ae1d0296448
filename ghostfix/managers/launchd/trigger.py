"""What makes a launchd job start, in words."""

from ghostfix.managers.launchd.plist import CalendarInterval, LaunchdJob, RestartRule

_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DEFAULT_THROTTLE = 10
_RESTARTS = {
    RestartRule.ALWAYS: "whenever it exits",
    RestartRule.ON_FAILURE: "when it exits with an error",
    RestartRule.ON_SUCCESS: "when it exits without an error",
    RestartRule.ON_CRASH: "when it crashes",
    RestartRule.UNLESS_CRASHED: "when it exits without crashing",
    RestartRule.OTHER_JOB: "while another job is loaded",
}


def triggers(job: LaunchdJob) -> tuple[str, ...]:
    """Everything that starts the job, the most frequent kind first; empty when only a person can."""
    words = [_RESTARTS[rule] for rule in job.restarts if rule in _RESTARTS]
    words += [
        f"while {condition.path} {'exists' if condition.exists else 'does not exist'}"
        for condition in job.path_conditions
    ]
    words += [f"while {folder} is not empty" for folder in job.queue_directories]
    if job.interval is not None:
        words.append(interval_words(max(job.interval, job.throttle or _DEFAULT_THROTTLE)))
    words += [calendar_words(entry) for entry in job.calendar]
    words += [f"when {path} changes" for path in job.watch_paths]
    words += [f"when somebody connects to its socket {name}" for name in job.sockets]
    words += [f"when somebody asks for {name}" for name in job.mach_services]
    words += [f"on an event of {name}" for name in job.launch_events]
    if job.start_on_mount:
        words.append("when a volume is mounted")
    if job.run_at_load or RestartRule.ALWAYS in job.restarts or RestartRule.ON_FAILURE in job.restarts:
        words.append("when it is loaded (login or boot)")
    return tuple(words)


def interval_words(seconds: int) -> str:
    """``every 10 minutes``, ``every hour``, ``every 90 seconds``."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            count = seconds // size
            return f"every {unit}" if count == 1 else f"every {count} {unit}s"
    return "every second" if seconds == 1 else f"every {seconds} seconds"


def calendar_words(entry: CalendarInterval) -> str:
    """``at 08:40 every day``, ``at 03:00 on Sunday``, ``at minute 5 of every hour``."""
    return f"{_clock(entry)}{_date(entry)}"


def _clock(entry: CalendarInterval) -> str:
    if entry.hour is not None and entry.minute is not None:
        return f"at {entry.hour:02}:{entry.minute:02}"
    if entry.hour is not None:
        return f"every minute from {entry.hour:02}:00 to {entry.hour:02}:59"
    if entry.minute is not None:
        return f"at minute {entry.minute} of every hour"
    return "every minute"


def _date(entry: CalendarInterval) -> str:
    parts: list[str] = []
    if entry.weekday is not None:
        named = 0 <= entry.weekday < len(_WEEKDAYS)
        parts.append(_WEEKDAYS[entry.weekday] if named else f"weekday {entry.weekday}")
    if entry.day is not None:
        parts.append(f"day {entry.day}")
    # launchd starts a job when either matches, as cron does.
    days = " and on ".join(parts)
    month = "" if entry.month is None else _month(entry.month)
    if days:
        return f" on {days}{' of ' + month if month else ''}"
    if month:
        return f" every day of {month}"
    return " every day" if entry.hour is not None else ""


def _month(number: int) -> str:
    return _MONTHS[number - 1] if 1 <= number <= len(_MONTHS) else f"month {number}"
