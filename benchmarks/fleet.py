"""What ``ghostfix fleet diagnose`` of ten hosts costs, beside ``ansible all -m command -a true`` on the same.

``python benchmarks/fleet.py [ROUNDS]`` boots ten machines, each with its own systemd, network and sshd, and a
service, and runs both in turn with one and the same configuration of Ansible. The time of a round is the
wall's, from the start of a command to its end. All ten hosts share this machine's processors, which makes
it harder than on ten real ones. It needs root on Linux, systemd and an OpenSSH server.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.commands.fleet import shop  # noqa: E402
from tests.commands.fleet.lab import PROGRAMS, Lab, lab, missing  # noqa: E402

HOSTS = tuple(f"web{number}" for number in range(1, 11))
TARGET = 2.0


def seconds(built: Lab, *argv: str) -> float:
    """How long a command in the controller takes, which must succeed."""
    began = time.perf_counter()
    done = built.call(*argv)
    took = time.perf_counter() - began
    assert done.returncode == 0, done.stdout + done.stderr
    return took


def main() -> None:
    """Prints each round, and the median of the ratios."""
    reason = missing()
    if reason is not None:
        sys.exit(f"benchmarks/fleet.py: {reason}")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory(prefix="ghostfix-bench-") as folder, lab(Path(folder), HOSTS) as built:
        for machine in built.machines.values():
            shop.move_in(machine)
            shop.start(machine)
        inventory = ("-i", str(built.inventory))
        true = (str(PROGRAMS / "ansible"), "all", *inventory, "-m", "command", "-a", "true")
        fleet = (str(PROGRAMS / "ghostfix"), "fleet", "diagnose", *inventory)
        seconds(built, *true)  # the connections are made, and stay
        seconds(built, *fleet)
        pairs = [(seconds(built, *true), seconds(built, *fleet)) for _ in range(rounds)]
    for one, other in pairs:
        print(
            f"ansible -m command -a true {one:6.2f} s   fleet diagnose {other:6.2f} s   {other / one:.2f} x"
        )
    ratio = statistics.median(other / one for one, other in pairs)
    print(f"fleet-diagnose-over-ansible-command, 10 hosts: {ratio:.2f} x (target: at most {TARGET:g} x)")


if __name__ == "__main__":
    main()
