"""Job specification: a service as any manager is to run it, before it takes a manager's file format."""

import posixpath

from msgspec import Struct

from ghostfix.model.invocation import read_argv
from ghostfix.model.machine import System
from ghostfix.model.process import Variable
from ghostfix.model.reading import ESCAPED_BYTE
from ghostfix.model.safe_text import safe
from ghostfix.model.service import Service, StopWanted
from ghostfix.service.profile import BUILT_IN
from ghostfix.service.trust import runner, wrong_runner

FIRST_PAUSE = 1
"""Seconds before the first restart of a service that failed; longer each time where that can be had."""
LONGEST_PAUSE = 20
STARTS, WITHIN = 5, 300
"""So many starts within so many seconds, and the manager gives up: a crash loop ends."""
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class JobWanted(Struct, frozen=True, kw_only=True):
    """What to run, where, as which user, with what, and how far it may go. Each manager has its quoting."""

    name: str
    command: tuple[str, ...]
    """The program by its absolute path, and its arguments."""
    directory: str
    user: str
    """The user as which it runs; empty where the manager runs as that user anyway."""
    variables: tuple[Variable, ...]
    log: str
    log_is_root_s: bool
    """A manager that is root may open it: no other user can write where it lies. True without root."""
    stop: StopWanted
    memory: int | None = None
    """Bytes, of all its processes together."""
    open_files: int | None = None
    processes: int | None = None
    ghostfix: tuple[str, ...] = ("ghostfix",)
    """The words that call this very ghostfix, by its absolute path."""
    profile: str = ""
    """The file that describes the service; empty for a built-in profile."""

    @property
    def redirected(self) -> tuple[str, ...]:
        """The command, in a shell that opens the log with the service's own rights and becomes the command.

        Root that opens a file in another user's folder follows that user's symlinks.
        """
        return ("/bin/sh", "-c", f'{self.ulimit}exec "$@" >>"$0" 2>&1', self.log, *self.command)

    @property
    def ulimit(self) -> str:
        """The limit of open files as a shell sets it, for managers that know none."""
        return "" if self.open_files is None else f"ulimit -n {self.open_files} && "


def job_wanted(system: System, service: Service, user: str, ghostfix: tuple[str, ...]) -> JobWanted | str:
    """What a manager has to run for this service; a text says why none may be asked to."""
    command = service.start_command
    if service.instances != 1:
        return f"the profile wants {service.instances} instances, and this gives a manager one job for one"
    if not command:
        return f"the profile does not say how to start {service.name}: add `start = [...]`"
    program = service.path(command[0]) if "/" in command[0] else system.program(command[0])
    if program is None:
        return f"{safe(command[0])}, which starts {service.name}, is not on the PATH"
    danger = wrong_runner(system, (service.directory, program, *_code(service, command)), user)
    if danger is not None:
        return danger
    if not user and not _is_root_s(system, service.start_log):
        return f"root would write to {safe(service.start_log)}, where others can put a link in its place"
    limits = service.limits
    wanted = JobWanted(
        name=service.name,
        command=(program, *command[1:]),
        directory=service.directory,
        user=user,
        variables=_variables(service),
        log=service.start_log,
        log_is_root_s=_is_root_s(system, service.start_log),
        stop=service.stop,
        memory=limits.service_memory_bytes,
        open_files=limits.service_open_files,
        processes=limits.service_processes,
        ghostfix=ghostfix,
        profile="" if service.profile.startswith(BUILT_IN) else service.profile,
    )
    return _unwritable(wanted) or wanted


def _code(service: Service, command: tuple[str, ...]) -> tuple[str, ...]:
    """What it may run besides its program: a script or module, and what its own PATH begins with."""
    venv = service.environment.venv
    folders = () if venv is None else (service.path(f"{venv}/bin"),)
    invocation = read_argv(command)
    if invocation is None:
        return folders
    if invocation.script is not None:
        return (*folders, service.path(invocation.script))
    top = (invocation.module or "").partition(".")[0]
    return (*folders, service.path(top), service.path(f"{top}.py")) if top else folders


def _variables(service: Service) -> tuple[Variable, ...]:
    """Those that a shell with the venv activated would have; a manager's own PATH is short."""
    if service.environment.venv is None:
        return ()
    venv = service.path(service.environment.venv)
    return (Variable("PATH", f"{venv}/bin:{_PATH}"), Variable("VIRTUAL_ENV", venv))


def _is_root_s(system: System, log: str) -> bool:
    owner = runner(system, (log,))
    return owner.complete and owner.value is None


def _unwritable(wanted: JobWanted) -> str | None:
    """A text that would end a line, or be read as another one, in some manager's file."""
    values = (one.value for one in wanted.variables)
    for text in (*wanted.command, wanted.directory, wanted.log, wanted.profile, *wanted.ghostfix, *values):
        if not text.isprintable():
            return f"a job cannot hold {safe(repr(text), 200)}: it has control characters"
        if ESCAPED_BYTE.search(text):
            return f"a job cannot hold {safe(text, 200)}: a byte of it is no UTF-8"
    for path in (wanted.directory, wanted.log, wanted.command[0]):
        if path != path.strip() or path.endswith("\\") or not posixpath.isabs(path):
            return f"a job cannot name {safe(repr(path), 200)}: it begins or ends with a blank or a backslash"
    return None
