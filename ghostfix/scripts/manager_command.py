"""Manager commands: ``systemctl restart ghost`` and its kin, when they start what the profile names."""

import posixpath
from collections.abc import Sequence

from ghostfix.model.manager_signs import CommandForm, ManagerCommand, ManagerSigns
from ghostfix.model.service import Service

_INIT_SCRIPTS = ("/etc/init.d/", "/etc/rc.d/")
_INIT_VERBS = frozenset(
    {"start", "restart", "try-restart", "condrestart", "reload-or-restart", "force-restart"}
)


def starts_managed(service: Service, words: Sequence[str], managers: Sequence[ManagerSigns]) -> bool:
    """Whether a command starts the job that the profile names as its ``manager``."""
    kind, _, name = service.manager.partition(":")
    signs = next((each for each in managers if kind in (each.kind, *each.aliases)), None)
    if not words or not name or signs is None:
        return False
    program, rest = words[0], [word for word in words[1:] if not word.startswith("-")]
    if program.startswith(_INIT_SCRIPTS):
        acts = bool(rest) and rest[0] in _INIT_VERBS
        return signs.init_scripts and acts and _names(posixpath.basename(program), name)
    base = posixpath.basename(program)
    return any(_starts(command, words, rest, name) for command in signs.commands if command.program == base)


def only_scans(program: str, arguments: Sequence[str], managers: Sequence[ManagerSigns]) -> bool:
    """Whether a command only asks a manager what runs: ``systemctl is-active web``, ``pm2 pid web``."""
    commands = [each for signs in managers for each in signs.commands if each.program == program]
    return any(command.scans.intersection(arguments) for command in commands)


def _starts(command: ManagerCommand, words: Sequence[str], rest: Sequence[str], name: str) -> bool:
    match command.form:
        case CommandForm.NAME_FIRST:
            return len(rest) > 1 and _names(rest[0], name) and rest[1] in command.starts
        case CommandForm.FLAGS:
            given = {letter for word in words[1:] if word.startswith("-") for letter in word[1:]}
            return bool(given & command.starts) and any(_names(word, name) for word in rest)
        case CommandForm.VERB_FIRST:
            return _verb_starts(command, words, rest, name)


def _verb_starts(command: ManagerCommand, words: Sequence[str], rest: Sequence[str], name: str) -> bool:
    if not rest or rest[0] not in command.starts:
        return False
    needed = dict(command.only_with).get(rest[0])
    if needed is not None and needed not in words:
        return False
    return bool(command.everything.intersection(rest)) or any(_names(word, name) for word in rest[1:])


def _names(word: str, name: str) -> bool:
    """Whether a word names the job: ``ghost.service``, ``gui/501/com.x``, ``~/Library/.../com.x.plist``."""
    base = posixpath.basename(word.rstrip("/"))
    stems = {word, base, base.removesuffix(".plist"), base.partition(":")[0], word.removesuffix(":*")}
    return name in stems or name.removesuffix(".service") in {stem.removesuffix(".service") for stem in stems}
