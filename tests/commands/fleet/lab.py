"""A fleet of real machines on one: each with its own systemd, processes, network and sshd; and a controller.

Each machine is ``tests/real/systemd_machine`` with a network of its own. The controller has its own processes
and network too, with a bridge to which each machine is wired; its addresses can be reached from nowhere else.
Nothing of it remains: a namespace ends with the process that holds it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.real.ghost_house import wait_until
from tests.real.warden import guarded

ROOT = Path(__file__).resolve().parents[3]
MACHINE = ROOT / "tests/real/systemd_machine"
PROGRAMS = Path(sys.executable).parent
SSHD = "/usr/sbin/sshd"

_SSHD_CONFIG = """
HostKey /etc/fleet/host_key
AuthorizedKeysFile /etc/fleet/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
UseDNS no
Subsystem sftp internal-sftp
PidFile none
"""


def run(argv: Sequence[str], stdin: str = "", seconds: float = 60) -> str:
    """Runs a command that must succeed; gives its output."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=seconds, check=False)
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Machine:
    """One host of the fleet."""

    name: str
    address: str
    folder: Path
    leader: int
    """Its systemd, as this machine numbers it."""

    def sh(self, script: str, stdin: str = "") -> str:
        """Runs shell text in it that must succeed."""
        return run([str(MACHINE), "exec", str(self.folder), "bash", "-ec", script], stdin)

    def write(self, path: str, text: str, mode: str = "644") -> None:
        self.sh(f"mkdir -p {os.path.dirname(path)} && cat >{path} && chmod {mode} {path}", text)

    def answers(self, script: str) -> bool:
        """Whether shell text in it succeeds."""
        argv = [str(MACHINE), "exec", str(self.folder), "bash", "-c", script]
        return subprocess.run(argv, capture_output=True, timeout=60, check=False).returncode == 0

    def cut(self) -> None:
        """Pulls its network cable."""
        run(["nsenter", "-t", str(self.leader), "-n", "ip", "link", "set", "eth0", "down"])

    def plug_in(self) -> None:
        """Puts the network cable back."""
        run(["nsenter", "-t", str(self.leader), "-n", "ip", "link", "set", "eth0", "up"])

    def end_all(self) -> None:
        """Ends everything at once, as a power cut does; its disk stays."""
        assert self.leader > 1
        os.kill(self.leader, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{self.leader}").exists(), 20, f"{self.name} is off")


@dataclass
class Lab:
    """The controller and its machines."""

    folder: Path
    controller: int
    """The first process of the controller, as this machine numbers it."""
    machines: dict[str, Machine] = field(default_factory=dict)

    @property
    def inventory(self) -> Path:
        return self.folder / "hosts.ini"

    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{PROGRAMS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "COLUMNS": "100",
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
        }

    def command(self, *argv: str) -> list[str]:
        """A command line that runs in the controller."""
        return ["nsenter", "-t", str(self.controller), "-n", "-p", "-m", f"--wd={self.folder}", *argv]

    def call(self, *argv: str, seconds: float = 300) -> "subprocess.CompletedProcess[str]":
        """Runs a command in the controller to its end."""
        return subprocess.run(
            self.command(*argv),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def fleet(self, verb: str, *options: str) -> "subprocess.CompletedProcess[str]":
        """``ghostfix fleet VERB`` on this inventory."""
        return self.call(str(PROGRAMS / "ghostfix"), "fleet", verb, "-i", str(self.inventory), *options)

    def boot_again(self, machine: Machine) -> None:
        """Switches a machine on that was switched off; what was on its disk is there."""
        subprocess.run(
            [str(MACHINE), "stop", str(machine.folder)], capture_output=True, timeout=60, check=True
        )
        self.join(machine.name, machine.address)

    def serve_again(self, machine: Machine) -> None:
        """Starts the sshd of a machine that lost it."""
        _serve(self, machine)

    def inner(self, begun: "subprocess.Popen[str]") -> int:
        """The process of a command that was begun, which ``nsenter`` started in the controller."""
        return int(Path(f"/proc/{begun.pid}/task/{begun.pid}/children").read_text().split()[0])

    def join(self, name: str, address: str) -> None:
        """Boots a machine, wires it, and starts its sshd."""
        machine = Machine(name, address, self.folder / name, _boot(self.folder / name))
        self.machines[name] = machine
        _wire(self, machine)
        _serve(self, machine)

    def begin(self, *argv: str) -> "subprocess.Popen[str]":
        """A command in the controller that goes on while the test goes on."""
        return subprocess.Popen(
            self.command(*argv),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def missing() -> str | None:
    """Why there can be no lab here; None when there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux"
    needed = (SSHD, "/lib/systemd/systemd", "/usr/bin/ssh", "/usr/bin/nsenter")
    absent = [path for path in needed if not os.path.exists(path)]
    return f"not installed: {', '.join(absent)}" if absent else None


@contextmanager
def lab(folder: Path, names: Sequence[str]) -> Iterator[Lab]:
    """A controller and machines with these names, up and wired; taken away again, come what may."""
    with ExitStack() as stack:
        built = Lab(folder, stack.enter_context(_controller()))
        _lay_out(built)
        stack.enter_context(guarded([folder / name for name in names]))
        for name in names:
            stack.enter_context(_disk(folder / name))
        with ThreadPoolExecutor(4) as pool:
            places = [(name, f"10.77.0.{number}") for number, name in enumerate(names, 11)]
            list(pool.map(lambda place: built.join(*place), places))
        built.machines = {name: built.machines[name] for name in names}
        _write_inventory(built)
        yield built


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """What a machine writes, in memory; the machine is off when it is taken away."""
    folder.mkdir()
    run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(folder)])
    try:
        yield
    finally:
        subprocess.run([str(MACHINE), "stop", str(folder)], capture_output=True, timeout=60, check=False)
        run(["umount", "--lazy", str(folder)])


@contextmanager
def _controller() -> Iterator[int]:
    """Holds the controller's namespaces; what runs in them ends with it. Gives its first process."""
    # Its end is that of this process, also where nothing of ours is left to end it.
    namespaces = ["unshare", "--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]
    argv = ["setpriv", "--pdeathsig", "KILL", *namespaces]
    holder = subprocess.Popen([*argv, "sleep", "infinity"], start_new_session=True)
    try:
        children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
        wait_until(lambda: children.read_text().strip() != "", 10, "the controller begins")
        first = int(children.read_text().split()[0])
        comm = Path(f"/proc/{first}/comm")
        wait_until(lambda: comm.read_text().strip() == "sleep", 10, "the controller is there")
        yield first
    finally:
        holder.kill()
        holder.wait(10)


def _boot(folder: Path) -> int:
    """The machine's systemd, which is up."""
    device = os.stat("/").st_dev
    needed = {str(ROOT), sys.prefix, sys.base_prefix}
    binds = sorted(
        path for path in needed if path.startswith(("/tmp/", "/run/")) or os.stat(path).st_dev != device
    )
    done = subprocess.run(
        [str(MACHINE), "start", str(folder), *binds],
        env={**os.environ, "NETWORK": "own", "DISK": "kept"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def _lay_out(built: Lab) -> None:
    """The keys, and the bridge in the controller."""
    for name in ("user_key", "host_key"):
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(built.folder / name)])
    inside = ["nsenter", "-t", str(built.controller), "-n", "ip"]
    run([*inside, "link", "set", "lo", "up"])
    run([*inside, "link", "add", "bridge", "type", "bridge"])
    run([*inside, "addr", "add", "10.77.0.1/24", "dev", "bridge"])
    run([*inside, "link", "set", "bridge", "up"])


def _wire(built: Lab, machine: Machine) -> None:
    """A cable from the bridge to the machine. That of its last life is gone with its network."""
    leader = str(machine.leader)
    inside = ["nsenter", "-t", str(built.controller), "-n", "ip"]
    there = ["nsenter", "-t", leader, "-n", "ip"]
    card = f"02:00:00:00:00:{machine.address.rpartition('.')[2]}"  # as a real one, the same for all its lives
    peer = ["peer", "name", "eth0", "address", card, "netns", leader]
    run([*inside, "link", "add", machine.name, "type", "veth", *peer])
    run([*inside, "link", "set", machine.name, "master", "bridge", "up"])
    run([*there, "link", "set", "lo", "up"])
    run([*there, "addr", "add", f"{machine.address}/24", "dev", "eth0"])
    run([*there, "link", "set", "eth0", "up"])


def _serve(built: Lab, machine: Machine) -> None:
    """Its name, and its sshd."""
    # What is this machine's own has no business on the others.
    machine.sh(
        f"hostname {machine.name}; mkdir -p /run/sshd /etc/fleet; rm -f /root/.bash* /root/.profile; "
        "[[ -e /etc/fleet/host_key ]] || rm -rf /root/.local/state /var/spool/cron/crontabs/* /etc/cron.d/*"
    )
    machine.write("/etc/fleet/sshd_config", _SSHD_CONFIG)
    machine.write("/etc/fleet/host_key", (built.folder / "host_key").read_text(), "600")
    machine.write("/etc/fleet/authorized_keys", (built.folder / "user_key.pub").read_text())
    machine.sh(
        "systemd-run -q --unit=fleet-sshd -p KillMode=process -p RuntimeDirectory=sshd "
        f"{SSHD} -D -f /etc/fleet/sshd_config"
    )
    wait_until(lambda: machine.answers("ss -tln | grep -q ':22 '"), 20, f"the sshd of {machine.name}")


def _write_inventory(built: Lab) -> None:
    key = (built.folder / "host_key.pub").read_text().split()
    known = [f"{machine.address} {key[0]} {key[1]}\n" for machine in built.machines.values()]
    (built.folder / "known_hosts").write_text("".join(known))
    (built.folder / "ansible.cfg").write_text(
        "[defaults]\n"
        f"private_key_file = {built.folder}/user_key\n"
        "remote_user = root\n"
        "forks = 10\n"
        "[ssh_connection]\n"
        f"control_path_dir = {built.folder}/cp\n"
        "pipelining = True\n"
        "ssh_args = -F none -o ControlMaster=auto -o ControlPersist=60s"
        f" -o UserKnownHostsFile={built.folder}/known_hosts\n"
    )
    lines = [f"{machine.name} ansible_host={machine.address}\n" for machine in built.machines.values()]
    program = (
        f"[all:vars]\nansible_python_interpreter={sys.executable}\nghostfix_executable={PROGRAMS}/ghostfix\n"
    )
    built.inventory.write_text(f"[fleet]\n{''.join(lines)}\n{program}")


def main() -> None:
    """``python -m tests.commands.fleet.lab FOLDER NAME...``: a lab to try things in, until a line comes."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with lab(folder, sys.argv[2:]) as built:
        print(f"up after {time.monotonic() - began:.1f} s; controller {built.controller}", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
