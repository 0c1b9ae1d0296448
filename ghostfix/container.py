"""The container of a process, and the restart policy that its engine has for it."""

from ghostfix.keeping import Keeper
from ghostfix.machine import System

_ENGINES = ("docker", "podman")
_FORMAT = "{{.Name}}\t{{.HostConfig.RestartPolicy.Name}}\t{{.RestartCount}}"
_WORDS = {
    "always": "when it ends (restart policy always)",
    "unless-stopped": "when it ends, unless it was stopped (restart policy unless-stopped)",
    "on-failure": "when it fails (restart policy on-failure)",
}


def container_keeper(system: System, container: str) -> list[Keeper]:
    """The container, with its policy where docker or podman is here and answers."""
    for engine in _ENGINES:
        if system.program(engine) is None:
            continue
        answer = system.ask((engine, "inspect", "--format", _FORMAT, container), timeout=3.0)
        fields = answer.text.strip().split("\t")
        if answer.status == 0 and len(fields) == 3:
            trigger = _WORDS.get(fields[1], "")
            return [
                Keeper(
                    kind="container",
                    id=fields[0].removeprefix("/"),
                    scope=engine,
                    text=container,
                    trigger=trigger,
                    restarts_on_exit=bool(trigger),
                    started=True,
                    restarts=int(fields[2]) if fields[2].isdigit() else None,
                )
            ]
    return [Keeper(kind="container", id=container[:12], text=container, started=True)]
