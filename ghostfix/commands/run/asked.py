"""A run as the command line asks for it: its words checked, and the service started once."""

from msgspec import Struct

from ghostfix.commands import machine, seconds
from ghostfix.commands.run.run_once import RunOptions, start_once
from ghostfix.model.errors import ProfileError
from ghostfix.model.supervision import Policy, policy_of
from ghostfix.system.launcher import LocalLauncher
from ghostfix.system.reader_loss import drop_unwritable_output

_DEFAULTS = (5, "5m", "1s..60s")


class AskedRun(Struct, frozen=True, kw_only=True):
    """The options as they were typed; ``command`` is what stood behind ``--``, None without it."""

    name: str | None
    config: str | None
    command: tuple[str, ...] | None
    if_running: str
    restart: str | None
    most: int
    within: str
    backoff: str
    share_lock: bool
    quiet: bool


def run_as_asked(asked: AskedRun) -> str:
    """Starts it and becomes it; where one runs already, what is to be said of that.

    Raises ProfileError for what cannot be meant.
    """
    if asked.command is not None and not asked.command:
        raise ProfileError("there is no command behind `--`", "`ghostfix run NAME -- COMMAND ...`")
    if asked.restart is None and (asked.most, asked.within, asked.backoff) != _DEFAULTS:
        raise ProfileError("--max, --within and --backoff say how to restart", "add `--restart on-failure`")
    options = RunOptions(
        name=asked.name,
        config=asked.config,
        command=asked.command or (),
        if_running=asked.if_running,
        policy=_policy(asked),
        share_lock=asked.share_lock,
        quiet=asked.quiet,
    )
    drop_unwritable_output()
    return start_once(machine.local_system(), LocalLauncher(), options)


def _policy(asked: AskedRun) -> Policy | None:
    low, dots, high = asked.backoff.partition("..")
    shortest = seconds(low, "--backoff")
    if asked.restart is None:
        return None
    return policy_of(
        asked.restart,
        most=asked.most,
        within=seconds(asked.within, "--within"),
        shortest=shortest,
        longest=seconds(high, "--backoff") if dots else shortest,
    )
