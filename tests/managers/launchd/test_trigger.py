import pytest

from ghostfix.managers.launchd.plist import CalendarInterval, LaunchdJob, PathCondition, RestartRule
from ghostfix.managers.launchd.trigger import calendar_words, interval_words, triggers


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "every second"),
        (90, "every 90 seconds"),
        (60, "every minute"),
        (600, "every 10 minutes"),
        (7200, "every 2 hours"),
        (86400, "every day"),
    ],
)
def test_intervals(seconds: int, words: str) -> None:
    assert interval_words(seconds) == words


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (CalendarInterval(hour=8, minute=40), "at 08:40 every day"),
        (CalendarInterval(weekday=7, hour=3, minute=0), "at 03:00 on Sunday"),
        (CalendarInterval(minute=5), "at minute 5 of every hour"),
        (CalendarInterval(hour=8), "every minute from 08:00 to 08:59 every day"),
        (CalendarInterval(day=1, month=2, hour=0, minute=0), "at 00:00 on day 1 of February"),
        (CalendarInterval(day=1, weekday=1, hour=0, minute=0), "at 00:00 on Monday and on day 1"),
        (CalendarInterval(month=12, hour=1, minute=2), "at 01:02 every day of December"),
        (CalendarInterval(weekday=9, month=13), "every minute on weekday 9 of month 13"),
        (CalendarInterval(), "every minute"),
    ],
)
def test_calendars(entry: CalendarInterval, words: str) -> None:
    assert calendar_words(entry) == words


def test_a_job_says_everything_that_starts_it() -> None:
    job = LaunchdJob(
        label="x",
        program="/x",
        argv=("/x",),
        restarts=(RestartRule.ON_CRASH, RestartRule.PATH_STATE, RestartRule.QUEUE_DIRECTORIES),
        path_conditions=(PathCondition("/on", exists=True), PathCondition("/off", exists=False)),
        queue_directories=("/queue",),
        interval=5,
        watch_paths=("/watched",),
        sockets=("web",),
        mach_services=("port",),
        launch_events=("com.apple.iokit.matching",),
        start_on_mount=True,
        run_at_load=True,
    )
    assert triggers(job) == (
        "when it crashes",
        "while /on exists",
        "while /off does not exist",
        "while /queue is not empty",
        "every 10 seconds",
        "when /watched changes",
        "when somebody connects to its socket web",
        "when somebody asks for port",
        "on an event of com.apple.iokit.matching",
        "when a volume is mounted",
        "when it is loaded (login or boot)",
    )


def test_keeping_alive_starts_at_load_too() -> None:
    job = LaunchdJob(label="x", program="/x", argv=("/x",), restarts=(RestartRule.ALWAYS,))
    assert triggers(job) == ("whenever it exits", "when it is loaded (login or boot)")
    assert triggers(LaunchdJob(label="x", program="/x", argv=("/x",))) == ()
