import json

import msgspec
import pytest

from ghostfix.model.errors import ProfileError
from ghostfix.model.fleet import Verb
from ghostfix.model.fleet_play import CHECK_MODE_TIMEOUT, Play, Reach, Task, arguments, playbook

REACH = Reach(inventory=("a.ini", "b,"))


def document(**changes: object) -> dict[str, object]:
    play = msgspec.structs.replace(
        Play(verb=Verb.REPAIR, task=Task(name="shop"), reach=REACH, check_mode=False), **changes
    )
    (only,) = json.loads(playbook(play))
    assert isinstance(only, dict)
    return only


def test_the_options_are_the_user_s_else_the_inventory_s() -> None:
    options = document()["tasks"][0]["ghostfix.ghostfix.repair"]  # type: ignore[index]
    assert options == {
        "name": "shop",
        "as_text": True,
        "executable": "{{ ghostfix_executable | default(omit) }}",
        "chdir": "{{ ghostfix_chdir | default(omit) }}",
        "state_home": "{{ ghostfix_state_home | default(omit) }}",
        "config": "{{ ghostfix_config | default(omit) }}",
    }
    undo = document(verb=Verb.UNDO)["tasks"][0]["ghostfix.ghostfix.undo"]  # type: ignore[index]
    assert not {"config", "as_text"} & undo.keys()


def test_a_look_is_check_mode_and_no_host_hinders_another() -> None:
    play = document(check_mode=True)
    assert (play["check_mode"], play["ignore_unreachable"], play["gather_facts"]) == (True, True, False)
    acts = document(serial="25%", max_fail_percentage=10.0)
    assert not {"check_mode", "ignore_unreachable"} & acts.keys()
    assert (acts["serial"], acts["max_fail_percentage"]) == ("25%", 10.0)
    assert document(serial="2")["serial"] == 2


@pytest.mark.parametrize(
    ("reach", "words"),
    [
        (REACH, ""),
        (msgspec.structs.replace(REACH, limit="web*", forks=20), "--limit web* --forks 20"),
        (msgspec.structs.replace(REACH, become=True, become_user="shop"), "--become --become-user shop"),
        (
            msgspec.structs.replace(REACH, become_password="x", arguments=("-u", "me")),
            "--ask-become-pass",
        ),
    ],
)
def test_the_command_line(reach: Reach, words: str) -> None:
    play = Play(verb=Verb.DIAGNOSE, task=Task(), reach=reach, check_mode=True)
    line = " ".join(arguments(play, "fleet.yml", None))
    own = " ".join(reach.arguments)
    assert line == " ".join(f"{own} --inventory a.ini --inventory b, {words} fleet.yml".split())
    assert "--limit @hosts" in " ".join(arguments(play, "fleet.yml", "hosts"))


def test_the_user_s_own_limit_does_not_widen_a_roll() -> None:
    """Of an option that stands twice, Ansible takes the last one."""
    reach = msgspec.structs.replace(REACH, arguments=("--limit", "all", "--forks", "1"), forks=20)
    line = arguments(Play(verb=Verb.REPAIR, task=Task(), reach=reach, check_mode=False), "fleet.yml", "hosts")
    assert line[-1 - line[::-1].index("--limit") + 1] == "@hosts"
    assert line[-1 - line[::-1].index("--forks") + 1] == "20"


@pytest.mark.parametrize("task", [Task(name="{{ x }}"), Task(config="/a/{% x %}"), Task(executable="{#")])
def test_what_was_typed_is_no_template(task: Task) -> None:
    """Ansible would run `{{ lookup('pipe', 'reboot') }}` on the controller."""
    with pytest.raises(ProfileError, match="is a template for Ansible"):
        document(task=task)


def test_a_host_that_hangs_does_not_hold_the_look_up() -> None:
    assert document(check_mode=True)["tasks"][0]["timeout"] == CHECK_MODE_TIMEOUT  # type: ignore[index]
    assert "timeout" not in document()["tasks"][0]  # type: ignore[index]


def test_an_undo_is_of_the_run_that_was_seen() -> None:
    options = document(verb=Verb.UNDO, runs={"web1": "r1"})["tasks"][0]["ghostfix.ghostfix.undo"]  # type: ignore[index]
    assert "name" not in options
    assert options["run"] == (
        "{{ (lookup('ansible.builtin.file', 'runs.json') | from_json)[inventory_hostname] }}"
    )
