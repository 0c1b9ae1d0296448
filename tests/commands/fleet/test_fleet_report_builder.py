from pathlib import Path

import msgspec
import pytest

from ghostfix.commands.fleet.fleet_report_builder import all_kept, assembled
from ghostfix.commands.fleet.formats import FORMATS
from ghostfix.commands.fleet.rollout import Order
from ghostfix.commands.machine import local_system
from ghostfix.model.errors import ExitCode
from ghostfix.model.fleet import FleetReport, Verb
from ghostfix.model.fleet_play import Reach, Task
from ghostfix.report.output_options import Layout
from tests.commands.fleet.samples import HEALTHY, INCIDENT, seen
from tests.fake_system import FakeSystem

ORDER = Order(verb=Verb.DIAGNOSE, task=Task(), reach=Reach(inventory=("hosts.ini",)))
HOSTS = (seen("web1", INCIDENT), seen("web2", HEALTHY), seen("web3", INCIDENT))


def told(*words: str) -> FleetReport:
    reach = msgspec.structs.replace(ORDER.reach, arguments=words)
    order = msgspec.structs.replace(ORDER, reach=reach)
    return assembled(FakeSystem(), order, HOSTS, ExitCode.FINDINGS, dry_run=True)


@pytest.mark.parametrize(
    "words",
    [
        ("-e", "ansible_become_password=hunter2"),
        ("--extra-vars=ansible_password=hunter2",),
        ("-eansible_ssh_pass=hunter2",),
        ("--extra-vars", '{"ansible_password": "hunter2"}'),
        ("-e", "{ansible_become_pass: hunter2}"),
        ("-e", "ansible_become_password='hunter2 and more'"),
    ],
)
@pytest.mark.parametrize("name", FORMATS)
def test_passwords_among_ansible_s_options_reach_no_report(name: str, words: tuple[str, ...]) -> None:
    report = told("-u", "me", *words)
    text = FORMATS[name](report, Layout())
    assert "hunter2" not in text
    assert "and more" not in text
    assert report.options[1].startswith("-u me ")


def test_what_a_repair_is_to_leave_is_part_of_the_report() -> None:
    task = Task(only=("stale-pidfile",), start=False, evict=True, hold_for="5s", rollback_on_failure=True)
    order = msgspec.structs.replace(ORDER, verb=Verb.REPAIR, task=task)
    report = assembled(FakeSystem(), order, HOSTS, ExitCode.FINDINGS, dry_run=True)
    assert " ".join(report.choices) == (
        "--only stale-pidfile --no-start --evict --hold-for 5s --rollback-on-failure"
    )
    usual = msgspec.structs.replace(order, task=Task(hold_for="30s"))
    assert assembled(FakeSystem(), usual, HOSTS, ExitCode.FINDINGS, dry_run=True).choices == ()


def test_a_large_fleet_s_reports_are_each_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same second, and all by the same process: each needs a name of its own."""
    system = FakeSystem()
    tried = 0
    create = system.create

    def counted(path: str, content: bytes, mode: int) -> None:
        nonlocal tried
        tried += 1
        create(path, content, mode)

    monkeypatch.setattr(system, "create", counted)
    monkeypatch.setattr(system, "now", lambda: 1_795_600_000.0)
    hosts, notes = all_kept(system, [seen(f"web{number}", INCIDENT) for number in range(300)])
    assert (len({host.kept for host in hosts}), notes) == (300, ())
    assert tried == 300


def test_what_was_found_is_told_where_no_report_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The controller's disk is full after a roll through thirty hosts, say."""
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    hosts, notes = all_kept(local_system(), HOSTS)
    assert hosts == HOSTS
    assert [note for note in notes if "could not be kept" in note]
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    hosts, notes = all_kept(local_system(), HOSTS)
    assert ([len(host.kept) for host in hosts], notes) == ([1, 0, 1], ())
