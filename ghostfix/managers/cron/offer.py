"""cron: one line, every minute, that ``ghostfix run`` keeps to one instance by a kernel lock.

``@reboot`` would start it once and never again, and not at all when the cron daemon itself is restarted
(Debian's runs such lines only once per boot); a try each minute covers the boot and every end.
"""

import posixpath
import shlex

from ghostfix.managers.adoption_target import Adopter, Offer, Unavailable
from ghostfix.managers.cron.adopt_line import AdoptCronLine
from ghostfix.managers.cron.crontab_file import CrontabFile
from ghostfix.managers.cron.daemon import is_cron_daemon
from ghostfix.managers.job_spec import JobWanted
from ghostfix.model.machine import Platform, System
from ghostfix.model.pattern import Pattern
from ghostfix.service.trust import wrong_runner

_LONGEST = 900
"""Bytes of a line; Debian's cron takes 998 of a command (MAX_COMMAND in its cron.h)."""
_LOST = Pattern(r"\\[\\%]")
"""In a crontab a backslash before these two is taken away (seen), and a ``%`` then ends the command."""
_NOTE = (
    "cron looks once a minute: a service that ends is down until then, and one that always fails is tried "
    "again each minute, never twice at a time; an undo takes the line away, and what cron started runs on"
)


def offer(system: System, wanted: JobWanted) -> Offer | Unavailable:
    if system.program("crontab") is None:
        return Unavailable(
            "there is no crontab program", "install your system's package `cron` (or `cronie`)"
        )
    if system.platform is Platform.LINUX and not any(map(is_cron_daemon, system.processes().value)):
        return Unavailable("no cron daemon runs", "`systemctl start cron` (or `crond`), or start it by hand")
    danger = wrong_runner(system, wanted.ghostfix[:1], wanted.user)
    if danger is not None:
        return Unavailable(danger, "install ghostfix as root, in a folder of root's")
    answer = system.ask((*wanted.ghostfix, "--version"), user=wanted.user or None)
    user = wanted.user or system.caller().user
    if answer.status != 0:
        return Unavailable(
            f"{user} cannot run {shlex.join(wanted.ghostfix)}: {answer.complaint}",
            f"install ghostfix where {user} can run it",
        )
    if wanted.user and wanted.profile:
        readable = system.ask(("test", "-r", wanted.profile), user=wanted.user)
        if readable.status != 0:
            return Unavailable(f"{user} cannot read {wanted.profile}", f"put it where {user} can read it")
    text = line(wanted)
    if (size := len(text.encode())) > _LONGEST:
        return Unavailable(f"the line would be {size} bytes long, and cron takes {_LONGEST}")
    if _LOST.search(text.replace("\\%", "%")):
        return Unavailable(
            "cron would take a backslash out of a path that has one before a % or another backslash"
        )
    step = AdoptCronLine(reason="adopt", tab=CrontabFile(user=user), text=f"{text}\n".encode())
    return Offer(manager="cron", step=step, scope=user, after=step.text, place=str(step.tab), notes=(_NOTE,))


def line(wanted: JobWanted) -> str:
    """The line without its end (pure). A crontab's ``%`` ends the command unless escaped."""
    words = [*wanted.ghostfix, "run", wanted.name, "--quiet"]
    if wanted.profile:
        words += ["--config", wanted.profile]
    # A built-in profile means the folder in which it is used.
    there = "" if wanted.profile else f"cd {shlex.quote(wanted.directory)} && "
    call = f"{_path(wanted)}{shlex.join(words)}"
    return f"* * * * * {there}{wanted.ulimit}{call} >>{shlex.quote(wanted.log)} 2>&1".replace("%", "\\%")


def _path(wanted: JobWanted) -> str:
    """What lets ``ghostfix run`` find the very program that was found here: cron's own PATH is short."""
    folder = posixpath.dirname(wanted.command[0])
    venv = next((one.value for one in wanted.variables if one.name == "VIRTUAL_ENV"), None)
    known = folder in ("/usr/bin", "/bin") or (venv is not None and folder == f"{venv}/bin")
    return "" if known else f'PATH={shlex.quote(folder)}:"$PATH" '


ADOPTER = Adopter(
    kind="cron", title="cron", enforces=frozenset({"service_open_files"}), offer=offer, settles=100.0
)
