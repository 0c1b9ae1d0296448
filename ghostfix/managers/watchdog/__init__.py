"""Watchdogs: loops and scripts that start a service again, in a terminal multiplexer or without."""

from ghostfix.managers.interface import Manager
from ghostfix.managers.restarter import Restarter
from ghostfix.model.manager_signs import ManagerCommand, ManagerProcess, ManagerSigns

WATCHDOG = ManagerSigns(kind="watchdog", title="the loop")
NODEMON = ManagerSigns(
    kind="nodemon",
    title="nodemon",
    processes=(ManagerProcess("nodemon", "nodemon"), ManagerProcess("nodemon.js", "nodemon")),
)
WATCHMEDO = ManagerSigns(
    kind="watchmedo", title="watchmedo", processes=(ManagerProcess("watchmedo", "watchmedo"),)
)
MULTIPLEXER = ManagerSigns(
    kind="terminal",
    title="the terminal",
    processes=(
        ManagerProcess("tmux", "tmux"),
        ManagerProcess("screen", "screen"),
        ManagerProcess("SCREEN", "screen"),
        ManagerProcess("zellij", "zellij"),
    ),
    variables=("TMUX", "TMUX_PANE", "STY", "WINDOW"),
    commands=(
        ManagerCommand(program="screen", scans=frozenset({"-ls", "-list"})),
        ManagerCommand(
            program="tmux", scans=frozenset({"has-session", "has", "ls", "list-sessions", "list-panes"})
        ),
    ),
    starts_again=False,
    is_session=True,
)
"""In whose panes loops run; what runs in them ends with them, and nothing is started again."""


def _restarters() -> tuple[Restarter, ...]:
    from ghostfix.managers.watchdog import jobs

    return (jobs.RESTARTER,)


MANAGER = Manager((WATCHDOG, NODEMON, WATCHMEDO, MULTIPLEXER), _restarters)
