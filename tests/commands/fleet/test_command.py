"""``ghostfix fleet`` where there is no fleet: what is typed wrongly, and where Ansible is not installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from ghostfix.commands.fleet import orders
from ghostfix.commands.fleet.formats import FORMATS
from ghostfix.commands.fleet.rollout import Order
from ghostfix.model.errors import ExitCode, ProfileError
from ghostfix.model.fleet import Verb
from ghostfix.model.fleet_play import Play, Reach, Task
from ghostfix.report.output import Presentation
from ghostfix.system import ansible
from tests.commands.fleet.samples import ROLLED
from tests.commands.test_cli import ghostfix
from tests.fake_system import FakeSystem

WRONG = {
    "no inventory": (("diagnose",), "--inventory"),
    "a misspelt format": (("diagnose", "-i", "h,", "--format", "jsno"), "did you mean `json`?"),
    "a format of one machine": (
        ("diagnose", "-i", "h,", "--format", "markdown"),
        "terminal, json, html, junit",
    ),
    "a misspelt check": (("diagnose", "-i", "h,", "--only", "stale-pidfil"), "did you mean `stale-pidfile`?"),
    "half of a batch": (("repair", "-i", "h,", "--serial", "0"), "a number of hosts or a percentage"),
    "more than all": (("repair", "-i", "h,", "--serial", "120%"), "a number of hosts or a percentage"),
    "no duration": (("repair", "-i", "h,", "--hold-for", "long"), "10s, 5m or 1h"),
    "half a quote": (("undo", "-i", "h,", "--ansible-args", "-u 'me"), "cannot be split into words"),
    "a check mode of its own": (("repair", "-i", "h,", "--ansible-args", "-v --check"), "`--dry-run` shows"),
    "steps that nobody sees": (("repair", "-i", "h,", "--ansible-args", "--step"), "--serial 1"),
    "an unknown verb": (("mend",), "No such command"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name: str, tmp_path: Path) -> None:
    words, message = WRONG[name]
    answer = ghostfix(tmp_path, "fleet", *words)
    assert answer.returncode == 2
    assert message in " ".join(answer.stderr.replace("│", " ").split())
    assert "Traceback" not in answer.stderr


def test_a_password_that_nobody_can_type_is_a_mistake_on_the_command_line(tmp_path: Path) -> None:
    """And no finding, which is what 1 means."""
    done = subprocess.run(
        [sys.executable, "-m", "ghostfix", "fleet", "diagnose", "-i", "h,", "-K"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        check=False,
    )
    assert done.returncode == 2
    assert "--become-password-file" in done.stderr
    assert "Warning" not in done.stderr.replace("Warning: Password input may be echoed.", "")


def test_what_was_done_is_told_where_the_file_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = Order(verb=Verb.REPAIR, task=Task(), reach=Reach(inventory=("hosts.ini",)))
    presentation = Presentation.of("html", str(tmp_path / "gone/fleet.html"), formats=FORMATS)
    orders._report(FakeSystem(), order, presentation, ROLLED.hosts, ExitCode.REPAIR_INCOMPLETE, dry=False)
    told = capsys.readouterr()
    assert "web2  lost on the way (run r2): it went dark" in told.out
    assert "could not be written" in told.err
    with pytest.raises(ProfileError, match="could not be written"):
        orders._report(FakeSystem(), order, presentation, ROLLED.hosts, ExitCode.HEALTHY, dry=True)


def test_each_verb_explains_itself(tmp_path: Path) -> None:
    for verb in ("diagnose", "repair", "undo"):
        answer = ghostfix(tmp_path, "fleet", verb, "--help")
        assert answer.returncode == 0
        assert f"Example: ghostfix fleet {verb}" in answer.stdout
    shown = ghostfix(tmp_path, "fleet", "collection").stdout.strip()
    assert (Path(shown) / "ansible_collections/ghostfix/ghostfix/galaxy.yml").is_file()


def test_without_ansible_it_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its program nor its module is there."""
    play = Play(verb=Verb.DIAGNOSE, task=Task(), reach=Reach(inventory=("h,",)), check_mode=True)
    with monkeypatch.context() as without_module:
        without_module.setitem(sys.modules, "ansible_runner.interface", None)
        with pytest.raises(ProfileError) as told:
            ansible.perform(play, lambda answer: None)
        assert told.value.hint == f"`{sys.executable} -m pip install ansible-core ansible-runner` installs it"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProfileError, match="needs Ansible"):
        ansible.perform(play, lambda answer: None)
