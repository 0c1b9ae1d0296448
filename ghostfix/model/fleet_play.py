"""Play: what Ansible is to do on the hosts of an inventory, and what it says about each of them.

The playbook has one play with one task, a module of the collection that comes with ghostfix. No facts are
gathered, and the report crosses the wire as one string, which Ansible carries at a small part of the cost
of a dictionary.
"""

from collections.abc import Iterable, Mapping
from enum import Enum

import msgspec
from msgspec import Struct

from ghostfix.model.errors import ProfileError
from ghostfix.model.fleet import EntryOfUndo, Verb
from ghostfix.model.safe_text import safe

COLLECTION = "ghostfix.ghostfix"
REQUIRED = ("ansible-core", "ansible-runner")
"""What `ghostfix fleet` needs beside ghostfix, as pip knows it."""
RUNS = "runs.json"
"""The file beside the playbook that says which run of each host is to be taken back."""
HOLD_FOR = "30s"
"""How long a repair is watched when the user gives no time."""
CHECK_MODE_TIMEOUT = 180
"""Seconds after which a host that was reached, and does not answer, is left alone: its disk hangs, say."""

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
    check_mode: bool
    """Check mode, on all hosts at once; a host that is down hinders no other one."""
    hosts: tuple[str, ...] = ()
    """Only these; all of the inventory and its limit when empty."""
    runs: Mapping[str, str] = {}
    """Of an undo: which run of each host was seen, and is meant. The newest one may be another by now."""
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
    """The playbook as JSON, which is YAML. Raises ProfileError for what Ansible would take for a template."""
    task: dict[str, object] = {"name": play.verb.value, f"{COLLECTION}.{play.verb.value}": _options(play)}
    document: dict[str, object] = {
        "name": f"ghostfix {play.verb.value}",
        "hosts": "all",
        "gather_facts": False,
        "tasks": [task],
    }
    if play.check_mode:
        document |= {"ignore_unreachable": True, "check_mode": True}
        task["timeout"] = CHECK_MODE_TIMEOUT
    if play.serial is not None:
        document["serial"] = play.serial if play.serial.endswith("%") else int(play.serial)
    if play.max_fail_percentage is not None:
        document["max_fail_percentage"] = play.max_fail_percentage
    return msgspec.json.encode([document])


def _options(play: Play) -> dict[str, object]:
    """The options of the module: what was typed, as it is, and for the rest what the inventory says."""
    options: dict[str, object] = msgspec.to_builtins(play.task)
    _refuse_templates(value for value in options.values() if isinstance(value, str))
    for option, variable in _BY_HOST.items():
        if option not in options and not (play.verb is Verb.UNDO and option == "config"):
            options[option] = f"{{{{ {variable} | default(omit) }}}}"
    if play.verb is not Verb.UNDO:
        options["as_text"] = True
    if play.runs:
        del options["name"]
        runs = f"lookup('ansible.builtin.file', '{RUNS}') | from_json"
        options["run"] = f"{{{{ ({runs})[inventory_hostname] }}}}"
    return options


def _refuse_templates(values: Iterable[str]) -> None:
    """Ansible runs the programs that a template names on this machine, before any host sees it."""
    for value in values:
        if any(sign in value for sign in ("{{", "{%", "{#")):
            raise ProfileError(
                f"`{safe(value, 120)}` is a template for Ansible, which ghostfix does not hand on",
                "what differs by host stands in the inventory: `ghostfix_service`, `ghostfix_config`",
            )


def arguments(play: Play, playbook_path: str, limit_path: str | None) -> tuple[str, ...]:
    """The command line of ``ansible-playbook`` after its name.

    Of an option that stands there twice the last one counts. So ours come after the user's: no ``--limit``
    among them may widen a roll to hosts to which the user did not agree.
    """
    reach = play.reach
    words = [*reach.arguments]
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
    return (*words, playbook_path)
