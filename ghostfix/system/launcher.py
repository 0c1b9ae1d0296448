"""The launcher of this machine: takes locks on PID files, and becomes commands."""

import os
from typing import NoReturn

from ghostfix.model.errors import StepError
from ghostfix.model.run_lock import MARK, Held, LockedStart, Taken
from ghostfix.model.supervision import Ending
from ghostfix.system import child, execve, folders, pid_lock
from ghostfix.system.credentials import account_of, whole_environment


class LocalLauncher:
    """Implements ``starting.Launcher`` for Linux and macOS."""

    def environment(self, user: str | None) -> dict[str, str]:
        """Our own environment, whole, or a fresh one for another user."""
        return whole_environment(account_of(user))

    def program(self, name: str, directory: str, path: str) -> str | None:
        """Where a command is found."""
        return execve.program_in(name, directory, path)

    def holder(self, path: str) -> Taken | None:
        """Who holds the lock now."""
        return pid_lock.holder(path)

    def make_private_folder(self, path: str) -> None:
        """Makes ghostfix's own folder."""
        folders.make_private_folder(path)

    def acquire(self, path: str, user: str | None, *, shared: bool, wait: bool) -> Held | Taken:
        """The lock, or who has it."""
        if shared and not pid_lock.can_share():
            raise StepError("this system has no lock that children inherit, so leave --share-lock out")
        return pid_lock.acquire(path, shared=shared, wait=wait, account=account_of(user))

    def become(self, start: LockedStart, lock: Held) -> NoReturn:
        """Goes on as the command, in this very process."""
        account = account_of(start.user)
        lock.keep_over_exec()
        variables = {**start.variables, MARK: f"{os.getpid()}:{start.pid_file}"}
        execve.become(start.argv, start.directory, variables, account)

    def child_process(self, start: LockedStart, lock: Held) -> child.ChildProcess:
        """What starts the command as a child, which has the lock only where it is shared."""
        if lock.shared:
            lock.keep_over_exec()
        account = account_of(start.user)
        return child.ChildProcess(
            start.argv, start.directory, start.variables, account, start.pid_file, start.grace
        )

    def end_as(self, ending: Ending) -> NoReturn:
        """Ends this process as the command ended."""
        child.end_as(ending)
