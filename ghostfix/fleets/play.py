"""Play: what Ansible is to do on the hosts of an inventory, and what it says about each of them.

The playbook has one play with one task, a module of the collection that comes with ghostfix. No facts are
gathered, and the report crosses the wire as one string, which Ansible carries at a small part of the cost
of a dictionary.
"""

from collections.abc import Mapping
from enum import Enum

import msgspec
from msgspec import Struct

from ghostfix.fleet import EntryOfUndo, Verb

COLLECTION = "ghostfix.ghostfix"
EXTRA = "ghostfix[fleet]"

# An option that is not given is whatever the inventory says for the host: option -> variable.
_BY_HOST: Mapping[str, str] = {
    "executable": "ghostfix_executable",
    "chdir": "ghostfix_chdir",
    "state_home": "ghostfix_state_home",
    "config": "ghostfix_config",
    "name": "ghostfix_service",
}


class Task(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The options of the module. What is left out is the module's own default."""

    name: str | None = None
    config: str | None = None
    executable: str | None = None
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    fail_on: str | None = None
    start: bool = True
    evict: bool = False
    hold_for: str | None = None
    rollback_on_failure: bool = False


class Reach(Struct, frozen=True, kw_only=True):
    """Which hosts, and how they are reached."""

    inventory: tuple[str, ...]
    limit: str | None = None
    forks: int | None = None
    become: bool = False
    become_user: str | None = None
    become_password: str | None = None
    arguments: tuple[str, ...] = ()
    """More of the command line of ``ansible-playbook``."""


class Play(Struct, frozen=True, kw_only=True):
    """One run of ``ansible-playbook``."""

    verb: Verb
    task: Task
    reach: Reach
    look: bool
    """Check mode, on all hosts at once; a host that is down hinders no other one."""
    hosts: tuple[str, ...] = ()
    """Only these; all of the inventory and its limit when empty."""
    serial: str | None = None
    max_fail_percentage: float | None = None


class AnswerKind(Enum):
    STARTED = "started"
    OK = "ok"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


class ModuleResult(Struct, frozen=True, kw_only=True):
    """What the module returned; everything is missing where it did not come to run."""

    msg: str = ""
    exit_code: int | None = None
    text: str | None = None
    run_id: str | None = None
    changed: bool = False
    entries: tuple[EntryOfUndo, ...] | None = None
    module_stderr: str = ""
    module_stdout: str = ""


class HostAnswer(Struct, frozen=True, kw_only=True):
    """What Ansible said about one host."""

    host: str
    kind: AnswerKind
    result: ModuleResult = ModuleResult()


class PlayEnd(Struct, frozen=True, kw_only=True):
    """How ``ansible-playbook`` ended: its exit status, and what it printed besides the hosts' answers."""

    status: int
    interrupted: bool
    complaints: tuple[str, ...]


def playbook(play: Play) -> bytes:
    """The playbook as JSON, which is YAML."""
    options = msgspec.to_builtins(play.task)
    for option, variable in _BY_HOST.items():
        if option not in options and not (play.verb is Verb.UNDO and option == "config"):
            options[option] = f"{{{{ {variable} | default(omit) }}}}"
    if play.verb is not Verb.UNDO:
        options["as_text"] = True
    document = {
        "name": f"ghostfix {play.verb.value}",
        "hosts": "all",
        "gather_facts": False,
        "tasks": [{"name": play.verb.value, f"{COLLECTION}.{play.verb.value}": options}],
    }
    if play.look:
        document |= {"ignore_unreachable": True, "check_mode": True}
    if play.serial is not None:
        document["serial"] = play.serial if play.serial.endswith("%") else int(play.serial)
    if play.max_fail_percentage is not None:
        document["max_fail_percentage"] = play.max_fail_percentage
    return msgspec.json.encode([document])


def arguments(play: Play, playbook_path: str, limit_path: str | None) -> tuple[str, ...]:
    """The command line of ``ansible-playbook`` after its name."""
    reach = play.reach
    words: list[str] = []
    for inventory in reach.inventory:
        words += ["--inventory", inventory]
    limit = reach.limit if limit_path is None else f"@{limit_path}"
    if limit is not None:
        words += ["--limit", limit]
    if reach.forks is not None:
        words += ["--forks", str(reach.forks)]
    if reach.become:
        words.append("--become")
    if reach.become_user is not None:
        words += ["--become-user", reach.become_user]
    if reach.become_password is not None:
        words.append("--ask-become-pass")
    return (*words, *reach.arguments, playbook_path)
