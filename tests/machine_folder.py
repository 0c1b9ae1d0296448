"""Whole situations as data: ``tests/machines/NAME/`` has a machine, its profile and what must be found.

``machine.toml`` is read by ``load``, ``expected.toml`` by ``expected``; a wrong key or value is an error
that names its place. Paths are the machine's own.
"""

import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from tests.fake_crontab import FakeCrontab
from tests.fake_launchctl import FakeJob, FakeLaunchctl
from tests.fake_processes import FakeProcess
from tests.fake_python import FakePython, add_python, add_venv
from tests.fake_system import FakeSystem, default_caller
from tests.machine_table import Expected, MachineTable, MeasuresTable, Table
from tests.restarting import HealthPage, Restarting

MACHINES = Path(__file__).parent / "machines"
TableT = TypeVar("TableT", bound=Table)


def names() -> tuple[str, ...]:
    """The folders of ``tests/machines``, sorted."""
    return tuple(sorted(path.parent.name for path in MACHINES.glob("*/machine.toml")))


def expected(folder: Path) -> Expected:
    return _read(folder / "expected.toml", Expected)


def load(folder: Path) -> FakeSystem:
    """The machine of a folder; its ``ghostfix.toml`` lies in the caller's current folder."""
    table = _machine(folder)
    caller = default_caller(table.platform, table.caller)
    cwd = table.cwd or caller.cwd
    system = FakeSystem(table.platform, caller=msgspec.structs.replace(caller, cwd=cwd), now=table.now)
    system.variables.update({**table.variables, "PATH": table.path})
    system.users.update({uid: name for name, uid in table.users.items()})
    system.problems.update(table.problems)
    for name in msgspec.structs.fields(MeasuresTable):
        setattr(system.measures, name.name, getattr(table.measures, name.name))
    _add_files(system, table)
    _add_pythons(system, table)
    system.add_file(f"{cwd}/ghostfix.toml", (folder / "ghostfix.toml").read_bytes(), uid=caller.uid)
    _add_processes(system, table)
    _add_answers(system, table)
    _add_managers(system, table)
    return system


def _machine(folder: Path) -> MachineTable:
    """The table of a folder, on top of that of the folder which it extends."""
    table = _read(folder / "machine.toml", MachineTable)
    if table.extends is None:
        return table
    own = msgspec.to_builtins(table)
    whole = msgspec.to_builtins(_machine(folder.parent / table.extends))
    written = tomllib.loads((folder / "machine.toml").read_text())
    for key in written:
        former = whole[key]
        whole[key] = [*former, *own[key]] if isinstance(former, (list, tuple)) else own[key]
    return msgspec.convert({**whole, "extends": None}, MachineTable)


def _read(path: Path, kind: type[TableT]) -> TableT:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise ValueError(f"{path.parent.name}/{path.name}: {error}") from error


def _uid(system: FakeSystem, user: str | None) -> int | None:
    if user is None:
        return None
    known = {name: uid for uid, name in system.users.items()}
    if user not in known:
        raise ValueError(f"there is no user {user!r}; `users` of machine.toml names their ids")
    return known[user]


def _add_files(system: FakeSystem, table: MachineTable) -> None:
    for file in table.files:
        uid = _uid(system, file.user)
        if file.folder:
            system.add_folder(file.path, file.mode or 0o755, uid, unreadable=file.unreadable)
        elif file.fifo:
            system.add_fifo(file.path, uid)
        elif file.symlink is not None:
            system.add_symlink(file.path, file.symlink, uid)
        else:
            content = file.text.encode() * file.repeat
            modified = system.now() - file.age
            mode = 0o644 if file.mode is None else file.mode
            system.add_file(file.path, content, mode, uid, modified, unreadable=file.unreadable)


def _add_pythons(system: FakeSystem, table: MachineTable) -> None:
    pythons: dict[str, FakePython] = {}
    for python in table.pythons:
        pythons[python.path] = add_python(system, python.path, python.packages, python.version)
    for venv in table.venvs:
        base = pythons[venv.base]
        add_venv(system, venv.path, base, venv.packages, broken=venv.broken, damaged=venv.damaged)


def _add_processes(system: FakeSystem, table: MachineTable) -> None:
    for row in table.processes:
        if row.pid == 1:  # another one than the init that every machine has
            del system.table[1]
        process = system.add_process(
            row.pid,
            row.argv,
            row.ppid,
            _uid(system, row.user),
            row.cwd,
            system.now() - row.age,
            [_socket(text) for text in row.listens],
            row.state,
            name=row.name,
            group=row.group,
            variables=row.variables,
            ignores_term=row.ignores_term,
            ends_children=row.ends_children,
        )
        process.detail = msgspec.structs.replace(
            process.detail, open_files=row.open_files, container=row.container
        )
    _bequeath(system, table)
    for crowd in table.crowds:
        for pid in range(crowd.first_pid, crowd.first_pid + crowd.count):
            if crowd.zombies:
                system.add_zombie(pid, crowd.ppid, crowd.argv[0], _uid(system, crowd.user))
            else:
                system.add_process(pid, crowd.argv, crowd.ppid, _uid(system, crowd.user))


def _bequeath(system: FakeSystem, table: MachineTable) -> None:
    """Gives the heirs of a process its sockets; those of one that is gone are the first heir's."""
    heirs: dict[int, list[int]] = {}
    for row in table.processes:
        if row.heir_of is not None:
            heirs.setdefault(row.heir_of, []).append(row.pid)
    for parent, pids in heirs.items():
        for number, listener in enumerate(system.sockets):
            if parent in listener.owners or pids[0] in listener.owners:
                owners = (*listener.owners, *(pid for pid in pids if pid not in listener.owners))
                system.sockets[number] = msgspec.structs.replace(listener, owners=owners)


def _add_answers(system: FakeSystem, table: MachineTable) -> None:
    for command in table.commands:
        system.add_command(command.argv, stdout=command.stdout, stderr=command.stderr, status=command.status)
    for page in table.pages:
        if page.well is None:
            system.add_page(
                page.url, method=page.method, status=page.status, body=page.body, needs_listener=True
            )
        else:
            answer = HealthPage(system, page.url, page.body, page.well, page.runs, page.from_python)
            system.add_page(page.url, answer, method=page.method, needs_listener=True)

    def spawned(process: FakeProcess) -> None:
        for row in table.spawns:
            if process.record.argv[-len(row.runs) :] == row.runs:
                for text in row.listens:
                    system.listen(process.pid, _socket(text))

    system.on_spawn.append(spawned)


def _add_managers(system: FakeSystem, table: MachineTable) -> None:
    crontab = None
    if table.crontabs is not None:
        tabs = {user: text.encode() for user, text in table.crontabs.items()}
        crontab = FakeCrontab(system, tabs)
    if table.launchd is not None:
        launchctl = FakeLaunchctl(system=system, macos=table.launchd.macos, gui=table.launchd.gui)
        for loaded in table.launchd.loaded:
            job = FakeJob(
                label=loaded.label,
                plist=loaded.plist,
                arguments=loaded.arguments,
                cwd=loaded.cwd,
                pid=loaded.pid,
                properties=loaded.properties,
            )
            launchctl.load(loaded.domain, job)
    for row in table.restarts:
        Restarting(
            system,
            argv=row.argv,
            cwd=row.cwd,
            every=row.every,
            at_least=row.at_least,
            loop=row.loop,
            crontab=crontab if row.crontab_of is not None else None,
            crontab_of=row.crontab_of or "",
            line=row.line,
            listens=tuple(_socket(text) for text in row.listens),
        )


def _socket(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    if not address or not port.isdecimal():
        raise ValueError(f"{text!r} is no address and port, such as 127.0.0.1:5555 or [::1]:5555")
    return address.strip("[]"), int(port)
