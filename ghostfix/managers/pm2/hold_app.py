"""Holding an application of pm2: taken out of the running pm2, and out of what it would bring back."""

import posixpath
from typing import ClassVar

import msgspec

from ghostfix.managers.pm2.app import list_entries
from ghostfix.managers.pm2.daemon import Pm2Daemon, ambiguous, ask_list, daemon_of
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, SavedFile, Shared, Step, Unneeded

_LIMIT = 8 << 20
# What pm2 itself leaves out when it saves (lib/API/Startup.js of pm2): the daemon gives them anew.
_NOT_SAVED = ("instances", "pm_id", "prev_restart_delay")


class HoldPm2App(Step, frozen=True, kw_only=True, tag="hold-pm2-app"):
    """Deletes an application from pm2, for ``stop`` leaves ``cron_restart`` armed, and from its dump.

    Undo puts the dump's bytes back and lets pm2 resurrect this application alone, from what pm2 knew of it.
    """

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "hold a pm2 application"

    app: str
    home: str
    """Its PM2_HOME."""

    def preview(self) -> str:
        return f"hold pm2 application {self.app} of {self.home}: `pm2 delete`, and out of its dump"

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (Shared(self.home),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        daemon = daemon_of(system, self.home)
        if daemon is None:
            return Unneeded(f"pm2 of {self.home} does not run")
        if system.caller().uid not in (0, daemon.process.uid):
            return Refused(f"pm2 of {self.home} belongs to {daemon.process.user}; run as that user or root")
        taken_for = ambiguous(self.app)
        if taken_for is not None:
            return Refused(f"pm2 would take `{self.app}` for {taken_for}: `pm2 ls` shows its number")
        entries = self._entries(system, daemon)
        if isinstance(entries, str):
            return Refused(entries)
        return None if entries else Unneeded(f"pm2 of {self.home} has no application {self.app} any more")

    def capture(self, system: System) -> Captured:
        daemon = daemon_of(system, self.home)
        entries: tuple[dict[str, object], ...] | str = "it does not run"
        if daemon is not None:
            entries = self._entries(system, daemon)
        if isinstance(entries, str):
            raise StepError(f"pm2 of {self.home} could not be asked for {self.app}: {entries}")
        content = system.read_as_owner(self._dump, _LIMIT)
        status = system.status(self._dump).value
        if status is not None and not content.complete:
            raise StepError(f"{self._dump} could not be kept: {content.problem}")
        kept = SavedFile(path=self._dump, content=None if status is None else content.value, status=status)
        return Captured(files=(kept,), facts=(Fact("apps", msgspec.json.encode(entries).decode()),))

    def apply(self, system: ActingSystem) -> str:
        content, status = system.read_as_owner(self._dump, _LIMIT).value, system.status(self._dump).value
        without = without_app(content, self.app)
        if status is not None and without is not None and without != content:
            system.replace(self._dump, without, status, content)
        self._pm2(system, self._running(system), "delete", self.app)
        return f"pm2 of {self.home} has no application {self.app} any more, and will not resurrect it"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        daemon = daemon_of(system, self.home)
        if daemon is not None:
            self._resurrect(system, daemon, captured.fact("apps") or "[]")
        self._put_back(system, captured.files[0])
        if daemon is None:
            return f"{self._dump} is as it was; pm2 itself does not run"
        return f"{self.app} is in pm2 again, as it was"

    @property
    def _dump(self) -> str:
        return f"{self.home}/dump.pm2"

    def _entries(self, system: System, daemon: Pm2Daemon) -> tuple[dict[str, object], ...] | str:
        """What pm2 knows of each process of the application, as it would save it; a text says why not."""
        answer = ask_list(system, daemon)
        if isinstance(answer, str):
            return answer
        listed = list_entries(answer.stdout)
        if listed is None:
            return f"pm2 of {self.home} gave no list: {answer.complaint}"
        found = []
        for entry in listed:
            environment = entry.get("pm2_env")
            if entry.get("name") == self.app and isinstance(environment, dict):
                found.append({name: environment[name] for name in environment if name not in _NOT_SAVED})
        return tuple(found)

    def _resurrect(self, system: ActingSystem, daemon: Pm2Daemon, apps: str) -> None:
        """Lets pm2 read another dump than its own: one that holds this application alone."""
        entries = self._entries(system, daemon)
        if isinstance(entries, str):
            raise StepError(entries)
        path = f"{self.home}/ghostfix-{posixpath.basename(self.app)}.pm2"
        self._remove(system, path)  # what an undo left that was cut short
        if entries or apps == "[]":
            return
        system.create(path, apps.encode(), mode=0o600)
        try:
            self._pm2(system, daemon, "resurrect", f"PM2_DUMP_FILE_PATH={path}")
        finally:
            self._remove(system, path)
        after = self._entries(system, daemon)
        if not after or isinstance(after, str):
            raise StepError(f"pm2 of {self.home} was told to resurrect {self.app}, and does not have it")

    def _remove(self, system: ActingSystem, path: str) -> None:
        status = system.status(path).value
        if status is not None:
            system.remove(path, status, system.read_as_owner(path, _LIMIT).value)

    def _put_back(self, system: ActingSystem, saved: SavedFile) -> None:
        status = system.status(self._dump).value
        if saved.content is None or status is None:
            return
        content = system.read_as_owner(self._dump, _LIMIT).value
        if content == saved.content:
            return
        if content == without_app(saved.content, self.app):
            system.replace(self._dump, saved.content, status, content)
            return
        with_it = _with_app(content, saved.content, self.app)
        if with_it is None:
            raise ChangedError(f"{self._dump} was changed by somebody; it is left as it is")
        if with_it != content:
            system.replace(self._dump, with_it, status, content)

    def _running(self, system: System) -> Pm2Daemon:
        daemon = daemon_of(system, self.home)
        if daemon is None:
            raise ChangedError(f"pm2 of {self.home} does not run any more")
        return daemon

    def _pm2(self, system: ActingSystem, daemon: Pm2Daemon, verb: str, word: str) -> None:
        """``pm2 VERB WORD``; a word that is an assignment goes into pm2's environment."""
        program, name = daemon.client[-1], [word]
        client = daemon.client
        if verb == "resurrect":
            client, name = (*daemon.client[:-1], word, program), []
        answer = system.command((*client, verb, *name), timeout=60.0, user=daemon.user)
        if answer.status != 0:
            raise StepError(f"`pm2 {verb} {self.app}` failed: {answer.complaint}")


def without_app(content: bytes, app: str) -> bytes | None:
    """A dump without the processes of one application; None when it is no dump that can be read."""
    try:
        entries = msgspec.json.decode(content, type=list[dict[str, object]])
    except msgspec.DecodeError:
        return None
    left = [entry for entry in entries if entry.get("name") != app]
    if len(left) == len(entries):
        return content
    return msgspec.json.format(msgspec.json.encode(left), indent=2)


def _with_app(content: bytes, saved: bytes, app: str) -> bytes | None:
    """A dump that lost other applications since, or got some, with the processes that this one had in it.

    None when one of the two is no dump that can be read.
    """
    try:
        entries, before = (
            msgspec.json.decode(each, type=list[dict[str, object]]) for each in (content, saved)
        )
    except msgspec.DecodeError:
        return None
    mine = [entry for entry in before if entry.get("name") == app]
    if not mine or any(entry.get("name") == app for entry in entries):
        return content
    return msgspec.json.format(msgspec.json.encode([*entries, *mine]), indent=2)
