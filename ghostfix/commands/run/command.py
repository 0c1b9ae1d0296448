"""``ghostfix run``: starts a service unless it runs, and becomes it; a kernel lock keeps it one."""

import sys
from enum import StrEnum
from typing import Annotated

import typer
from typer.core import TyperCommand

from ghostfix.commands import Config, Name, subcommand

app = subcommand()


class IfRunning(StrEnum):
    """What a second call does."""

    OK = "ok"
    FAIL = "fail"
    WAIT = "wait"


class When(StrEnum):
    ON_FAILURE = "on-failure"
    ALWAYS = "always"


_COMMAND = "ghostfix.run.command"


class WithCommand(TyperCommand):
    """A command line whose part behind ``--`` is another command, which is not parsed here."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        own = args
        if "--" in args:
            at = args.index("--")
            own, ctx.meta[_COMMAND] = args[:at], tuple(args[at + 1 :])
        return super().parse_args(ctx, own)

    def collect_usage_pieces(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND ...]"]


@app.command(cls=WithCommand)
def run(
    context: typer.Context,
    name: Name = None,
    config: Config = None,
    if_running: Annotated[
        IfRunning,
        typer.Option(help="When it runs already: say so and exit 0, or 75, or wait and take over."),
    ] = IfRunning.OK,
    restart: Annotated[
        When | None, typer.Option(help="Stay, and start it again when it ends (else: become it).")
    ] = None,
    most: Annotated[
        int, typer.Option("--max", min=0, metavar="N", help="So many restarts within --within; then it ends.")
    ] = 5,
    within: Annotated[str, typer.Option(metavar="5m", help="The time in which --max restarts count.")] = "5m",
    backoff: Annotated[
        str, typer.Option(metavar="1s..60s", help="The pause before a restart, twice as long each time.")
    ] = "1s..60s",
    share_lock: Annotated[
        bool, typer.Option("--share-lock", help="What the service starts holds the lock, too.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing when it runs already.")] = False,
) -> None:
    """Start a service unless it runs, and become it: one instance, guaranteed by a kernel lock.

    The lock is the PID file. It ends with the process, whatever ends that. `-- COMMAND` replaces the
    profile's `start`; `{python}` in it is the profile's interpreter.

    Example: `ghostfix run web --if-running=wait`
    """
    from ghostfix.commands.run.asked import AskedRun, run_as_asked

    asked = AskedRun(
        name=name,
        config=config,
        command=context.meta.get(_COMMAND),
        if_running=if_running.value,
        restart=None if restart is None else restart.value,
        most=most,
        within=within,
        backoff=backoff,
        share_lock=share_lock,
        quiet=quiet,
    )
    sentence = run_as_asked(asked)  # first: it gives us a standard output that loses what cannot be written
    sys.stdout.write(sentence)
