"""Giving the service to pm2: an ecosystem file, started and saved."""

from typing import ClassVar

from ghostfix.managers.job_file import JobFile
from ghostfix.managers.pm2.app import Pm2App
from ghostfix.managers.pm2.daemon import Pm2Daemon, daemon_of, listed
from ghostfix.managers.pm2.hold_app import without_app
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.snapshot import FileKind
from ghostfix.model.step import Captured, Fact, Phase, Refused, SavedFile, Shared, Step, Unneeded

_LIMIT = 8 << 20
_SECONDS = 60.0
_SETTLED = 3.0
_LOOK_EVERY = 0.3


class AdoptPm2App(Step, frozen=True, kw_only=True, tag="adopt-pm2-app"):
    """Writes the file, starts it, and saves pm2's list, so that ``pm2 resurrect`` brings it back.

    Undone, pm2's dump and the copy of it that ``pm2 save`` keeps have the bytes that they had; where
    another list was saved since, they lose this application alone.
    """

    phase: ClassVar[Phase] = Phase.START
    title: ClassVar[str] = "give the service to pm2: write its ecosystem file, start and save it"

    file: JobFile
    app: str
    home: str
    """Its PM2_HOME."""

    def preview(self) -> str:
        return f"give it to pm2 of {self.home}: write {self.file.path}, `pm2 start` it, `pm2 save`"

    def diff(self) -> tuple[str, ...]:
        return self.file.diff()

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (Shared(self.home),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        daemon = daemon_of(system, self.home)
        if daemon is None:
            return Refused(f"pm2 of {self.home} does not run any more")
        reading = listed(system, daemon)
        if not reading.complete:
            return Refused(reading.problem or "pm2 did not answer")
        refused = self.file.refused(system)
        if refused is not None:
            return refused
        mine = self._mine(reading.value)
        if not mine:
            return None
        if self.file.is_there(system) and all(app.status == "online" for app in mine):
            return Unneeded(f"pm2 runs {self.app} already") if self._is_saved(system) else None
        return Refused(f"pm2 of {self.home} has an application {self.app} already: `pm2 delete {self.app}`")

    def capture(self, system: System) -> Captured:
        dumps = tuple(
            SavedFile(path=path, content=self._content(system, path), status=system.status(path).value)
            for path in self._dumps
        )
        known = "yes" if self._mine(self._list(system, self._daemon(system))) else "no"
        return Captured(
            files=(self.file.saved(system), *dumps), facts=(self.file.folders(system), Fact("known", known))
        )

    def apply(self, system: ActingSystem) -> str:
        self.file.write(system)
        if not self._mine(self._list(system, self._daemon(system))):
            self._pm2(system, "start", self.file.path)
        app = self._settled(system)
        self._pm2(system, "save", "--force")
        return f"{self.file.path} is written, and pm2 runs {self.app}: pid {app.pid}"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        mine, *dumps = captured.files
        known = captured.fact("known") == "yes"
        daemon = daemon_of(system, self.home)
        if not known and daemon is not None and self._mine(self._list(system, daemon)):
            self._pm2(system, "delete", self.app)
        saved_since = self._saved_since(system, *dumps)
        for dump in dumps:
            if not saved_since:
                self._exchange(system, dump.path, dump.content)
            elif not known:
                left = without_app(self._content(system, dump.path) or b"", self.app)
                if left is not None:
                    self._exchange(system, dump.path, left)
        if known:
            return f"pm2 had {self.app} before, and has it"
        self.file.take_away(system, mine, captured.fact("made"))
        return f"pm2 does not know {self.app} any more"

    @property
    def _dumps(self) -> tuple[str, ...]:
        return (f"{self.home}/dump.pm2", f"{self.home}/dump.pm2.bak")

    def _content(self, system: System, path: str) -> bytes | None:
        if system.status(path).value is None:
            return None
        reading = system.read_as_owner(path, _LIMIT + 1)
        if not reading.complete or len(reading.value) > _LIMIT:
            raise StepError(reading.problem or f"{path} is larger than {_LIMIT >> 20} MiB")
        return reading.value

    def _is_saved(self, system: System) -> bool:
        """Whether ``pm2 resurrect`` would bring it back."""
        content = self._content(system, self._dumps[0]) or b""
        return without_app(content, self.app) not in (None, content)

    def _saved_since(self, system: System, dump: SavedFile, copy: SavedFile) -> bool:
        """Whether another list was saved after ours: `pm2 save` first copies what was saved before."""
        now = self._content(system, dump.path)
        if now == dump.content:
            return False
        if without_app(now or b"", self.app) in (None, now):
            return True  # an undo that was cut short took it out already, or somebody did
        return self._content(system, copy.path) != (copy if dump.content is None else dump).content

    def _exchange(self, system: ActingSystem, path: str, content: bytes | None) -> None:
        """Gives a dump this content; None for no dump. One that was removed meanwhile stays away."""
        status, now = system.status(path).value, self._content(system, path)
        if status is None or now is None or now == content:
            return
        if status.kind is not FileKind.REGULAR:
            raise ChangedError(f"{path} is not a regular file any more")
        if content is None:
            system.remove(path, status, now)
        else:
            system.replace(path, content, status, now)

    def _settled(self, system: ActingSystem) -> Pm2App:
        """The application after three seconds without a restart; StepError when pm2 does not keep it up."""
        daemon = self._daemon(system)
        deadline = system.monotonic() + _SETTLED
        first: Pm2App | None = None
        while True:
            mine = self._mine(self._list(system, daemon))
            if not mine or mine[0].status not in ("online", "launching"):
                state = mine[0].status if mine else "it is not listed"
                raise StepError(f"pm2 does not keep {self.app} up: {state}")
            first = first or mine[0]
            if mine[0].restarts != first.restarts:
                raise StepError(f"pm2 does not keep {self.app} up: it is restarted again and again")
            if system.monotonic() >= deadline:
                return mine[0]
            system.wait(_LOOK_EVERY)

    def _list(self, system: System, daemon: Pm2Daemon) -> tuple[Pm2App, ...]:
        reading = listed(system, daemon)
        if not reading.complete:
            raise StepError(reading.problem or f"pm2 of {self.home} did not answer")
        return reading.value

    def _mine(self, apps: tuple[Pm2App, ...]) -> tuple[Pm2App, ...]:
        return tuple(app for app in apps if app.name == self.app)

    def _daemon(self, system: System) -> Pm2Daemon:
        daemon = daemon_of(system, self.home)
        if daemon is None:
            raise ChangedError(f"pm2 of {self.home} does not run any more")
        return daemon

    def _pm2(self, system: ActingSystem, *words: str) -> None:
        daemon = self._daemon(system)
        answer = system.command((*daemon.client, *words), timeout=_SECONDS, user=daemon.user)
        if answer.status != 0:
            raise StepError(f"`pm2 {' '.join(words)}` failed: {answer.complaint}")
