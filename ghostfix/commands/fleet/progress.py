"""Progress of a fleet at work: a line for each host as it answers, on standard error."""

from collections.abc import Callable

from ghostfix.commands.fleet.wording import state_words
from ghostfix.model.errors import ExitCode
from ghostfix.model.fleet import SURVEYED, FleetHost, HostState
from ghostfix.report.symbols import Marks

_MARKS = Marks()


def fleet_progress(say: Callable[[str], None], total: int | None) -> Callable[[FleetHost, int], None]:
    """What is said of each host; ``total`` is how many will answer, when that is known."""

    def print_host(host: FleetHost, answered: int) -> None:
        number = f"{answered}/{total}" if total else f"{answered:>3}"
        say(f"  {_mark(host)} {number} {host.name}: {_word(host)}")

    return print_host


def _mark(host: FleetHost) -> str:
    if host.state not in SURVEYED:
        return _MARKS.unread
    return _MARKS.good if host.exit_code == ExitCode.HEALTHY else _MARKS.bad


def _word(host: FleetHost) -> str:
    if host.state not in SURVEYED:
        return f"{state_words(host)}: {host.reason or ''}"
    words = [] if host.verdict is None else [host.verdict.value]
    if host.state is HostState.DONE:
        words.append(f"run {host.run}" if host.run else "nothing to do")
    return ", ".join(words) or ("would be changed" if host.changed else "nothing to do")
