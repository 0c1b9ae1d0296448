"""The in-memory machine: everything that ``ghostfix.model.machine.ActingSystem`` promises, and no real act.

It is built floor upon floor: the clock and the acts (``fake_clock``), files (``fake_files``,
``fake_file_acts``), processes (``fake_processes``, ``fake_process_acts``), commands and URLs
(``fake_commands``).
"""

from ghostfix.model.machine import ActingSystem, Caller, Platform
from tests.fake_clock import START, Act, default_caller
from tests.fake_commands import FakeCommands, answered
from tests.fake_crontab import FakeCrontab
from tests.fake_process_watch import FakeProcessWatch
from tests.fake_processes import FakeProcess


class FakeSystem(FakeCommands):
    """A machine of either platform. Without arguments: Linux, an ordinary user, nothing of a service."""

    def __init__(
        self, platform: Platform = Platform.LINUX, *, caller: Caller | None = None, now: float = START
    ) -> None:
        super().__init__(platform, caller, now)

    def process_watch(self) -> FakeProcessWatch:
        """A new one, which has seen nobody."""
        return FakeProcessWatch(self)


def _is_complete(system: FakeSystem) -> ActingSystem:
    """Lets the type checker see that nothing of the protocol is missing."""
    return system


__all__ = ["START", "Act", "FakeCrontab", "FakeProcess", "FakeSystem", "answered", "default_caller"]
