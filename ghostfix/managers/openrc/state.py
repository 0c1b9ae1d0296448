"""OpenRC's own state below /run/openrc, and the command lines of its supervise-daemon.

``supervise-daemon NAME OPTIONS PROGRAM -- ARGUMENTS`` starts itself anew, once it is in the background, as
``supervise-daemon NAME --reexec``; then the words are in ``options/NAME/argv_N`` (supervise-daemon(8)).
"""

from msgspec import Struct

from ghostfix.model.machine import System

FOLDERS = ("/run/openrc", "/lib/rc/init.d", "/libexec/rc/init.d")
_VALUED = """
-d --chdir -e --env -g --group -I --ionice -k --umask -m --respawn-max -N --nicelevel -p --pidfile
-D --respawn-delay -P --respawn-period -r --chroot -u --user -1 --stdout -2 --stderr -R --retry
-a --healthcheck-timer -A --healthcheck-delay --capabilities --secbits --notify --oom-score-adj
--scheduler --scheduler-priority --stdout-logger --stderr-logger
"""
_WITH_VALUE = frozenset(_VALUED.split())
_LIMIT = 1 << 16
_WORDS = 200


class Supervised(Struct, frozen=True, kw_only=True):
    """A service of supervise-daemon."""

    name: str
    words: tuple[str, ...]
    """The program that it keeps and that program's words; empty when they could not be read."""
    folder: str | None = None
    delay: str | None = None
    """Seconds between two starts, as they are written."""


def read_argv(argv: tuple[str, ...]) -> Supervised | None:
    """What the command line of a supervise-daemon says; None when it names no service."""
    if len(argv) < 2 or argv[1].startswith("-"):
        return None
    words = list(argv[2:])
    values: dict[str, str] = {}
    while words and words[0].startswith("-"):
        option, _, attached = words.pop(0).partition("=")
        if option == "--":
            break
        if option in _WITH_VALUE and not attached and words:
            attached = words.pop(0)
        values[option] = attached
    program = tuple(word for word in words[:1]) + tuple(words[2:] if words[1:2] == ["--"] else words[1:])
    return Supervised(
        name=argv[1],
        words=program,
        folder=values.get("-d") or values.get("--chdir"),
        delay=values.get("-D") or values.get("--respawn-delay"),
    )


def kept_words(system: System, name: str) -> tuple[str, ...]:
    """The words that supervise-daemon itself wrote down for its next self."""
    for folder in FOLDERS:
        words: list[str] = []
        for number in range(_WORDS):
            path = f"{folder}/options/{name}/argv_{number}"
            if system.status(path).value is None:
                break
            words.append(system.read(path, _LIMIT).value.decode(errors="backslashreplace").rstrip("\n"))
        if words:
            return tuple(words)
    return ()


def started(system: System) -> tuple[str, ...]:
    """The services that OpenRC has started."""
    return next((names for folder in FOLDERS if (names := system.names(f"{folder}/started").value)), ())
