"""The nursery's corners that no genuine service shows by itself."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.real

REFUSED = """
import os, signal
from ghostfix.system.nursery import Nursery

kill = os.kill

def refuse(pid, number):
    if number == signal.SIGHUP:
        raise PermissionError(1, "Operation not permitted")
    kill(pid, number)

nursery = Nursery(("sleep", "60"), "/", os.environ, None, "web.pid")
nursery.start()
os.kill = refuse
for number in (signal.SIGHUP, signal.SIGTERM):
    kill(os.getpid(), number)
print(nursery.wait())
"""


def test_a_service_that_became_somebody_else_is_not_left_alone() -> None:
    """``sudo`` cannot be signalled by who started it. Without its supervisor it would run without lock."""
    answer = subprocess.run(
        [sys.executable, "-c", REFUSED], capture_output=True, text=True, timeout=30, check=True
    )
    assert answer.stdout == "Ending(status=0, signal=15)\n"
    assert "SIGHUP cannot be passed on to pid " in answer.stderr
