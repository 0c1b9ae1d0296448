"""A watch as the command line asks for it: its words checked, and the machine at hand watched."""

from msgspec import Struct

from ghostfix.commands import machine, seconds
from ghostfix.commands.watch.output import WatchOptions, watched
from ghostfix.model.errors import ExitCode, ProfileError
from ghostfix.system.process_watch import is_unread, publish
from ghostfix.system.signal_inbox import end_on_term


class AskedWatch(Struct, frozen=True, kw_only=True):
    """The options as they were typed."""

    name: str | None
    config: str | None
    length: str | None
    interval: str
    format: str | None
    metrics: str | None


def watch_as_asked(asked: AskedWatch) -> ExitCode:
    """Watches, and gives the exit code of the verdict; raises ProfileError for what cannot be meant."""
    length = None if asked.length is None else seconds(asked.length, "--for")
    pause = seconds(asked.interval, "--interval")
    if pause < 0.1:
        raise ProfileError("--interval is at least 0.1s", "nothing between is missed: `--interval 1s`")
    system = machine.local_system()
    end_on_term()
    options = WatchOptions(
        name=asked.name,
        config=asked.config,
        seconds=length,
        interval=pause,
        format=asked.format,
        metrics=asked.metrics,
    )
    return watched(system, publish, is_unread, options)
