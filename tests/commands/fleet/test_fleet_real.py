"""Ten real machines, five faults, one host out of reach and one without Python."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pexpect
import pytest

from ghostfix.model.fleet import FleetHost, FleetReport, HostState
from ghostfix.model.report import Verdict
from tests.commands.fleet import shop
from tests.commands.fleet.lab import PROGRAMS, Lab, Machine, lab, missing
from tests.real.ghost_house import wait_until

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(missing() is not None, reason=str(missing())),
]
NAMES = tuple(f"web{number}" for number in range(1, 11))
ILL = ("web3", "web4", "web5", "web6", "web7", "web8")


def scratch() -> frozenset[Path]:
    """The private folders of fleets that lie there; what a killed one left is not ours."""
    return frozenset(Path("/tmp").glob("ghostfix-fleet-*"))


BEFORE = scratch()


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("lab"), NAMES) as built:
        for machine in built.machines.values():
            shop.move_in(machine)
        inventory = built.inventory.read_text()
        # Ansible looks for a Python there by itself, as it does where nobody says which.
        interpreter = r"\1 ansible_python_interpreter=auto_silent"
        auto = re.sub(r"^(web10 .*)$", interpreter, inventory, flags=re.MULTILINE)
        built.inventory.write_text(auto)
        yield built
    assert not leftovers(built)


def leftovers(built: Lab) -> list[str]:
    """What of the lab is still there: processes, mounts, control groups."""
    mounts = [
        line for line in Path("/proc/self/mounts").read_text().splitlines() if str(built.folder) in line
    ]
    living = [str(each.leader) for each in built.machines.values() if Path(f"/proc/{each.leader}").exists()]
    groups = [str(path) for path in Path("/sys/fs/cgroup").glob("**/ghostfix-web*")]
    return [*mounts, *living, *groups]


def read(done: "subprocess.CompletedProcess[str]") -> FleetReport:
    assert done.stdout, done.stderr
    return msgspec.json.decode(done.stdout, type=FleetReport)


def host(report: FleetReport, name: str) -> FleetHost:
    return next(each for each in report.hosts if each.name == name)


def make_ill(fleet: Lab) -> None:
    machines = fleet.machines
    for name in ("web1", "web2", "web6", "web9", "web10"):
        shop.start(machines[name])
    shop.add_cron_line(machines["web3"])
    shop.add_cron_line(machines["web4"], above="# it must never be down\n")
    shop.add_copies(machines["web5"])
    shop.add_stale_pidfile(machines["web6"])
    shop.add_unit(machines["web7"])
    # web8: nobody starts it
    machines["web9"].cut()
    shop.take_python_away(machines["web10"])


def test_ten_hosts_are_diagnosed_repaired_two_at_a_time_and_taken_back(fleet: Lab) -> None:
    make_ill(fleet)
    cron = fleet.machines["web4"].sh("cat /etc/cron.d/shop")
    done = fleet.fleet("diagnose", "--format", "json")
    found = read(done)
    assert done.returncode == found.exit_code == 1
    assert [each.name for each in found.hosts] == list(NAMES)
    assert {each.name for each in found.hosts if each.state is HostState.SEEN} == set(NAMES[:8])
    assert {each.name: each.verdict for each in found.hosts if each.name in ("web1", "web2", "web8")} == {
        "web1": Verdict.HEALTHY,
        "web2": Verdict.HEALTHY,
        "web8": Verdict.DOWN,
    }
    assert host(found, "web9").state is HostState.UNREACHABLE
    assert "No route to host" in str(host(found, "web9").reason)
    assert host(found, "web10").state is HostState.FAILED
    assert "interpreter" in str(host(found, "web10").reason)
    shared = {(each.code, each.hosts) for each in found.findings}
    assert ("unlocked-cron-job", ("web3", "web4")) in shared
    assert ("rogue-restarter", ("web3", "web4")) in shared
    assert ("rogue-restarter", ("web7",)) in shared
    assert ("duplicate-instance", ("web3", "web4", "web5", "web7")) in shared
    assert ("stale-pidfile", ("web6",)) in shared
    assert ("not-running", ("web8",)) in shared
    assert shop.SECRET not in done.stdout + done.stderr
    assert [line for line in done.stderr.splitlines() if re.search(r"\bweb9: unreachable", line)]

    # The report of one host is opened on the controller.
    (kept,) = host(found, "web3").kept
    opened = fleet.call(str(PROGRAMS / "ghostfix"), "report", kept)
    assert "cron line 1 starts shop every minute" in " ".join(opened.stdout.split())

    # Nobody is there to be asked, so nothing is done.
    asked = fleet.fleet("repair", "--serial", "2")
    assert asked.returncode == 4
    assert "no terminal on which to ask" in asked.stderr
    assert shop.number_of(fleet.machines["web5"]) == 3

    done = fleet.fleet("repair", "--yes", "--serial", "2", "--hold-for", "2s", "--format", "json")
    repaired = read(done)
    assert done.returncode == repaired.exit_code == 3  # two are not known
    for name in ILL:
        one = host(repaired, name)
        assert (one.state, one.verdict, one.changed, one.exit_code) == (
            HostState.DONE, Verdict.HEALTHY, True, 0,
        ), one.reason  # fmt: skip
        assert one.run is not None
        assert shop.number_of(fleet.machines[name]) == 1
        assert shop.serves(fleet.machines[name])
    for name in ("web1", "web2"):
        assert (host(repaired, name).state, host(repaired, name).run) == (HostState.SEEN, None)
    assert {each.name for each in repaired.hosts if each.reason is not None} == {"web9", "web10"}
    assert shop.SECRET not in done.stdout + done.stderr
    runs = stretches(fleet)
    assert most_at_once(runs) == 2

    # A second run changes nothing.
    again = read(fleet.fleet("repair", "--yes", "--format", "json"))
    assert not any(each.changed for each in again.hosts)
    assert stretches(fleet) == runs

    done = fleet.fleet("undo", "--yes", "--format", "json")
    undone = read(done)
    assert {each.name for each in undone.hosts if each.changed} == {"web3", "web4", "web6", "web7", "web8"}
    assert fleet.machines["web4"].sh("cat /etc/cron.d/shop") == cron
    assert fleet.machines["web6"].sh(f"cat {shop.FOLDER}/shop.pid") == "4194301\n"
    assert not any(each.changed for each in read(fleet.fleet("undo", "--yes", "--format", "json")).hosts)
    assert scratch() <= BEFORE


def stretches(fleet: Lab) -> list[tuple[float, float]]:
    """From when to when each ill host was being repaired: its journal, and the watch after it (2 s)."""
    found = []
    for name in ILL:
        story = fleet.machines[name].sh("cat /root/.local/state/ghostfix/runs/*/journal.jsonl")
        lines = [json.loads(line) for line in story.splitlines()]
        found.append((lines[0]["at"], lines[-1]["at"] + 2))
    return found


def most_at_once(stretches: list[tuple[float, float]]) -> int:
    """The largest number of stretches that share a moment."""
    return max(sum(begin <= moment < end for begin, end in stretches) for moment, _ in stretches)


# a host that is stopped half-way


def intent(machine: Machine) -> bool:
    """Whether an act was announced that is not done."""
    return machine.answers(
        'tail -qn1 /root/.local/state/ghostfix/runs/*/journal.jsonl | grep -q \'"event":"intent"\''
    )


def last_run(machine: Machine) -> str:
    return machine.sh("ls -t /root/.local/state/ghostfix/runs | head -1").strip()


def clear(machine: Machine) -> None:
    """As it was before anything was ill there."""
    machine.sh(
        "rm -f /etc/cron.d/shop; systemctl stop shop 2>/dev/null || true; "
        "rm -f /etc/systemd/system/shop.service; systemctl daemon-reload; "
        "pkill -KILL -f '[s]hop.py' || true; rm -rf /root/.local/state"
    )
    shop.move_in(machine)


def test_hosts_that_are_stopped_half_way_leave_journals_that_undo_reads(fleet: Lab) -> None:
    """One loses ghostfix, one its sshd and its network, one its power."""
    killed, cut_off, dark = (fleet.machines[name] for name in ("web3", "web4", "web5"))
    for machine in (killed, cut_off, dark):
        clear(machine)
        shop.add_cron_line(machine)
        shop.end(machine)
        shop.add_stubborn_copies(machine)
    before = killed.sh("cat /etc/cron.d/shop")
    limit = ("--limit", "web3,web4,web5")
    inventory = ("-i", str(fleet.inventory))
    words = ("fleet", "repair", *inventory, *limit, "--yes", "--serial", "3", "--format", "json")
    repair = fleet.begin(str(PROGRAMS / "ghostfix"), *words)
    for machine in (killed, cut_off, dark):
        wait_until(partial(is_at_work, machine), 90, f"{machine.name} is at work")
    runs = {machine.name: last_run(machine) for machine in (killed, cut_off, dark)}
    killed.sh("pkill -KILL -x ghostfix")
    cut_off.cut()
    cut_off.sh("systemctl kill --kill-whom=all -s KILL fleet-sshd; pkill -KILL -x ghostfix || true")
    dark.end_all()
    out, err = repair.communicate(timeout=200)
    report = msgspec.json.decode(out, type=FleetReport)
    assert repair.returncode == report.exit_code == 4, err
    assert {each.name: each.state for each in report.hosts} == dict.fromkeys(runs, HostState.LOST)
    assert host(report, "web3").run == runs["web3"]
    assert all(each.reason for each in report.hosts)

    fleet.boot_again(dark)
    cut_off.plug_in()
    cut_off.sh("systemctl reset-failed fleet-sshd 2>/dev/null || true")
    fleet.serve_again(cut_off)
    planned = read(fleet.fleet("undo", *limit, "--dry-run", "--format", "json"))
    assert {each.name: each.run for each in planned.hosts} == runs, [each.reason for each in planned.hosts]
    assert all(each.changed and each.undone for each in planned.hosts)
    done = fleet.fleet("undo", *limit, "--yes", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    for name in runs:
        machine = fleet.machines[name]
        assert machine.sh("cat /etc/cron.d/shop") == before
        clear(machine)


def is_at_work(machine: Machine) -> bool:
    """The line is held, and the copies are being asked to end."""
    return intent(machine) and machine.answers("! grep -q '^\\* \\* \\* \\* \\* root cd' /etc/cron.d/shop")


def test_ctrl_c_ends_a_roll_and_says_where_it_stands(fleet: Lab) -> None:
    for name in ("web3", "web4"):
        clear(fleet.machines[name])
        shop.add_stubborn_copies(fleet.machines[name])
    inventory = ("-i", str(fleet.inventory), "--limit", "web3,web4")
    repair = fleet.begin(
        str(PROGRAMS / "ghostfix"), "fleet", "repair", *inventory, "--yes", "--format", "json"
    )
    try:
        wait_until(
            lambda: intent(fleet.machines["web3"]) or intent(fleet.machines["web4"]), 90, "it is at work"
        )
        os.kill(fleet.inner(repair), signal.SIGINT)
        out, err = repair.communicate(timeout=60)
    finally:
        repair.kill()
    report = msgspec.json.decode(out, type=FleetReport)
    assert repair.returncode == report.exit_code == 130, err
    assert sorted(each.state.value for each in report.hosts) == ["lost", "spared"]
    assert "interrupted" in str(report.hosts[0].reason)
    for name in ("web3", "web4"):
        fleet.machines[name].sh("pkill -KILL -x ghostfix || true")
        clear(fleet.machines[name])
    assert scratch() <= BEFORE


# other users


def way_to_python() -> list[str]:
    """Every folder that a user must pass in order to run the tests' Python and ghostfix."""
    places = (Path(sys.executable).resolve(), PROGRAMS / "ghostfix")
    return sorted({str(folder) for place in places for folder in place.parents if str(folder) != "/"})


def test_unprivileged_and_with_become(fleet: Lab) -> None:
    """A user looks after a service of their own; with their password, root's eyes see it too."""
    machine = fleet.machines["web2"]
    machine.sh(
        "useradd -m -s /bin/bash deploy; echo deploy:let-me-in | chpasswd; "
        "echo 'deploy ALL=(ALL) ALL' >/etc/sudoers.d/deploy; chmod 440 /etc/sudoers.d/deploy; "
        # The tests' own Python may lie in root's home.
        f"for each in {' '.join(way_to_python())}; do chmod o+x $each; done"
    )
    clear(machine)
    machine.sh(f"chown -R deploy {shop.FOLDER}")
    shop.start(machine, user="deploy")
    options = ("--limit", "web2", "--ansible-args", "-u deploy", "--format", "json")
    done = fleet.fleet("diagnose", *options)
    (alone,) = read(done).hosts
    assert alone.state is HostState.SEEN
    assert (alone.verdict, alone.exit_code) == (Verdict.HEALTHY, 0)
    assert len(alone.reports[0].instances) == 1
    assert shop.SECRET not in done.stdout

    refused = read(fleet.fleet("diagnose", *options, "--become"))
    assert (refused.hosts[0].state, refused.exit_code) == (HostState.FAILED, 3)
    assert "password" in str(refused.hosts[0].reason).lower()

    child = pexpect.spawn(
        "nsenter",
        fleet.command(
            str(PROGRAMS / "ghostfix"), "fleet", "diagnose", "-i", str(fleet.inventory), *options, "-K"
        )[1:],
        env=fleet.environment(),
        encoding="utf-8",
        timeout=90,
    )
    child.expect("BECOME password: ")
    child.sendline("let-me-in")
    child.expect(pexpect.EOF)
    printed = str(child.before)
    assert '"verdict": "healthy"' in printed
    assert "let-me-in" not in printed
    assert '"exit_code": 0' in printed


def test_what_cannot_work_says_what_to_type(fleet: Lab, tmp_path: Path) -> None:
    nobody = fleet.fleet("diagnose", "--limit", "mail*")
    assert nobody.returncode == 2
    assert "ansible-inventory --graph" in nobody.stderr
    typo = fleet.call(str(PROGRAMS / "ghostfix"), "fleet", "diagnose", "-i", str(tmp_path / "gone.ini"))
    assert typo.returncode == 2
    assert "gone.ini" in typo.stderr
    absent = read(fleet.fleet("diagnose", "shopp", "--limit", "web1", "--format", "json"))
    assert (absent.hosts[0].state, absent.exit_code) == (HostState.FAILED, 3)
    assert "no service called `shopp`" in str(absent.hosts[0].reason)
    wrong = fleet.fleet("repair", "--serial", "half")
    assert wrong.returncode == 2
    assert "--serial" in wrong.stderr
    for done in (nobody, typo, wrong):
        assert "Traceback" not in done.stdout + done.stderr
