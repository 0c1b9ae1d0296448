"""Giving the service to supervisord: its program is written into an included folder, and added."""

import posixpath
from typing import ClassVar

from ghostfix.managers.job_file import JobFile
from ghostfix.managers.supervisord.daemon import Daemon, command, complaint, daemon_with, programs_of, states
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.pattern import Pattern
from ghostfix.model.step import Captured, Fact, Phase, Refused, Shared, Step, Unneeded

_SECONDS = 100.0
_UP_WITHIN = 30.0
_LOOK_EVERY = 0.2
_ACTIVE = ("RUNNING", "STARTING", "BACKOFF")
_FAULT = Pattern(r"(?:^|; )ERROR: ")
"""A program may be called so, too."""
_GIVEN_UP = ("FATAL", "EXITED", "STOPPED", "UNKNOWN")


class AdoptSupervisorProgram(Step, frozen=True, kw_only=True, tag="adopt-supervisor-program"):
    """Writes the program's file, lets supervisord read it, and adds this program alone, which starts it.

    ``update NAME`` touches no other group, whatever else was edited in the meantime.
    """

    phase: ClassVar[Phase] = Phase.START
    title: ClassVar[str] = "give the service to supervisord: write its program, add and start it"

    file: JobFile
    program: str
    config: str
    """The configuration that its supervisord was started with."""

    def preview(self) -> str:
        return f"give it to supervisord: write {self.file.path}, reread, update {self.program}"

    def diff(self) -> tuple[str, ...]:
        return self.file.diff()

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (Shared(posixpath.dirname(self.config)),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        daemon = daemon_with(system, self.config)
        if daemon.process is None:
            return Refused(f"the supervisord with {self.config} does not run any more")
        listed = states(system, daemon)
        if not listed.complete:
            return Refused(listed.problem or "supervisord did not answer")
        refused = self.file.refused(system)
        if refused is not None:
            return refused
        others = [
            each.file
            for each in programs_of(system, self.config).value.programs
            if each.name == self.program and each.file != self.file.path
        ]
        if others:
            return Refused(f"supervisord has a program {self.program} already, in {others[0]}")
        if self._state(system, daemon) == "RUNNING" and self.file.is_there(system):
            return Unneeded(f"supervisord runs {self.program} from {self.file.path}")
        return None

    def capture(self, system: System) -> Captured:
        state = self._state(system, daemon_with(system, self.config))
        return Captured(
            files=(self.file.saved(system),), facts=(self.file.folders(system), Fact("state", state))
        )

    def apply(self, system: ActingSystem) -> str:
        self.file.write(system)
        daemon = daemon_with(system, self.config)
        told = self._control(system, daemon, "reread")
        if _FAULT.search(told):
            raise StepError(f"supervisord does not accept {self.file.path}: {told}")
        self._control(system, daemon, "update", self.program)
        if self._state(system, daemon) in _GIVEN_UP:
            self._control(system, daemon, "start", self.program)
        state = self._settled(system, daemon)
        if state != "RUNNING":
            raise StepError(f"supervisord does not keep {self.program} up: {state or 'it is not listed'}")
        return f"{self.file.path} is written, and supervisord runs {self.program}"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        daemon = daemon_with(system, self.config)
        if captured.fact("state"):
            return self._as_it_stood(system, daemon, captured.fact("state") or "")
        self.file.take_away(system, captured.files[0], captured.fact("made"))
        if daemon.process is None:
            return f"{self.file.path} is gone; supervisord itself does not run"
        if captured.files[0].status is None:
            self._control(system, daemon, "reread")
            told = self._control(system, daemon, "update", self.program)
        else:  # its file was there, though not read
            self._control(system, daemon, "stop", self.program)
            told = self._control(system, daemon, "remove", self.program)
        if self._state(system, daemon):
            raise StepError(f"supervisord still has {self.program}: {told}")
        return f"supervisord does not know {self.program} any more"

    def _as_it_stood(self, system: ActingSystem, daemon: Daemon, before: str) -> str:
        """Of a program that supervisord had before: it is stopped again, where it did not run."""
        if before not in _GIVEN_UP or self._state(system, daemon) not in _ACTIVE:
            return f"supervisord had {self.program} before, and has it"
        told = self._control(system, daemon, "stop", self.program)
        if self._state(system, daemon) in _ACTIVE:
            raise StepError(f"supervisord did not stop {self.program}: {told}")
        return f"{self.program} is stopped, as it was before"

    def _settled(self, system: ActingSystem, daemon: Daemon) -> str:
        """Its state once it runs, which takes ``startsecs``, or once supervisord has given up."""
        deadline = system.monotonic() + _UP_WITHIN
        while (state := self._state(system, daemon)) not in ("RUNNING", *_GIVEN_UP):
            if system.monotonic() >= deadline:
                break
            system.wait(_LOOK_EVERY)
        return state

    def _state(self, system: System, daemon: Daemon) -> str:
        """What supervisord says of the program; empty when it does not know it."""
        listed = states(system, daemon).value
        return next((each.state for each in listed if each.name == self.program), "")

    def _control(self, system: ActingSystem, daemon: Daemon, *words: str) -> str:
        answer = command(system, daemon, *words, timeout=_SECONDS)
        if answer.status is None:
            raise StepError(f"`supervisorctl {' '.join(words)}` did not end: {complaint(answer)}")
        return "; ".join(answer.text.strip().splitlines()) or complaint(answer)
