"""Wrappers: programs that run another command, given in their own words, in a way of their own.

``invocation`` knows the plain wrappers (``nohup``, ``env``, ``timeout``); here are those that open a
session, change the user or start the command again and again. What they run on another machine or in
a container (``ssh``, ``docker``) is not a start here.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import Struct

from ghostfix.scripts.script import seconds


class Launch(Struct, frozen=True, kw_only=True):
    """What a launcher runs: shell text, or words."""

    text: str | None = None
    words: tuple[str, ...] = ()
    again: str = ""
    """Why it starts the command more than once; empty when it does not."""
    interval: float | None = None


def launches(words: Sequence[str], stdin: str | None = None) -> Launch | None:
    """What a command runs by way of a launcher; None when its program is none."""
    if not words:
        return None
    reader = _READERS.get(words[0].rpartition("/")[2])
    if reader is not None:
        return reader(list(words[1:]))
    if words[0].rpartition("/")[2] in ("at", "batch") and stdin:
        return Launch(text=stdin)
    return None


def is_launcher(name: str) -> bool:
    """Whether this is a program whose command ``launches`` knows how to find, or knows that there is none."""
    return name in _READERS


def _after_options(words: list[str], with_value: str = "") -> list[str]:
    """The words from the first that is no option; ``with_value`` are the options that take a word."""
    takes = with_value.split()
    index = 0
    while index < len(words) and words[index].startswith("-"):
        if words[index] == "--":
            return words[index + 1 :]
        index += 2 if words[index] in takes else 1
    return words[index:]


def _command(words: list[str], **facts: str) -> Launch | None:
    """One word is shell text, several are the command's own words."""
    again = facts.get("again", "")
    if not words:
        return None
    return Launch(text=words[0], again=again) if len(words) == 1 else Launch(words=tuple(words), again=again)


def _su(words: list[str]) -> Launch | None:
    for flag in ("-c", "--command"):
        if flag in words[:-1]:
            return Launch(text=words[words.index(flag) + 1])
    given = next((word for word in words if word.startswith("--command=")), None)
    return None if given is None else Launch(text=given.partition("=")[2])


def _tmux(words: list[str]) -> Launch | None:
    words = _after_options(words, "-L -S -f -c")
    if not words:
        return None
    if words[0] in ("new-session", "new", "new-window", "neww", "split-window", "splitw", "respawn-pane",
                    "respawnp", "respawn-window", "respawnw", "run-shell", "run"):  # fmt: skip
        return _command(_after_options(words[1:], "-s -n -t -c -x -y -e -F -l -p -f"))
    if words[0] in ("send-keys", "send"):
        keys = _after_options(words[1:], "-t -N")
        typed = [key for key in keys if key not in ("C-m", "Enter", "ENTER", "KPEnter", "C-c", "C-u")]
        return Launch(text=" ".join(typed)) if typed and len(typed) < len(keys) else None
    return None


def _screen(words: list[str]) -> Launch | None:
    if "stuff" in words[:-1]:
        return Launch(text=re.sub(r"\\n|\\r|\^M|\\015|\\012", "\n", words[words.index("stuff") + 1]))
    if any(word in ("-X", "-ls", "-list", "-r", "-x", "-wipe") for word in words):
        return None
    rest = _after_options(words, "-S -dmS -dRS -DmS -DRS -AdmS -LdmS -t -c -h -e -s -T -p -Logfile")
    return Launch(words=tuple(rest)) if rest else None


def _watch(words: list[str]) -> Launch | None:
    interval = 2.0
    for index, word in enumerate(words):
        if not word.startswith("-"):
            break
        value = words[index + 1] if word in ("-n", "--interval") and index + 1 < len(words) else word[2:]
        interval = seconds(value.lstrip("nterval=")) or interval
    rest = _after_options(words, "-n --interval -q")
    return Launch(text=" ".join(rest), again="watch runs it again", interval=interval) if rest else None


def _start_stop_daemon(words: list[str]) -> Launch | None:
    if not {"--start", "-S"}.intersection(words):
        return None
    program = next(
        (words[at + 1] for at, word in enumerate(words[:-1]) if word in ("--exec", "-x", "--startas", "-a")),
        None,
    )
    rest = words[words.index("--") + 1 :] if "--" in words else []
    return None if program is None else Launch(words=(program, *rest))


def _xargs(words: list[str]) -> Launch | None:
    rest = _after_options(words, "-I -n -P -L -d -a -s -E")
    return Launch(words=tuple(rest)) if rest else None


def _systemd_run(words: list[str]) -> Launch | None:
    rest = _after_options(words, "-u --unit -p --property -E --setenv --slice --description -M -H -t")
    return Launch(words=tuple(rest)) if rest else None


def _terminal(words: list[str]) -> Launch | None:
    for flag in ("--", "-e", "-x"):
        if flag in words[:-1]:
            return _command(words[words.index(flag) + 1 :])
    return None


def _nodemon(words: list[str]) -> Launch | None:
    if "--exec" in words[:-1] or "-x" in words[:-1]:
        at = next(index for index, word in enumerate(words) if word in ("--exec", "-x"))
        rest = _after_options(words[at + 2 :])
        return Launch(
            text=" ".join([words[at + 1], *rest]), again="nodemon runs it again when a file changes"
        )
    rest = _after_options(words, "-w --watch -e --ext -i --ignore -d --delay --config --cwd --signal")
    return _node(rest, "nodemon runs it again when a file changes")


def _forever(words: list[str]) -> Launch | None:
    options = "-m -l -o -e -p -c -a --uid --sourceDir --workingDir --minUptime --spinSleepTime --pidFile"
    command = ""
    if "-c" in words[:-1]:
        command = words[words.index("-c") + 1]
    rest = _after_options(words, options)
    if rest[:1] == ["start"]:
        rest = _after_options(rest[1:], options)
    elif rest[:1] and rest[0] in ("stop", "stopall", "list", "logs", "cleanlogs", "columns", "config"):
        return None
    again = "forever runs it again when it exits"
    return Launch(words=(*shlex.split(command), *rest), again=again) if command else _node(rest, again)


def _node(words: list[str], again: str) -> Launch | None:
    if not words:
        return None
    interpreter = ("python3",) if words[0].endswith(".py") else ("node",)
    return Launch(words=(*interpreter, *words), again=again)


def _watchmedo(words: list[str]) -> Launch | None:
    if words[:1] == ["auto-restart"]:
        rest = _after_options(
            words[1:], "-d --directory -p --patterns --pattern -i --ignore-patterns --signal"
        )
        return Launch(words=tuple(rest), again="watchmedo runs it again") if rest else None
    if words[:1] == ["shell-command"]:
        text = next(
            (words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-c", "--command")), None
        )
        return None if text is None else Launch(text=text, again="watchmedo runs it when a file changes")
    return None


def _entr(words: list[str]) -> Launch | None:
    rest = _after_options(words)
    return Launch(words=tuple(rest), again="entr runs it when a file changes") if rest else None


def _pm2(words: list[str]) -> Launch | None:
    if words[:1] != ["start"] or len(words) < 2:
        return None
    options = (
        "--name -n -i --interpreter --cwd --log -l -o -e --output --error --namespace --cron"
        " --max-memory-restart"
    )
    interpreter = next((words[at + 1] for at, word in enumerate(words[:-1]) if word == "--interpreter"), None)
    own = words[1 : words.index("--")] if "--" in words else words[1:]
    after = words[words.index("--") + 1 :] if "--" in words else []
    program = _after_options(own, options)[:1]
    if not program:
        return None
    again = "pm2 runs it again when it exits"
    if interpreter is not None and interpreter != "none":
        return Launch(words=(interpreter, *program, *after), again=again)
    if program[0].endswith((".js", ".mjs", ".cjs", ".py")):
        return _node([*program, *after], again)
    return Launch(text=shlex.join([*program, *after]) if after else program[0], again=again)


def _npx(words: list[str]) -> Launch | None:
    rest = _after_options(words, "-p --package -c --call")
    return Launch(words=tuple(rest)) if rest else None


def _parallel(words: list[str]) -> Launch | None:
    own = words[: words.index(":::")] if ":::" in words else words
    return _command(_after_options(own, "-j --jobs"))


def _script(words: list[str]) -> Launch | None:
    """``script -qc TEXT FILE`` (script(1)); without a command it opens a shell for a person."""
    for word, following in pairwise(words):
        if word == "--command" or (word.startswith("-") and not word.startswith("--") and word.endswith("c")):
            return Launch(text=following)
    given = next((word for word in words if word.startswith("--command=")), None)
    return None if given is None else Launch(text=given.partition("=")[2])


def _concurrently(words: list[str]) -> Launch | None:
    texts = _after_options(words, "-n --names -c --prefix-colors -p --prefix --max-processes -m")
    return Launch(text="\n".join(texts)) if texts else None


def _env(words: list[str]) -> Launch | None:
    """Only ``env -S TEXT``; without that option env is a plain wrapper."""
    split = next(
        (index for index, word in enumerate(words) if word.startswith(("-S", "--split-string"))), None
    )
    if split is None or any(not word.startswith("-") for word in words[:split]):
        return None
    own = words[split].removeprefix("-S").removeprefix("--split-string").removeprefix("=")
    return Launch(text=" ".join([own, *map(shlex.quote, words[split + 1 :])] if own else words[split + 1 :]))


_READERS: dict[str, Callable[[list[str]], Launch | None]] = {
    "su": _su,
    "runuser": _su,
    "tmux": _tmux,
    "screen": _screen,
    "watch": _watch,
    "start-stop-daemon": _start_stop_daemon,
    "daemonize": lambda words: _xargs(_after_options(words, "-c -e -o -p -l -u -E")),
    "xargs": _xargs,
    "systemd-run": _systemd_run,
    "xterm": _terminal,
    "gnome-terminal": _terminal,
    "konsole": _terminal,
    "nodemon": _nodemon,
    "forever": _forever,
    "watchmedo": _watchmedo,
    "entr": _entr,
    "pm2": _pm2,
    "npx": _npx,
    "parallel": _parallel,
    "script": _script,
    "concurrently": _concurrently,
    "env": _env,
}
