"""Session: what lasts from one call of an assistant to the next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex

from ghostfix.diagnosis.diagnosis import Diagnosis
from ghostfix.model.errors import RepairError
from ghostfix.model.machine import ActingSystem
from ghostfix.repair.plan import Plan

VALID_FOR = 600.0
"""Seconds in which a plan that was shown may be carried out."""


def _silent(message: str) -> None:
    """Tells no one: the default of ``say``."""


@dataclass(frozen=True)
class PlanShown:
    """A plan that the assistant was shown, and of what it was made."""

    token: str
    diagnosis: Diagnosis
    plan: Plan
    until: float
    """By the machine's monotonic clock."""


@dataclass
class Session:
    """The machine, the profile, what the assistant may do, and the last plan that it was shown.

    The assistant names services and never a file: which profile holds is said where the server is started.
    """

    system: ActingSystem
    config: str | None = None
    allow_repair: bool = False
    say: Callable[[str], None] = _silent
    """Tells the client how far the call has come."""
    _shown: PlanShown | None = field(default=None, init=False)

    def keep(self, diagnosis: Diagnosis, plan: Plan) -> str:
        """Keeps the plan, and no earlier one, for ``VALID_FOR`` seconds; its token."""
        self._forget()
        token = token_hex(16)
        self._shown = PlanShown(token, diagnosis, plan, self.system.monotonic() + VALID_FOR)
        return token

    def take(self, token: str) -> PlanShown:
        """The plan of this token, which is good for once. Raises RepairError when there is none."""
        shown = self._shown
        if shown is None or shown.token != token:
            raise RepairError(
                "nothing was done: this token is of no plan that can be carried out",
                "`plan_repair` gives one; it is good for once, until another plan is made",
            )
        self._shown = None
        if self.system.monotonic() > shown.until:
            self.system.unpin()
            raise RepairError(
                f"nothing was done: the plan is older than {VALID_FOR / 60:.0f} minutes",
                "`plan_repair` looks again",
            )
        return shown

    def _forget(self) -> None:
        self._shown = None
        self.system.unpin()
