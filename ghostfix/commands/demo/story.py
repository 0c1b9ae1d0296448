"""The story of the demo: a broken service is made, diagnosed, repaired and diagnosed again."""

import sys

from ghostfix.commands import machine, seconds
from ghostfix.commands.demo.sandbox import Sandbox, build, inhabitants, release_ghosts
from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, Signal
from ghostfix.system.temp_folder import ScratchFolder, free_port

_WAIT = 30.0


def play(*, keep: bool, hold_for: str) -> int:
    """Plays it from the beginning to its end; 0 when the service was repaired and held."""
    held = seconds(hold_for, "--hold-for")
    system = machine.local_system()
    with ScratchFolder("ghostfix-demo-", keep=keep) as folder:
        sandbox = Sandbox(folder=folder, port=free_port(), python=sys.executable)
        build(system, sandbox)
        _say("1. A ghost runner that is down but restarting", f"Folder {folder}, port {sandbox.port}")
        try:
            release_ghosts(system, sandbox)
            _wait_for_fault(system, sandbox)
            code = _run_commands(system, sandbox, held)
        finally:
            if not keep:
                _end_all(system, sandbox)
        if keep:
            _say("Kept", f"The repaired service still runs. `cd {folder}` and try ghostfix there.")
    return code


def _run_commands(system: ActingSystem, sandbox: Sandbox, hold_for: float) -> int:
    """Runs the commands that a user would type, in a user's order; 0 when the service was repaired."""
    _say("2. What is wrong?", "$ ghostfix diagnose")
    _ghostfix(system, sandbox, "diagnose")
    _say("3. What would a repair do?", "$ ghostfix repair --dry-run")
    _ghostfix(system, sandbox, "repair", "--dry-run")
    _say("4. The repair", "$ ghostfix repair --yes")
    repaired = _ghostfix(system, sandbox, "repair", "--yes", "--hold-for", f"{hold_for:g}s")
    _say("5. And now?", "$ ghostfix diagnose")
    healthy = _ghostfix(system, sandbox, "diagnose")
    code = repaired or healthy
    _say(
        "The demo is over",
        "The service was repaired, and it held." if code == 0 else "The service did not hold: see above.",
    )
    return code


def _ghostfix(system: ActingSystem, sandbox: Sandbox, *arguments: str) -> int:
    # A journal of its own keeps the demo out of the user's state folder.
    variables = {"XDG_STATE_HOME": f"{sandbox.folder}/state"}
    return system.attach((sys.executable, "-m", "ghostfix", *arguments), sandbox.folder, variables)


def _wait_for_fault(system: ActingSystem, sandbox: Sandbox) -> None:
    """Waits until three ghosts run, one of them answers, and another has logged that it could not."""
    log = f"{sandbox.folder}/logs/ghost-runner.log"
    deadline = system.monotonic() + _WAIT
    while system.monotonic() < deadline:
        text = system.read(log, 1 << 20).value
        answered = system.get(f"http://127.0.0.1:{sandbox.port}/health", 1.0).status == 200
        if answered and text.count(b"cannot listen") >= 2 and text.count(b"server fixes") >= 20:
            return
        system.wait(0.2)


def _end_all(system: ActingSystem, sandbox: Sandbox) -> None:
    """Ends every process that lives in the sandbox: the restarter first, then what is left, then again."""
    for _ in range(5):
        left = inhabitants(system, sandbox)
        for process in sorted(left, key=lambda process: process.id.started):
            try:
                system.signal(process, Signal.KILL)
            except StepError:
                continue
        if all(system.wait_gone(process, 2.0) for process in left) and not inhabitants(system, sandbox):
            return


def _say(heading: str, text: str) -> None:
    sys.stdout.write(f"\n=== {heading}\n{text}\n\n")
    sys.stdout.flush()
