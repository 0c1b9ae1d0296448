"""Managers that run on the machine and cannot start the service: a note, and no answer is missed."""

import os
import signal
import subprocess
import sys

import pytest

from ghostfix.managers.circus.jobs import jobs as circus_jobs
from ghostfix.managers.pm2.jobs import jobs as pm2_jobs
from ghostfix.managers.supervisord.jobs import jobs as supervisord_jobs
from ghostfix.model.process import ProcessDetail, ProcessTree, Variable
from ghostfix.model.service import Service
from ghostfix.system.local import LocalSystem
from tests.fake_system import FakeSystem

SERVICE = Service(name="w", profile="p", directory="/srv/w", script="w.py")
# Each daemon, its jobs, and a command line whose configuration or program cannot be found.
DAEMONS = {
    "supervisord": (supervisord_jobs, ("supervisord", "-c", "/mnt/sup.conf")),
    "pm2": (pm2_jobs, ("PM2 v6.0.1: God Daemon (/home/two/.pm2)",)),
    "circus": (circus_jobs, ("circusd", "/mnt/circus.ini")),
}


def machine(words: tuple[str, ...], uid: int) -> FakeSystem:
    system = FakeSystem()
    system.add_folder("/srv/w", uid=0)
    detail = ProcessDetail(cwd="/", environment=(Variable("PM2_HOME", "/home/two/.pm2"),))
    system.add_process(40, words, uid=uid, detail=detail)
    return system


@pytest.mark.parametrize("kind", DAEMONS)
def test_a_daemon_of_another_user_that_cannot_be_asked_is_no_unanswered_question(kind: str) -> None:
    jobs, words = DAEMONS[kind]
    system = machine(words, 1002)
    assert jobs(system, SERVICE, ProcessTree(system.processes().value)).complete


@pytest.mark.parametrize("kind", ["supervisord", "pm2"])
def test_one_of_the_caller_s_own_is_missed(kind: str) -> None:
    jobs, words = DAEMONS[kind]
    system = machine(words, FakeSystem().caller().uid)
    assert not jobs(system, SERVICE, ProcessTree(system.processes().value)).complete


@pytest.mark.parametrize("kind", DAEMONS)
def test_one_of_another_pid_namespace_is_named_and_not_asked(kind: str) -> None:
    jobs, words = DAEMONS[kind]
    system = machine(words, 0)
    system.elsewhere.add(40)
    reading = jobs(system, SERVICE, ProcessTree(system.processes().value))
    assert reading.complete
    assert "another PID namespace" in str(reading.note)
    assert system.asked == []


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="makes a PID namespace")
def test_a_genuine_process_of_another_namespace_is_told_from_our_own() -> None:
    command = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", "echo up; exec sleep 60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as outer:
        try:
            assert outer.stdout is not None
            assert outer.stdout.readline() == "up\n"
            system = LocalSystem()
            tree = ProcessTree(system.processes().value)
            (inner,) = tree.children(outer.pid)
            assert system.is_elsewhere(inner)
            assert not system.is_elsewhere(tree.by_pid[outer.pid])
        finally:
            os.kill(outer.pid, signal.SIGKILL)
