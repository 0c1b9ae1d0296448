"""The profile: what healthy looks like, found, read and validated.

It is looked for in this order, and the first that has the service wins:

1. the file that ``--config`` names, and nothing else then;
2. ``ghostfix.toml``, or ``[tool.ghostfix]`` in ``pyproject.toml``, in the current folder or the nearest
   folder above it that has one;
3. ``ghostfix/ghostfix.toml`` in ``$XDG_CONFIG_HOME`` (``~/.config``);
4. ``/etc/ghostfix/ghostfix.toml``, for all users of a machine;
5. the built-in profile of that name; ``ghost-runner`` when no name is given.

Relative paths start at ``directory``. A relative ``directory`` starts at the folder of the profile's own
file; in the user's config folder, and in ``/etc``, at the home folder, so that it means the same wherever
ghostfix is called; in a built-in profile at the current folder. ``~`` and ``$HOME`` at the start of a path
are the home folder.
"""

import posixpath
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from ghostfix.model.errors import ProfileError
from ghostfix.model.machine import System
from ghostfix.model.safe_text import safe
from ghostfix.model.service import EnvironmentWanted, Service
from ghostfix.model.snapshot import FileKind
from ghostfix.model.step import Refused
from ghostfix.service.profile_table import nearest, service_profile
from ghostfix.service.toml_document import KeyPath, Table, TomlDocument, parse

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

FILE = "ghostfix.toml"
MACHINE_WIDE = "/etc/ghostfix/ghostfix.toml"
"""The profile for all users of a machine; where many machines are looked after, it is put there."""
BUILT_IN = "built-in "
DEFAULT = "ghost-runner"
_LARGEST = 1 << 20
_OWN_WAY = "`ghostfix diagnose --config FILE` uses another profile."


class NoSuchServiceError(ProfileError):
    """No profile has a service of that name; those that there are could be read."""


class Origin(Struct, frozen=True):
    """A profile that was read: its document, where its services stand in it, and where its paths start."""

    document: TomlDocument
    at: KeyPath
    profile: str
    base: str

    @property
    def services(self) -> Table:
        services = self.document.value(self.at)
        return services if isinstance(services, Mapping) else {}


def load(system: System, name: str | None, config: str | None) -> tuple[Service, ...]:
    """The service called ``name``, or all services of the profile; raises ProfileError (exit code 2).

    NoSuchServiceError when there is none of that name.
    ``config`` is the file that the user named; without it, the profile is looked for.
    """
    origins: list[Origin] = []
    for origin in _origins(system, name, config):
        if name is None or name in origin.services:
            _require_harmless(system, origin.profile, config is not None)
            keys = tuple(origin.services) if name is None else (name,)
            return tuple(_service(system, origin, key) for key in keys)
        origins.append(origin)
    known = {key: None for origin in origins for key in origin.services}
    if config is None:
        known.update(dict.fromkeys(built_in_names()))
    where = ", ".join(origin.profile for origin in origins) or "the built-in profiles"
    raise NoSuchServiceError(
        f"there is no service called `{safe(name or '', 80)}` in {safe(where)}", nearest(name or "", known)
    )


def only_one(services: tuple[Service, ...], command: str) -> Service:
    """The service of a subcommand that is about one; raises ProfileError when the profile has several."""
    if len(services) > 1:
        names = ", ".join(safe(service.name, 40) for service in services)
        raise ProfileError(
            f"{safe(services[0].profile)} has several services: {names}",
            f"say which: `ghostfix {command} NAME`",
        )
    return services[0]


def _require_harmless(system: System, profile: str, chosen: bool) -> None:
    """Raises ProfileError where even a diagnosis would do what another user wrote.

    To diagnose a service means to run its venv's Python. So root uses nothing but a profile that passes
    ``trust``, and no caller uses one of another user that merely lay in a folder above.
    """
    caller = system.caller()
    reason: str | None = None
    if profile.startswith(BUILT_IN):
        return
    if caller.uid == 0:
        refused = _refused(system, profile)
        reason = None if refused is None else refused.reason
    elif not chosen:
        status = system.status(system.resolve(profile)).value
        if status is not None and status.uid not in (0, caller.uid):
            reason = f"the profile {safe(profile)} is owned by another user (uid {status.uid})"
    if reason is not None:
        raise ProfileError(
            f"{reason}; looking runs what the profile names, so it is not used",
            "run ghostfix as the user of the service (`sudo -u USER ghostfix ...`), "
            "or give a profile of your own with --config",
        )


def trust(system: System, service: Service) -> Refused | None:
    """Why a repair must not do what this profile says; None when it may.

    A profile names programs to run and files to touch, so a user who can write it acts as its user. Refused
    are a file that others may write (its group, unless that is the caller's own primary group), one whose
    folder others may write, and one owned by a user other than root or the caller.
    """
    return None if service.profile.startswith(BUILT_IN) else _refused(system, service.profile)


def _refused(system: System, profile: str) -> Refused | None:
    path = system.resolve(profile)
    for place, what in ((path, "the profile"), (posixpath.dirname(path), "the profile's folder")):
        reason = _distrust(system, place)
        if reason is not None:
            return Refused(f"{what} {safe(place)} {reason}")
    return None


def built_in_names() -> tuple[str, ...]:
    """The names of the built-in profiles."""
    names = (entry.name for entry in _shipped().iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def _shipped() -> "Traversable":
    """The folder of the built-in profiles; who has one of their own needs none."""
    from importlib.resources import files

    return files("ghostfix") / "service" / "built_in"


def _distrust(system: System, path: str) -> str | None:
    reading = system.status(path)
    status = reading.value
    if not reading.complete or status is None:
        return f"cannot be looked at: {reading.problem or 'it is gone'}"
    caller = system.caller()
    if status.uid not in (0, caller.uid):
        return (
            f"is owned by another user (uid {status.uid}): run ghostfix as that user, "
            "or give a profile of your own with --config"
        )
    # In a sticky folder such as /tmp others can add files, and not replace this one.
    if status.mode & 0o002 and not status.mode & 0o1000:
        return f"can be written by everybody: `chmod o-w {safe(path)}`"
    if status.mode & 0o020 and status.gid not in (0, caller.gid) and not status.mode & 0o1000:
        return f"can be written by its group (gid {status.gid}): `chmod g-w {safe(path)}`"
    return None


def _origins(system: System, name: str | None, config: str | None) -> Iterator[Origin]:
    caller = system.caller()
    if config is not None:
        path = posixpath.normpath(posixpath.join(caller.cwd, _home(config, caller.home)))
        yield _chosen(system, path)
        return
    found = _upwards(system, caller.cwd)
    if found is not None:
        yield found
    user = _user_config(system)
    if user is not None:
        yield user
    machine = _document(system, MACHINE_WIDE)
    if machine is not None:
        yield _origin(machine, (), caller.home)
    wanted = DEFAULT if name is None else name
    if wanted in built_in_names():
        yield _built_in(wanted, caller.cwd)


def _chosen(system: System, path: str) -> Origin:
    document = _document(system, path)
    if document is None:
        raise ProfileError(f"{safe(path)}: there is no such file", "`--config` takes a ghostfix.toml.")
    if posixpath.basename(path) == "pyproject.toml":
        return _origin(document, ("tool", "ghostfix"), posixpath.dirname(path))
    return _origin(document, (), posixpath.dirname(path))


def _upwards(system: System, folder: str) -> Origin | None:
    """The nearest profile of a project, from ``folder`` up to the root."""
    while True:
        document = _document(system, posixpath.join(folder, FILE))
        if document is not None:
            return _origin(document, (), folder)
        path = posixpath.join(folder, "pyproject.toml")
        content = system.read(path, _LARGEST).value
        # Another project's broken pyproject.toml is none of our business.
        if b"ghostfix" in content:
            document = parse(path, content)
            if document.value(("tool", "ghostfix")) is not None:
                return _origin(document, ("tool", "ghostfix"), folder)
        above = posixpath.dirname(folder)
        if above == folder:
            return None
        folder = above


def _user_config(system: System) -> Origin | None:
    home = system.caller().home
    base = system.variable("XDG_CONFIG_HOME") or ""
    # The specification of XDG_CONFIG_HOME: a path that is not absolute is to be ignored.
    if not base.startswith("/"):
        base = posixpath.join(home, ".config")
    document = _document(system, posixpath.join(base, "ghostfix", FILE))
    return None if document is None else _origin(document, (), home)


def _built_in(name: str, cwd: str) -> Origin:
    content = (_shipped() / f"{name}.toml").read_bytes()
    document = parse(f"{BUILT_IN}{name}", content)
    return Origin(document, ("services",), document.path, cwd)


def _document(system: System, path: str) -> TomlDocument | None:
    """The file's TOML; None when there is no such file; raises ProfileError when it cannot be used."""
    status = system.status(path)
    if status.complete and status.value is None:
        return None
    target = system.status(system.resolve(path))
    if target.value is not None and target.value.kind is FileKind.FOLDER:
        raise ProfileError(f"{safe(path)}: is a folder, not a profile", _OWN_WAY)
    if target.value is not None and target.value.kind is FileKind.OTHER:
        raise ProfileError(f"{safe(path)}: is not a regular file", _OWN_WAY)
    reading = system.read(path, _LARGEST + 1)
    if not reading.complete:
        raise ProfileError(f"{safe(path)}: cannot be read: {safe(reading.problem or 'unknown')}", _OWN_WAY)
    if len(reading.value) > _LARGEST:
        raise ProfileError(f"{safe(path)}: is larger than 1 MiB, so it is no profile", _OWN_WAY)
    return parse(path, reading.value)


def _origin(document: TomlDocument, at: KeyPath, base: str) -> Origin:
    """The services of a document; raises ProfileError when it has none, or something beside them."""
    path = safe(document.path)
    table = document.value(at)
    if not isinstance(table, Mapping):
        raise ProfileError(f"{path}: has no table [{'.'.join(str(key) for key in at)}]", _example(at))
    for key in table:
        if key != "services":
            line = document.line((*at, key))
            raise ProfileError(
                f"{path}{'' if line is None else f':{line}'}: {safe(key, 80)}: there is no such key",
                nearest(key, ("services",)) if key else _example(at),
            )
    services = table.get("services")
    if not isinstance(services, Mapping) or not services:
        raise ProfileError(f"{path}: names no service", _example(at))
    return Origin(document, (*at, "services"), document.path, base)


def _example(at: KeyPath) -> str:
    return f"start with [{'.'.join((*map(str, at), 'services', 'NAME'))}]"


def _service(system: System, origin: Origin, name: str) -> Service:
    profile = service_profile(origin.document, (*origin.at, name))
    home = system.caller().home
    venv = profile.environment.venv
    directory = posixpath.join(origin.base, _home(profile.directory, home))
    expanded = structs.replace(
        profile,
        directory=posixpath.normpath(directory),
        script=None if profile.script is None else _home(profile.script, home),
        pidfiles=tuple(_home(path, home) for path in profile.pidfiles),
        logs=tuple(_home(path, home) for path in profile.logs),
        environment=EnvironmentWanted(
            venv=None if venv is None else _home(venv, home), requires=profile.environment.requires
        ),
    )
    return Service(name=name, profile=origin.profile, **structs.asdict(expanded))


def _home(path: str, home: str) -> str:
    """The path with ``~``, ``$HOME`` or ``${HOME}`` at its start replaced by the home folder."""
    for mark in ("~", "$HOME", "${HOME}"):
        if path == mark:
            return home
        if path.startswith(f"{mark}/"):
            return posixpath.join(home, path[len(mark) + 1 :])
    return path
