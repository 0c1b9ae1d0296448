"""The nursery's corners that no genuine service shows by itself."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

REFUSED = """
import os, signal
from ghostfix.system.child import Nursery

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


TOLD_TO_STOP = """
import os, signal, sys, time
from ghostfix.system.child import Nursery

child = "import signal, time; signal.signal(15, signal.%s); open('up', 'w').close(); time.sleep(60)"
nursery = Nursery((sys.executable, "-c", child), sys.argv[1], os.environ, None, "web.pid", 0.5)
pid = nursery.start()
while not os.path.exists(sys.argv[1] + "/up"):
    time.sleep(0.01)
if "stopped" in sys.argv:
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED)
os.kill(os.getpid(), signal.SIGTERM)
print(nursery.wait())
"""


@pytest.mark.parametrize(
    ("hears", "state", "signal"),
    [("SIG_DFL", "stopped", 15), ("SIG_IGN", "runs", 9), ("SIG_IGN", "stopped", 9)],
)
def test_a_service_that_is_told_to_stop_has_its_grace(
    tmp_path: Path, hears: str, state: str, signal: int
) -> None:
    """A stopped one hears SIGTERM only when it goes on, a deaf one never."""
    answer = subprocess.run(
        [sys.executable, "-c", TOLD_TO_STOP % hears, str(tmp_path), state],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert answer.stdout == f"Ending(status=0, signal={signal})\n"
    assert ("has not ended 0.5 s after SIGTERM, and is killed" in answer.stderr) is (signal == 9)
