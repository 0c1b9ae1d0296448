"""A PID is reused between plan and step: whoever has it then is never signalled, nor are its children."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import pid_reuse

pytestmark = pytest.mark.real
ROOT = Path(__file__).resolve().parents[2]


def reuses(times: int) -> str:
    """The benchmark's own words; in a process of its own, which is where its forks belong."""
    command: tuple[str, ...] = (sys.executable, "-m", "tests.pid_reuse", str(times))
    if not pid_reuse.can_force():
        if not pid_reuse.can_enter_namespace():
            pytest.skip("needs root, or a user who may have a PID namespace")
        command = (*pid_reuse.NAMESPACE, *command)
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert answer.returncode in (0, 1), answer.stderr
    return answer.stdout


def in_namespace(times: int) -> str:
    """As an ordinary user may see it: root in a PID namespace of its own."""
    if not pid_reuse.can_enter_namespace():
        pytest.skip("needs a user who may have a PID namespace (unshare --user --pid)")
    command = (*pid_reuse.NAMESPACE, sys.executable, "-m", "tests.pid_reuse", str(times))
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert answer.returncode in (0, 1), answer.stderr
    return answer.stdout


def test_the_innocent_lives() -> None:
    assert ": 10 innocents alive, 0 hit;" in reuses(10)


@pytest.mark.slow
def test_the_innocent_lives_two_hundred_times() -> None:
    assert ": 200 innocents alive, 0 hit;" in reuses(200)


@pytest.mark.slow
def test_the_innocent_lives_in_a_namespace() -> None:
    assert ": 200 innocents alive, 0 hit;" in in_namespace(200)
