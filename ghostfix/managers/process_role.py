"""Role: what a process is to those that it started: a manager, a session, a shell, a plain program.

The table holds what is seen on real machines; a process's own name is cut at 15 characters by Linux.
"""

import posixpath

from msgspec import Struct

from ghostfix.managers.cron.daemon import runs_a_job
from ghostfix.model.invocation import Invocation, read_argv
from ghostfix.model.process import Process
from ghostfix.scripts.ghostfix_run_command import read_own_run


class Role(Struct, frozen=True):
    """What a process is, as a stable key (``cron``) and in words (``cron, running a job``)."""

    kind: str
    words: str

    @property
    def manages(self) -> bool:
        """Whether programs of this kind start their children again, by their own configuration."""
        return self.kind in MANAGERS

    @property
    def is_session(self) -> bool:
        """Whether a person sits behind it: what it started, nobody starts again."""
        return self.kind in SESSIONS


MANAGERS = frozenset(
    {
        "systemd",
        "launchd",
        "cron",
        "anacron",
        "at",
        "supervisord",
        "pm2",
        "runit",
        "s6",
        "daemontools",
        "monit",
    }
    | {"circus", "openrc", "forever", "nodemon", "watchmedo", "container", "ghostfix"}
)
SESSIONS = frozenset({"shell", "ssh", "terminal", "login", "desktop"})

_NAMED: dict[str, Role] = {
    "systemd": Role("systemd", "systemd, a user's"),
    "launchd": Role("launchd", "launchd"),
    "init": Role("init", "init"),
    "cron": Role("cron", "cron"),
    "crond": Role("cron", "cron"),
    "anacron": Role("anacron", "anacron"),
    "atd": Role("at", "at"),
    "supervisord": Role("supervisord", "supervisord"),
    "supervisor.supervisord": Role("supervisord", "supervisord"),
    "runsvdir": Role("runit", "runit"),
    "runsv": Role("runit", "runit's supervisor"),
    "s6-svscan": Role("s6", "s6"),
    "s6-supervise": Role("s6", "s6's supervisor"),
    "svscan": Role("daemontools", "daemontools"),
    "supervise": Role("daemontools", "daemontools' supervisor"),
    "supervise-daemon": Role("openrc", "OpenRC's supervisor"),
    "supervise-daemo": Role("openrc", "OpenRC's supervisor"),
    "monit": Role("monit", "monit"),
    "circusd": Role("circus", "circus"),
    "pm2-runtime": Role("pm2", "pm2"),
    "forever": Role("forever", "forever"),
    "nodemon": Role("nodemon", "nodemon"),
    "nodemon.js": Role("nodemon", "nodemon"),
    "watchmedo": Role("watchmedo", "watchmedo"),
    "containerd-shim": Role("container", "a container"),
    "conmon": Role("container", "a container"),
    "dockerd": Role("container", "docker"),
    "containerd": Role("container", "containerd"),
    "docker-init": Role("init", "a container's init"),
    "tini": Role("init", "a container's init"),
    "dumb-init": Role("init", "a container's init"),
    "catatonit": Role("init", "a container's init"),
    "sshd": Role("ssh", "the ssh server"),
    "sshd-session": Role("ssh", "an ssh session"),
    "dropbear": Role("ssh", "the ssh server"),
    "mosh-server": Role("ssh", "a mosh session"),
    "screen": Role("terminal", "screen"),
    "SCREEN": Role("terminal", "screen"),
    "zellij": Role("terminal", "zellij"),
    "script": Role("terminal", "a recorded terminal"),
    "login": Role("login", "a login"),
    "su": Role("login", "su"),
    "sudo": Role("login", "sudo"),
    "gnome-terminal-": Role("terminal", "a terminal window"),
    "konsole": Role("terminal", "a terminal window"),
    "xterm": Role("terminal", "a terminal window"),
    "alacritty": Role("terminal", "a terminal window"),
    "kitty": Role("terminal", "a terminal window"),
    "Terminal": Role("terminal", "a terminal window"),
    "iTerm2": Role("terminal", "a terminal window"),
    "gnome-shell": Role("desktop", "the desktop"),
    "code": Role("desktop", "an editor"),
}
_PROGRAM = Role("program", "a program")


def role_of(process: Process) -> Role:
    """What this process is, by its name and its command line."""
    if process.pid == 1:
        return _first(process)
    if process.pid == 2 and process.ppid == 0 and not process.argv:
        return Role("kernel", "the kernel")
    first = process.argv[0] if process.argv else ""
    if runs_a_job(process):
        return Role("cron", "cron, running a job")
    if process.name.startswith("tmux") and not first.endswith(("-sh", "attach")):
        return Role("terminal", "tmux")
    if first.startswith("sshd: ") and "[listener]" not in first:
        return Role("ssh", "an ssh session")
    if process.name.startswith("PM2 ") or first.startswith("PM2 "):
        return Role("pm2", "pm2")
    invocation = read_argv(process.argv)
    if invocation is None:
        return _NAMED.get(process.name, _PROGRAM)
    own = read_own_run(invocation)
    if own is not None:
        return Role("ghostfix", "ghostfix run") if own.restarts else Role("program", "ghostfix run")
    return _named(process, invocation) or _by_invocation(invocation)


def _first(process: Process) -> Role:
    program = posixpath.basename(process.argv[0]) if process.argv else process.name
    if process.name == "systemd" or program == "systemd":
        return Role("systemd", "systemd")
    if process.name == "launchd":
        return Role("launchd", "launchd")
    return Role("init", "the first process")


def _named(process: Process, invocation: Invocation) -> Role | None:
    """By the program's own name; a script's or module's name counts only where an interpreter runs it."""
    names = [invocation.name.lstrip("-").rstrip(":"), process.name]
    if invocation.script is not None:
        names.append(posixpath.basename(invocation.script))
        if invocation.script.endswith("/forever/bin/monitor"):
            return _NAMED["forever"]
    if invocation.module is not None:
        names.append(invocation.module)
    for name in names:
        known = _NAMED.get(name)
        if known is not None:
            return known
        if name.startswith("containerd-shim"):
            return _NAMED["containerd-shim"]
    return None


def _by_invocation(invocation: Invocation) -> Role:
    if invocation.is_shell:
        if invocation.code is not None:
            return Role("shell-command", "a shell command")
        if invocation.script is not None:
            return Role("script", f"a shell script, {invocation.script}")
        return Role("shell", "a login shell" if invocation.program.startswith("-") else "a shell")
    if invocation.module is not None:
        return Role("program", f"{invocation.name} -m {invocation.module}")
    if invocation.script is not None:
        return Role("program", f"{invocation.name} script {invocation.script}")
    return _PROGRAM
