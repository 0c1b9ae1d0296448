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
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files

import msgspec

from ghostfix.model.errors import ProfileError
from ghostfix.model.fleet_play import (
    REQUIRED,
    RUNS,
    AnswerKind,
    HostAnswer,
    ModuleResult,
    Play,
    PlayEnd,
    arguments,
    playbook,
)
from ghostfix.system.temp_folder import ScratchFolder

_KINDS = {
    "runner_on_start": AnswerKind.STARTED,
    "runner_on_ok": AnswerKind.OK,
    "runner_on_failed": AnswerKind.FAILED,
    "runner_on_unreachable": AnswerKind.UNREACHABLE,
}
# Ansible, and before 2.19 its ssh, waits for a word that no user can give it here. These end in an error.
_OTHER_PROMPTS = {
    r"(?i)(?:SSH|BECOME|Vault) password[^:\n]*:\s*?$": "",
    r"(?i)enter (?:passphrase|pin) for [^\n]*:\s*?$": "",
    r"(?i)continue connecting \(yes/no[^\n]*\?\s*?$": "no",
}
_BECOME_PROMPT = r"BECOME password.*:\s*?$"
_KILLED = -1
"""The status of an Ansible that a signal ended."""
# A machine that vanishes sends no goodbye: without these a connection to it hangs for a quarter of an hour.
_KEEP_ALIVE = "-o ServerAliveInterval=10 -o ServerAliveCountMax=3"
_MOST_COMPLAINTS = 50
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, and the end of the terminal or the connection in which ghostfix runs: Ansible would go on alone."""
_PATIENCE = 1
"""Seconds within which an interruption is noticed."""

OnAnswer = Callable[[HostAnswer], None]


def collection_path() -> str:
    """The folder in which Ansible finds the collection: a value for ``ANSIBLE_COLLECTIONS_PATH``."""
    return str(files("ghostfix"))


def perform(play: Play, on_answer: OnAnswer) -> PlayEnd:
    """Runs the play to its end; ``on_answer`` is given each host's answer as it comes.

    Raises ProfileError when Ansible is not installed. An interruption by the user ends the play, and is
    part of the answer.
    """
    program = _program()
    try:
        from ansible_runner.interface import init_command_config
    except ImportError as error:
        raise _not_installed() from error

    with ScratchFolder("ghostfix-fleet-") as folder, _interruptible() as interrupted:
        hearing = _Hearing(on_answer, interrupted.set)
        words = _lay_out(folder, play)
        password = play.reach.become_password
        runner = init_command_config(
            executable_cmd=program,
            cmdline_args=list(words),
            private_data_dir=folder,
            host_cwd=_folder(),
            envvars=_environment(folder),
            settings={"pexpect_timeout": _PATIENCE, "suppress_output_file": True},
            passwords=({_BECOME_PROMPT: password} if password is not None else {}) | _OTHER_PROMPTS,
            event_handler=hearing.hear,
            cancel_callback=interrupted.is_set,
            quiet=True,
        )
        runner.run()
        if hearing.failure is not None:
            raise hearing.failure
        return PlayEnd(
            status=_KILLED if runner.rc is None else int(runner.rc),
            interrupted=interrupted.is_set(),
            complaints=tuple(hearing.complaints),
        )


class _Hearing:
    """Listens to ansible-runner's events, and has the play ended when one cannot be heard."""

    def __init__(self, on_answer: OnAnswer, end: Callable[[], None]) -> None:
        self._on_answer = on_answer
        self._end = end
        self.complaints: list[str] = []
        self.failure: Exception | None = None

    def hear(self, event: Mapping[str, object]) -> bool:
        """Passes on what is about a host; gives whether the event is kept on the disk, which it is not.

        An error must not leave from here: ansible-runner would forget its Ansible, which would go on.
        """
        try:
            self._hear(event)
        except OSError:
            pass  # our progress has no reader any more (`| head`), which is no reason to stop half-way
        except Exception as error:
            self.failure = self.failure or error
            self._end()
        return False

    def _hear(self, event: Mapping[str, object]) -> None:
        kind = _KINDS.get(str(event.get("event")))
        about = event.get("event_data")
        if kind is not None and isinstance(about, Mapping):
            self._on_answer(
                HostAnswer(host=str(about.get("host")), kind=kind, result=_result(about.get("res")))
            )
        elif event.get("event") in ("verbose", "error", "warning", "deprecated"):
            text = str(event.get("stdout", "")).strip()
            if text and len(self.complaints) < _MOST_COMPLAINTS:
                self.complaints.append(text)


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
        "`ghostfix fleet` needs Ansible, which is not installed",
        f"`{sys.executable} -m pip install {' '.join(REQUIRED)}` installs it",
    )


def _lay_out(folder: str, play: Play) -> tuple[str, ...]:
    """Writes the playbook, beside it the collection and the list of hosts; gives the command line."""
    project = os.path.join(folder, "project")
    os.mkdir(project, 0o700)
    os.symlink(collection_path(), os.path.join(project, "collections"))
    path = os.path.join(project, "fleet.yml")
    with open(path, "wb") as file:
        file.write(playbook(play))
    if play.runs:
        with open(os.path.join(project, RUNS), "wb") as file:
            file.write(msgspec.json.encode(play.runs))
    limit = None
    if play.hosts:
        limit = os.path.join(project, "hosts")
        with open(limit, "w", encoding="utf-8") as file:
            file.writelines(f"{host}\n" for host in play.hosts)
    return arguments(play, path, limit)


def _environment(folder: str) -> dict[str, str]:
    """What Ansible is given besides the user's own settings, which go before these.

    ansible-runner would switch the check of host keys off; here it is as the user has it, and on by default.
    """
    settings = _settings()
    connection = ("ssh_connection", "connection", "defaults")
    extra = _configured(settings, "ssh_extra_args", "ssh_connection")
    variables = {
        "ANSIBLE_PIPELINING": _configured(settings, "pipelining", *connection) or "True",
        "ANSIBLE_SSH_EXTRA_ARGS": f"{extra} {_KEEP_ALIVE}" if extra else _KEEP_ALIVE,
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_HOST_KEY_CHECKING": _configured(settings, "host_key_checking", *connection) or "True",
    }
    # An Ansible that is ended at once leaves its own folder behind, wherever that is.
    own = {"ANSIBLE_LOCAL_TEMP": os.path.join(folder, "tmp")}
    return {name: os.environ.get(name, value) for name, value in variables.items()} | own


def _folder() -> str:
    """The folder in which the user is; the root folder when that one was removed."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "/"


def _configured(settings: configparser.ConfigParser, key: str, *sections: str) -> str | None:
    """A setting of the user's, from the first of these sections that has it."""
    found = (settings.get(section, key, fallback=None) for section in sections)
    value = next((value for value in found if value), None)
    return value if value is None else value.strip("\"'")


def _settings() -> configparser.ConfigParser:
    """The user's own ``ansible.cfg``: the first one that there is where Ansible searches for it."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, inline_comment_prefixes=(";",))
    for place in _places():
        path = os.path.join(place, "ansible.cfg") if os.path.isdir(place) else place
        if path and os.access(path, os.R_OK):
            with contextlib.suppress(configparser.Error, OSError, UnicodeDecodeError):
                parser.read(path, encoding="utf-8")
            break
    return parser


def _places() -> Iterator[str]:
    """Where Ansible searches for its settings. In a folder that all may write to it searches for none."""
    yield os.path.expanduser(os.environ.get("ANSIBLE_CONFIG", ""))
    if not os.stat(_folder()).st_mode & stat.S_IWOTH:
        yield os.path.join(_folder(), "ansible.cfg")
    yield os.path.expanduser("~/.ansible.cfg")
    yield "/etc/ansible/ansible.cfg"


@contextlib.contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """An event that ``_ENDS`` set while the context lasts, instead of ending us on the spot."""
    event = threading.Event()
    # `nohup` has the end of a terminal ignored, and means it.
    ends = [each for each in _ENDS if (each, signal.getsignal(each)) != (signal.SIGHUP, signal.SIG_IGN)]
    before = {each: signal.signal(each, lambda *_: event.set()) for each in ends}
    try:
        yield event
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
