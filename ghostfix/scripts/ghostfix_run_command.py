"""``ghostfix run`` in a command line: which service it starts, or what command."""

import posixpath

from msgspec import Struct

from ghostfix.model.invocation import Invocation
from ghostfix.model.service import Service

_WITH_VALUE = frozenset({"--config", "-c", "--if-running", "--restart", "--max", "--within", "--backoff"})
GUARD = "ghostfix run"


class OwnRun(Struct, frozen=True, kw_only=True):
    """What such a command line says."""

    name: str | None
    config: str | None = None
    command: tuple[str, ...] = ()
    """Typed behind ``--``; it replaces the profile's."""
    restarts: bool = False
    """It stays, and starts the service again when that ends."""
    waits: bool = False
    """It waits for the instance that runs to end, and takes over."""

    def means(self, service: Service, cwd: str | None) -> bool:
        """Whether it starts this very service, when it is called in ``cwd`` (None: unknown)."""
        if self.name not in (None, service.name):
            return False
        if self.config is not None:
            return posixpath.normpath(posixpath.join(cwd or "", self.config)) == service.profile
        if cwd is None:
            return self.name is not None
        folder = posixpath.dirname(service.profile) or service.directory
        return _is_below(cwd, folder) or _is_below(cwd, service.directory)


def read_own_run(invocation: Invocation | None) -> OwnRun | None:
    """None when the command line is no ``ghostfix run``."""
    if invocation is None:
        return None
    runs = posixpath.basename(invocation.script or invocation.program) == "ghostfix"
    if not (runs or invocation.module == "ghostfix") or invocation.arguments[:1] != ("run",):
        return None
    words = list(invocation.arguments[1:])
    command: tuple[str, ...] = ()
    if "--" in words:
        at = words.index("--")
        words, command = words[:at], tuple(words[at + 1 :])
    name, options = None, {}
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            name = name or word
            continue
        option, equals, value = word.partition("=")
        options[option] = value if equals else words.pop(0) if option in _WITH_VALUE and words else ""
    return OwnRun(
        name=name,
        config=options.get("--config", options.get("-c")),
        command=command,
        restarts="--restart" in options,
        waits=options.get("--if-running") == "wait",
    )


def _is_below(path: str, folder: str) -> bool:
    return f"{path}/".startswith(f"{folder.rstrip('/')}/")
