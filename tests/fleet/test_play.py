import json

import msgspec
import pytest

from ghostfix.fleet import Verb
from ghostfix.fleets.play import Play, Reach, Task, arguments, playbook

REACH = Reach(inventory=("a.ini", "b,"))


def document(**changes: object) -> dict[str, object]:
    play = msgspec.structs.replace(
        Play(verb=Verb.REPAIR, task=Task(name="shop"), reach=REACH, look=False), **changes
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
    look = document(look=True)
    assert (look["check_mode"], look["ignore_unreachable"], look["gather_facts"]) == (True, True, False)
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
            "--ask-become-pass -u me",
        ),
    ],
)
def test_the_command_line(reach: Reach, words: str) -> None:
    play = Play(verb=Verb.DIAGNOSE, task=Task(), reach=reach, look=True)
    line = " ".join(arguments(play, "fleet.yml", None))
    assert line == " ".join(f"--inventory a.ini --inventory b, {words} fleet.yml".split())
    assert "--limit @hosts" in " ".join(arguments(play, "fleet.yml", "hosts"))
