"""Process role: what a process is to what it started: a manager, a session, a shell, a plain program."""

from msgspec import Struct

from ghostfix.managers.cron.daemon import runs_a_job
from ghostfix.managers.register import SIGNS
from ghostfix.model.invocation import Invocation, read_argv
from ghostfix.model.manager_signs import ManagerProcess, ManagerSigns, manager_of
from ghostfix.model.process import Process
from ghostfix.scripts.ghostfix_run_command import read_own_run


class Role(Struct, frozen=True):
    """What a process is, as a stable key (``cron``) and in words (``cron, running a job``)."""

    kind: str
    words: str
    manager: ManagerSigns | None = None
    """Of which manager it is a program."""

    @property
    def manages(self) -> bool:
        """Whether programs of this kind start their children again, by their own configuration."""
        return self.manager is not None and self.manager.starts_again

    @property
    def is_session(self) -> bool:
        """Whether a person sits behind it: what it started, no manager starts again."""
        return self.kind == "shell" or (self.manager is not None and self.manager.is_session)

    @property
    def adopts_orphans(self) -> bool:
        """Whether processes whose parent ended are handed to it."""
        return self.manager is not None and self.manager.adopts_orphans


_PROGRAM = Role("program", "a program")


def role_of(process: Process) -> Role:
    """What this process is, by its name and its command line."""
    if process.pid == 1:
        return _first(process)
    if process.pid == 2 and process.ppid == 0 and not process.argv:
        return Role("kernel", "the kernel")
    known = manager_of(process, SIGNS)
    if known is not None:
        return Role(known[0].kind, _words(process, known[1]), known[0])
    invocation = read_argv(process.argv)
    if invocation is None:
        return _PROGRAM
    own = read_own_run(invocation)
    if own is not None:
        run = next(signs for signs in SIGNS if signs.kind == "ghostfix")
        return Role("ghostfix", "ghostfix run", run) if own.restarts else Role("program", "ghostfix run")
    return _by_invocation(invocation)


def _words(process: Process, program: ManagerProcess) -> str:
    first = process.argv[0] if process.argv else ""
    if first.startswith("sshd: ") and "[listener]" not in first:
        return "an ssh session"
    return f"{program.words}, running a job" if runs_a_job(process) else program.words


def _first(process: Process) -> Role:
    """PID 1: a manager that ghostfix knows, or just the first process; orphans go to it either way."""
    known = manager_of(process, SIGNS)
    if known is not None and known[0].kind in ("systemd", "launchd"):
        return Role(known[0].kind, known[0].kind, known[0])
    return Role("init", "the first process")


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
