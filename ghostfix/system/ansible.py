"""Ansible: one play at a time, through ansible-runner; what that writes is in a private folder, and removed.

ansible-runner keeps every event and the whole environment on the disk; here that is a folder of mode 0700
below the temporary folder, for as long as the play lasts.
"""

import configparser
import contextlib
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files

import msgspec

from ghostfix.errors import ProfileError
from ghostfix.fleets.play import (
    EXTRA,
    AnswerKind,
    HostAnswer,
    ModuleResult,
    Play,
    PlayEnd,
    arguments,
    playbook,
)
from ghostfix.system.scratch import ScratchFolder

_KINDS = {
    "runner_on_start": AnswerKind.STARTED,
    "runner_on_ok": AnswerKind.OK,
    "runner_on_failed": AnswerKind.FAILED,
    "runner_on_unreachable": AnswerKind.UNREACHABLE,
}
# A machine that vanishes sends no goodbye: without these a connection to it hangs for a quarter of an hour.
_KEEP_ALIVE = "-o ServerAliveInterval=10 -o ServerAliveCountMax=3"
_MOST_COMPLAINTS = 50
_PATIENCE = 1
"""Seconds within which an interruption is noticed."""

Tell = Callable[[HostAnswer], None]


def collection_path() -> str:
    """The folder in which Ansible finds the collection: a value for ``ANSIBLE_COLLECTIONS_PATH``."""
    return str(files("ghostfix"))


def perform(play: Play, tell: Tell) -> PlayEnd:
    """Runs the play to its end; ``tell`` is given each host's answer as it comes.

    Raises ProfileError when Ansible is not installed. An interruption by the user ends the play, and is
    told in the answer.
    """
    program = _program()
    try:
        from ansible_runner.interface import init_command_config
    except ImportError as error:
        raise _not_installed() from error

    hearing = _Hearing(tell)
    with ScratchFolder("ghostfix-fleet-") as folder, _interruptible() as interrupted:
        words = _lay_out(folder, play)
        password = play.reach.become_password
        runner = init_command_config(
            executable_cmd=program,
            cmdline_args=list(words),
            private_data_dir=folder,
            host_cwd=os.getcwd(),
            envvars=_environment(),
            settings={"pexpect_timeout": _PATIENCE, "suppress_output_file": True},
            passwords={r"BECOME password.*:\s*?$": password} if password is not None else None,
            event_handler=hearing.hear,
            cancel_callback=interrupted.is_set,
            quiet=True,
        )
        runner.run()
        return PlayEnd(
            status=int(runner.rc), interrupted=interrupted.is_set(), complaints=tuple(hearing.complaints)
        )


class _Hearing:
    """Listens to ansible-runner's events."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.complaints: list[str] = []

    def hear(self, event: Mapping[str, object]) -> bool:
        """Passes on what is about a host; gives whether the event is kept on the disk, which it is not."""
        kind = _KINDS.get(str(event.get("event")))
        about = event.get("event_data")
        if kind is not None and isinstance(about, Mapping):
            self._tell(HostAnswer(host=str(about.get("host")), kind=kind, result=_result(about.get("res"))))
        elif event.get("event") in ("verbose", "error", "warning", "deprecated"):
            text = str(event.get("stdout", "")).strip()
            if text and len(self.complaints) < _MOST_COMPLAINTS:
                self.complaints.append(text)
        return False


def _result(value: object) -> ModuleResult:
    if not isinstance(value, Mapping):
        return ModuleResult()
    try:
        return msgspec.convert(value, ModuleResult, strict=False)
    except msgspec.ValidationError:
        return ModuleResult(msg=json.dumps(value.get("msg", ""), default=str))


def _program() -> str:
    """``ansible-playbook`` beside our own Python, else on the PATH."""
    beside = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    found = beside if os.access(beside, os.X_OK) else shutil.which("ansible-playbook")
    if found is None:
        raise _not_installed()
    return found


def _not_installed() -> ProfileError:
    return ProfileError(
        "`ghostfix fleet` needs Ansible, which is not installed", f"`pip install '{EXTRA}'` installs it"
    )


def _lay_out(folder: str, play: Play) -> tuple[str, ...]:
    """Writes the playbook, beside it the collection and the list of hosts; gives the command line."""
    project = os.path.join(folder, "project")
    os.mkdir(project, 0o700)
    os.symlink(collection_path(), os.path.join(project, "collections"))
    path = os.path.join(project, "fleet.yml")
    with open(path, "wb") as file:
        file.write(playbook(play))
    limit = None
    if play.hosts:
        limit = os.path.join(project, "hosts")
        with open(limit, "w", encoding="utf-8") as file:
            file.writelines(f"{host}\n" for host in play.hosts)
    return arguments(play, path, limit)


def _environment() -> dict[str, str]:
    """What Ansible is told besides the user's own settings, which go before these.

    ansible-runner would switch the check of host keys off; here it is as the user has it, and on by default.
    """
    variables = {"ANSIBLE_PIPELINING": "True", "ANSIBLE_SSH_EXTRA_ARGS": _KEEP_ALIVE, "ANSIBLE_NOCOLOR": "1"}
    variables["ANSIBLE_HOST_KEY_CHECKING"] = _configured("defaults", "host_key_checking") or "True"
    return {name: os.environ.get(name, value) for name, value in variables.items()}


def _configured(section: str, key: str) -> str | None:
    """A setting in the user's own ``ansible.cfg``, looked for where Ansible looks for it."""
    places = (
        os.environ.get("ANSIBLE_CONFIG", ""),
        os.path.join(os.getcwd(), "ansible.cfg"),
        os.path.expanduser("~/.ansible.cfg"),
        "/etc/ansible/ansible.cfg",
    )
    for place in places:
        path = os.path.join(place, "ansible.cfg") if os.path.isdir(place) else place
        if path and os.path.isfile(path):
            parser = configparser.ConfigParser(interpolation=None, strict=False)
            with contextlib.suppress(configparser.Error, OSError, UnicodeDecodeError):
                parser.read(path, encoding="utf-8")
            return parser.get(section, key, fallback=None)
    return None


@contextlib.contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set while the context lasts, instead of ending us on the spot."""
    event = threading.Event()
    before = {each: signal.signal(each, lambda *_: event.set()) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
