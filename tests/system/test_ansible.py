"""What Ansible is told, and how a play ends that is not left to its end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ghostfix.model.fleet import Verb
from ghostfix.model.fleet_play import HostAnswer, Play, Reach, Task
from ghostfix.system import ansible
from tests.commands.fleet.lab import PROGRAMS
from tests.real.ghost_house import wait_until

SETTINGS = """
[defaults]
host_key_checking = False ; a lab
[ssh_connection]
ssh_extra_args = "-o ProxyJump=bastion"
pipelining = False
"""
KEEP_ALIVE = "-o ServerAliveInterval=10 -o ServerAliveCountMax=3"


def environment(monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, str]:
    for name in [name for name in os.environ if name.startswith("ANSIBLE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.chdir(folder)
    return ansible._environment("/scratch")


def test_the_user_s_settings_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables go before `ansible.cfg`: without its values in them, hosts behind a bastion are lost."""
    (tmp_path / "ansible.cfg").write_text(SETTINGS)
    told = environment(monkeypatch, tmp_path)
    assert told["ANSIBLE_SSH_EXTRA_ARGS"] == f"-o ProxyJump=bastion {KEEP_ALIVE}"
    assert told["ANSIBLE_PIPELINING"] == "False"
    assert told["ANSIBLE_HOST_KEY_CHECKING"] == "False"
    monkeypatch.setenv("ANSIBLE_PIPELINING", "yes")
    assert ansible._environment("/scratch")["ANSIBLE_PIPELINING"] == "yes"


def test_settings_that_anybody_may_have_written_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Ansible has it; otherwise a file in /tmp would switch the check of host keys off."""
    (tmp_path / "ansible.cfg").write_text(SETTINGS)
    tmp_path.chmod(0o777)
    told = environment(monkeypatch, tmp_path)
    assert told["ANSIBLE_HOST_KEY_CHECKING"] == "True"
    assert told["ANSIBLE_SSH_EXTRA_ARGS"] == KEEP_ALIVE


def test_a_folder_that_was_removed_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert ansible._folder() == "/"
    assert ansible._environment("/scratch")["ANSIBLE_PIPELINING"]


def test_an_error_while_listening_ends_the_play_and_is_told_after_it() -> None:
    """ansible-runner hands it on at once, and its Ansible would go on repairing on its own."""
    ended: list[bool] = []

    def fail(answer: HostAnswer) -> None:
        raise ValueError(answer.host)

    hearing = ansible._Hearing(fail, lambda: ended.append(True))
    assert hearing.hear({"event": "runner_on_ok", "event_data": {"host": "web1"}}) is False
    assert ended == [True]
    assert str(hearing.failure) == "web1"


def test_nobody_reading_the_progress_is_no_reason_to_stop_half_way() -> None:
    ended: list[bool] = []

    def fail(answer: HostAnswer) -> None:
        raise BrokenPipeError

    hearing = ansible._Hearing(fail, lambda: ended.append(True))
    hearing.hear({"event": "runner_on_ok", "event_data": {"host": "web1"}})
    assert (ended, hearing.failure) == ([], None)


@pytest.mark.real
@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Are you sure you want to continue connecting (yes/no/[fingerprint])? ", "no"),
        ("Enter passphrase for key '/root/.ssh/id_ed25519': ", ""),
        ("SSH password: ", ""),
        ("Vault password: ", ""),
        ("BECOME password: ", ""),
        ("BECOME password[defaults to SSH password]: ", "let-me-in"),
    ],
)
def test_a_question_that_nobody_sees_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prompt: str, answer: str
) -> None:
    """ssh asks on the terminal, which is ansible-runner's: an unknown host key held the fleet up for ever."""
    program = tmp_path / "ansible-playbook"
    program.write_text(
        f'#!/bin/sh\nprintf "%s" "{prompt}"\nread -r answer\n[ "$answer" = "{answer}" ] && exit 4\nexit 5\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(ansible, "_program", lambda: str(program))
    reach = Reach(inventory=("h,",), become_password=answer if answer == "let-me-in" else None)
    end = ansible.perform(Play(verb=Verb.DIAGNOSE, task=Task(), reach=reach, check_mode=True), lambda _: None)
    assert (end.status, end.interrupted) == (4, False)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_play_that_is_ended_leaves_nothing_on_the_controller(tmp_path: Path, end: signal.Signals) -> None:
    """The end of a terminal as well: ansible-runner lets its Ansible ignore that one."""
    slow = tmp_path / "slow"
    slow.write_text(f"#!/bin/sh\necho $$ >>{tmp_path}/began\nexec sleep 60\n")
    slow.chmod(0o755)
    play = f"-c local -e ansible_python_interpreter={sys.executable}"
    words = ["fleet", "diagnose", "-i", "a,b,c,", "--forks", "1", "--executable", str(slow)]
    began = subprocess.Popen(
        [str(PROGRAMS / "ghostfix"), *words, "--ansible-args", play],
        env={**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp")},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: os.mkdir(tmp_path / "tmp"),
    )
    try:
        wait_until((tmp_path / "began").exists, 60, "the first host is at work")
        (scratch,) = (tmp_path / "tmp").glob("ghostfix-fleet-*")
        assert scratch.stat().st_mode & 0o777 == 0o700
        playing = int(Path(f"/proc/{began.pid}/task/{began.pid}/children").read_text().split()[0])
        began.send_signal(end)
        printed, _ = began.communicate(timeout=30)
    finally:
        began.kill()
        for pid in map(int, (tmp_path / "began").read_text().split()):
            assert pid > 1
            os.kill(pid, signal.SIGKILL)
    assert began.returncode == 130
    assert b"interrupted while looking; nothing was done on any host" in printed
    assert not Path(f"/proc/{playing}").exists()
    assert list((tmp_path / "tmp").glob("ghostfix-fleet-*")) == []
    assert list(tmp_path.glob(".ansible/tmp/*")) == []
    assert len((tmp_path / "began").read_text().split()) == 1
