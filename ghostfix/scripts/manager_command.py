"""Manager commands: ``systemctl restart ghost`` and its kin, when they start what the profile names."""

import posixpath
import re
from collections.abc import Sequence

from ghostfix.model.service import Service

_STARTING = frozenset(
    {"start", "restart", "try-restart", "reload-or-restart", "force-restart", "condrestart", "enable"}
)
# Manager's kind -> the programs that command it.
_PROGRAMS: dict[str, frozenset[str]] = {
    "systemd": frozenset({"systemctl", "service"}),
    "systemd-user": frozenset({"systemctl"}),
    "launchd": frozenset({"launchctl"}),
    "supervisord": frozenset({"supervisorctl"}),
    "supervisor": frozenset({"supervisorctl"}),
    "pm2": frozenset({"pm2"}),
    "runit": frozenset({"sv"}),
    "s6": frozenset({"s6-svc"}),
    "daemontools": frozenset({"svc"}),
    "monit": frozenset({"monit"}),
    "openrc": frozenset({"rc-service", "service"}),
    "circus": frozenset({"circusctl"}),
    "docker": frozenset({"docker"}),
    "podman": frozenset({"podman"}),
}
_LAUNCHCTL = frozenset({"start", "kickstart", "bootstrap", "load"})
_PM2 = frozenset({"start", "restart", "reload", "resurrect", "startOrRestart", "startOrReload"})
_SV = frozenset({"start", "restart", "up", "once", "force-restart", "u"})


def starts_managed(service: Service, words: Sequence[str]) -> bool:
    """Whether a command starts the job that the profile names as its ``manager``."""
    kind, _, name = service.manager.partition(":")
    if not words or not name or kind not in _PROGRAMS:
        return False
    program, rest = words[0], [word for word in words[1:] if not word.startswith("-")]
    if program.startswith(("/etc/init.d/", "/etc/rc.d/")):
        return kind in ("systemd", "openrc") and _names(posixpath.basename(program), name) and _acts(rest)
    base = posixpath.basename(program)
    if base not in _PROGRAMS[kind]:
        return False
    if base in ("service", "rc-service"):
        return len(rest) > 1 and _names(rest[0], name) and _acts(rest[1:])
    if base in ("s6-svc", "svc"):
        return any(re.match(r"-\w*[uoTr]", word) for word in words[1:]) and any(_names(w, name) for w in rest)
    verbs = {"launchctl": _LAUNCHCTL, "pm2": _PM2, "sv": _SV}.get(base, _STARTING)
    if not rest or rest[0] not in verbs or (rest[0] == "enable" and "--now" not in words):
        return False
    if rest[0] == "resurrect" or "all" in rest[1:]:
        return base in ("pm2", "supervisorctl", "monit")
    return any(_names(word, name) for word in rest[1:])


def _acts(words: Sequence[str]) -> bool:
    return bool(words) and words[0] in _STARTING


def _names(word: str, name: str) -> bool:
    """Whether a word names the job: ``ghost.service``, ``gui/501/com.x``, ``~/Library/.../com.x.plist``."""
    base = posixpath.basename(word.rstrip("/"))
    stems = {word, base, base.removesuffix(".plist"), base.partition(":")[0], word.removesuffix(":*")}
    return name in stems or name.removesuffix(".service") in {stem.removesuffix(".service") for stem in stems}
