"""Holding a job of at: saved, and taken out of the queue; undo queues it again."""

from datetime import datetime
from typing import ClassVar

from ghostfix.managers.at.at_job import PUT_BACK, original, read_script
from ghostfix.managers.at.queue import AtJob, queue_folder, queued
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, SavedFile, Shared, Step, Unneeded


class HoldAtJob(Step, frozen=True, kw_only=True, tag="hold-at-job"):
    """Takes a job out of the queue. Put back, it has a new number, and what it runs is as it was."""

    phase: ClassVar[Phase] = Phase.HOLD
    title: ClassVar[str] = "hold a job of at"

    number: int
    user: str
    source: bytes
    """The whole script, as it was planned."""

    def preview(self) -> str:
        body = read_script(self.source.decode(errors="backslashreplace")).body.strip()
        return f"hold at job {self.number} of {self.user} (saved, then `atrm {self.number}`): {body}"

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (Shared(queue_folder(system) or "/", self.user or None),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        if system.program("atrm") is None or system.program("at") is None:
            return Refused("`at` and `atrm`, which give the orders, are not on the PATH")
        reading = queued(system)
        job = self._found(reading.value)
        if job is None:
            problem = reading.problem or f"at job {self.number} is not in the queue any more"
            return Unneeded(problem) if reading.complete else Refused(problem)
        if _bytes(job.text) != self.source:
            return Refused(f"at job {self.number} is another one since the plan was made")
        return None

    def capture(self, system: System) -> Captured:
        job = self._found(queued(system).value)
        if job is None or job.due is None:
            raise StepError(f"at job {self.number} could not be saved")
        return Captured(
            files=(SavedFile(path=f"at job {self.number}", content=_bytes(job.text)),),
            facts=(Fact("queue", job.queue), Fact("due", str(job.due))),
        )

    def apply(self, system: ActingSystem) -> str:
        job = self._found(queued(system).value)
        if job is None or _bytes(job.text) != self.source:
            raise ChangedError(f"at job {self.number} is not in the queue any more")
        self._remove(system, self.number)
        return f"at job {self.number} is out of the queue; it is saved"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        saved = captured.files[0].content
        if saved is None:
            raise ChangedError(f"at job {self.number} was not saved")
        text = saved.decode(errors="surrogateescape")
        reading = queued(system)
        if not reading.complete:
            raise StepError(reading.problem or "the queue of at could not be read")
        there = next((job for job in reading.value if original(job.text) == original(text)), None)
        if there is not None:
            return f"it waits in the queue, as at job {there.number}"
        if captured.cut_off:
            for job in reading.value:
                if self._is_cut(job, text):
                    self._remove(system, job.number)
        if not self.user and system.caller().uid == 0:
            raise StepError(f"whose at job {self.number} was is not known, so root does not give it back")
        due = datetime.fromtimestamp(float(captured.fact("due") or "0"))
        script = read_script(text)
        words = ["at", "-q", captured.fact("queue") or "a", "-t", f"{due:%Y%m%d%H%M}"]
        answer = system.command(
            (*words, *(("-m",) if script.mails else ())),
            timeout=10.0,
            stdin=(PUT_BACK + original(text)).encode(errors="surrogateescape"),
            cwd=script.folder,
            user=self.user or None,
            to_its_end=True,
        )
        if answer.status != 0:
            raise StepError(f"`{' '.join(words)}` failed: {answer.complaint}")
        return f"it waits again for {due:%Y-%m-%d %H:%M}, under a new number"

    def _is_cut(self, job: AtJob, text: str) -> bool:
        """Whether it is a beginning of what was put back: an older ghostfix ended while writing it."""
        whole, here = original(text), original(job.text).rstrip("\n")
        return PUT_BACK in job.text and job.user == self.user and whole.startswith(here)

    def _remove(self, system: ActingSystem, number: int) -> None:
        answer = system.command(("atrm", str(number)), timeout=10.0, to_its_end=True)
        if answer.status != 0:
            raise StepError(f"`atrm {number}` failed: {answer.complaint}")

    def _found(self, jobs: tuple[AtJob, ...]) -> AtJob | None:
        return next((job for job in jobs if job.number == self.number), None)


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
