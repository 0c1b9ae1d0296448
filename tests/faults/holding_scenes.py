"""Restarters without an order to give: crontab lines, launchd jobs, loops; with the steps that hold them."""

import hashlib
import plistlib
from collections.abc import Callable

from ghostfix.managers.cron.crontab_file import CrontabFile
from ghostfix.managers.cron.hold_line import HoldCronLine
from ghostfix.managers.launchd.hold_job import HoldLaunchdJob
from ghostfix.managers.watchdog.hold_loop import HoldWatchdog
from ghostfix.managers.watchdog.stop_loop import StopWatchdog
from ghostfix.model.machine import Platform
from ghostfix.model.process import ProcessState
from ghostfix.model.step import Step
from ghostfix.steps.stop_process import StopProcess
from tests.fake_crontab import SPOOL
from tests.fake_launchctl import FakeJob, FakeLaunchctl
from tests.fake_system import FakeCrontab, FakeSystem, default_caller
from tests.faults.scene import Scene

HOUSE = "/srv/ghost"
LOOP = ("bash", "watchdog.sh")
CRONTAB = b'FOO = "a  b"\n*/5\t* * * *  /srv/start.sh % \xff \r\n0 0 * * 7 x\n* * * * *   y\n'
LABEL = "com.example.ghost"
PLIST = "/Users/ghost/Library/LaunchAgents/com.example.ghost.plist"


def cron() -> Scene:
    machine = FakeSystem()
    user = machine.caller().user
    tabs = FakeCrontab(machine, {user: CRONTAB})
    lines = CRONTAB.split(b"\n")
    steps = tuple(
        HoldCronLine(reason="r", tab=CrontabFile(user=user), line=number, source=lines[number - 1] + b"\n")
        for number in (2, 4)
    )
    return Scene(machine, steps, lambda: tabs.tabs[user])


def roots_cron() -> Scene:
    """Root sees the spool, and what is left there."""
    machine = FakeSystem(caller=default_caller(Platform.LINUX, "root"))
    machine.add_folder(SPOOL, uid=0)
    machine.add_file("/etc/passwd", b"root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n")
    tabs = FakeCrontab(machine, {"alice": CRONTAB, "root": CRONTAB})
    source = CRONTAB.split(b"\n")[1] + b"\n"
    step = HoldCronLine(reason="r", tab=CrontabFile(user="alice"), line=2, source=source)
    return Scene(machine, (step,), lambda: (dict(tabs.tabs), machine.names(SPOOL).value))


def cron_file() -> Scene:
    machine = FakeSystem()
    path = "/etc/cron.d/ghost"
    content = b"SHELL=/bin/sh\n*/5 * * * * ghost /srv/start.sh\n"
    machine.add_file(path, content, uid=machine.caller().uid)
    step = HoldCronLine(
        reason="r", tab=CrontabFile(path=path), line=2, source=content.split(b"\n")[1] + b"\n"
    )
    return Scene(machine, (step,), lambda: (machine.content(path), machine.names("/etc/cron.d").value))


def launchd() -> Scene:
    machine = FakeSystem(Platform.MACOS)
    arguments = ["/srv/ghost/run", "--serve"]
    content = plistlib.dumps({"Label": LABEL, "ProgramArguments": arguments, "KeepAlive": True})
    machine.add_file(PLIST, content)
    launchctl = FakeLaunchctl(system=machine)
    launchctl.load("gui/501", FakeJob(label=LABEL, plist=PLIST, arguments=tuple(arguments)))
    step = HoldLaunchdJob(
        reason="r",
        label=LABEL,
        domain="gui/501",
        plist=PLIST,
        digest=hashlib.sha256(content).hexdigest(),
    )

    def state() -> object:
        enabled = not launchctl.flags.get(("gui/501", LABEL), False)
        return sorted(launchctl.jobs), enabled, len(machine.running("--serve"))

    return Scene(machine, (step,), state)


def watchdog() -> Scene:
    machine = FakeSystem()
    machine.add_program("bash")
    machine.add_folder(HOUSE, uid=1000)
    machine.add_process(500, LOOP, cwd=HOUSE)
    machine.add_process(501, ("sleep", "5"), ppid=500, started=machine.now(), cwd=HOUSE)
    machine.add_process(502, ("python3", "-m", "ghost"), ppid=500, cwd=HOUSE)
    machine.add_process(503, LOOP, cwd="/srv/another")
    loop, service = machine.table[500].record, machine.table[502].record
    steps = (
        HoldWatchdog(reason="r", process=loop, spared=(service,)),
        StopProcess(reason="r", process=service, grace=1.0),
        StopWatchdog(reason="r", process=loop, spared=(service,), grace=1.0),
    )

    def state() -> object:
        """The loops, each where it was, and none of them stopped."""
        loops = machine.running(*LOOP)
        stopped = [each.record.state is ProcessState.STOPPED for each in machine.table.values()]
        return sorted(str(machine.cwd(loop)) for loop in loops), any(stopped)

    def looked_again() -> tuple[Step, ...]:
        if 500 in machine.table:
            return steps
        (process,) = [one for one in machine.running(*LOOP) if machine.cwd(one) == HOUSE]
        return (
            HoldWatchdog(reason="r", process=process),
            StopWatchdog(reason="r", process=process, grace=1.0),
        )

    return Scene(machine, steps, state, looked_again)


HOLDING_SCENES: dict[str, Callable[[], Scene]] = {
    "cron": cron,
    "cron-of-another": roots_cron,
    "cron-file": cron_file,
    "launchd": launchd,
    "watchdog": watchdog,
}
