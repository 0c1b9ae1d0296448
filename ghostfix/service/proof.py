"""Proof: what beside its command line shows that a process is the service.

A server may write over its command line (nginx, redis, postgres, puma: ``setproctitle``), be given another
``argv[0]`` (systemd.service(5), ``@``), or leave the folder in which it was started (daemon(3)).
What it cannot change by that: the program that it runs, the PID file that names it, the port on which it
listens, the unit in which its manager put it. None of those is enough alone: a stranger may have the port, a
PID may be given out again. So one of them has to meet the right program, and no argument may contradict.
"""

import posixpath
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise, takewhile

from msgspec import structs

from ghostfix.model.invocation import read_argv
from ghostfix.model.machine import System
from ghostfix.model.process import Process, ProcessDetail
from ghostfix.model.service import Service
from ghostfix.service.pid_file import parse_pid

_COMM = 15
"""The kernel keeps so many characters of a program's name (proc(5), ``/proc/pid/comm``)."""
_PID_FILE = 4096
"""Bytes that are read of a PID file."""


def may_be_titled(service: Service, process: Process) -> bool:
    """Whether its name is that of the service's program: cheap, and no proof."""
    names = _program_names(service)
    return process.name in {name[:_COMM] for name in names} or _first_word(process.argv) in names


def with_proof(system: System, service: Service, process: Process) -> ProcessDetail:
    """Its details, with the profile's PID files and ports that are its; a pattern's files are not."""
    detail = system.detail(process)
    paths = [service.path(path) for path in service.pidfiles]
    pidfiles = tuple(path for path in paths if parse_pid(system.read(path, _PID_FILE).value) == process.pid)
    listens = {each.port for each in system.listeners().value if process.pid in each.owners}
    return structs.replace(
        detail, pidfiles=pidfiles, ports=tuple(port for port in service.ports if port in listens)
    )


def runs_its_program(service: Service, process: Process, detail: ProcessDetail) -> bool:
    """Whether the service's program has a proof of being the service, though its arguments cannot be read."""
    if not service.command or not (
        _is_placed(service, detail) or _is_titled_at_home(service, process, detail)
    ):
        return False
    image = posixpath.basename((detail.executable or "").removesuffix(" (deleted)"))
    return (image in _program_names(service) or may_be_titled(service, process)) and not _contradicts(
        service, process.argv
    )


def mentions_module(module: str, words: Iterable[str]) -> bool:
    """Whether a word names the module: ``flask --app M``, ``gunicorn M:app``, ``from M import x``."""
    whole = re.compile(rf"(?<![\w./-]){re.escape(module)}(?![\w./-])")
    return any(whole.search(word) for word in words)


def _is_placed(service: Service, detail: ProcessDetail) -> bool:
    """Whether a PID file, a port or the unit of the profile is this process's."""
    return bool(detail.pidfiles or detail.ports) or _in_its_unit(service, detail.control_group)


def _in_its_unit(service: Service, control_group: str | None) -> bool:
    kind, _, name = service.manager.partition(":")
    if not kind.startswith("systemd") or control_group is None:
        return False
    unit = name if posixpath.splitext(name)[1] == ".service" else f"{name}.service"
    return unit in control_group.split("/")


def _is_titled_at_home(service: Service, process: Process, detail: ProcessDetail) -> bool:
    """Whether it wrote a title over its command line, one word with blanks in it, and is in the folder."""
    words = [word for word in process.argv if word]
    return len(words) == 1 and " " in words[0] and detail.cwd == service.directory


def _program_names(service: Service) -> frozenset[str]:
    """``nginx`` of ``nginx -c n.conf``; ``bundle``, ``exec`` and ``puma`` of ``bundle exec puma -C p.rb``."""
    wanted = read_argv(service.command)
    if wanted is None or wanted.module is not None or wanted.code is not None:
        return frozenset()
    if wanted.script is not None:
        return frozenset({posixpath.basename(wanted.script)})
    words = takewhile(lambda word: not word.startswith("-"), wanted.arguments)
    return frozenset({wanted.name, *map(posixpath.basename, words)})


def _first_word(argv: Sequence[str]) -> str:
    """``nginx`` of the title ``nginx: master process nginx -c n.conf``."""
    words = argv[0].split(None, 1) if argv else []
    return posixpath.basename(words[0].rstrip(":")) if words else ""


def _contradicts(service: Service, argv: Sequence[str]) -> bool:
    """Whether an option of the profile's command stands there with another value."""
    shown = [part for word in argv for part in word.split()]
    wanted = service.command
    for option, value in pairwise(wanted):
        if not option.startswith("-") or value.startswith("-") or option not in shown[:-1]:
            continue
        given = [after for before, after in pairwise(shown) if before == option]
        if not any(posixpath.basename(each) == posixpath.basename(value) for each in given):
            return True
    return False
