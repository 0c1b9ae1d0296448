"""systemd: a unit in /etc/systemd/system for the machine's own, in ~/.config/systemd/user for a user's.

Quoting follows systemd.service(5), "COMMAND LINES": an argument is a double-quoted string with C escapes,
``%`` begins a specifier and ``$`` a variable, and each stands for itself when it is doubled.
"""

import re

from msgspec import structs

from ghostfix.managers.adoption_target import Adopter, Offer, Unavailable
from ghostfix.managers.job_file import JobFile
from ghostfix.managers.job_spec import FIRST_PAUSE, LONGEST_PAUSE, STARTS, WITHIN, JobWanted
from ghostfix.managers.systemd.adopt_unit import AdoptUnit
from ghostfix.managers.systemd.systemctl import UNITS, scope_named, unit_folders
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern

_ENFORCES = frozenset({"service_memory", "service_open_files", "service_processes"})
_PLAIN = Pattern(r"[A-Za-z0-9_@:,./+=-]+", re.ASCII)
_TEMPLATE = Unavailable(
    "a unit's name with @ is an instance of a template", "give the service another name in the profile"
)
_LINGER = "/var/lib/systemd/linger"
_BACKS_OFF = 254
"""The version of systemd from which on RestartSteps= is known."""


def machine_offer(system: System, wanted: JobWanted) -> Offer | Unavailable:
    if scope_named(system, "system") is None:
        return Unavailable(
            "this machine was not booted with systemd",
            "`--with cron` needs none; in a container, give it to whatever starts the container",
        )
    if "@" in wanted.name:
        return _TEMPLATE
    if system.caller().uid != 0:
        return Unavailable(
            "only root can give the machine's systemd a unit",
            "run it with sudo, or use `--with systemd-user`",
        )
    return unit_offer(wanted, "system", UNITS, "multi-user.target", version(system))


def user_offer(system: System, wanted: JobWanted) -> Offer | Unavailable:
    caller = system.caller()
    if wanted.user not in ("", caller.user):
        return Unavailable(
            f"{wanted.name} belongs to {wanted.user}, whose systemd is {wanted.user}'s own to tell",
            f"`sudo -u {wanted.user} ghostfix adopt {wanted.name} --with systemd-user`",
        )
    scope = scope_named(system, f"user:{caller.user}")
    if scope is None:
        return Unavailable(
            f"no systemd of {caller.user} runs",
            f"`sudo loginctl enable-linger {caller.user}` starts it, now and at boot",
        )
    own = [folder for folder in unit_folders(system, scope) if folder.startswith(f"{scope.home}/")]
    folder = next((folder for folder in own if folder.endswith("/systemd/user")), None)
    if "@" in wanted.name:
        return _TEMPLATE
    if folder is None:
        return Unavailable(f"the systemd of {caller.user} does not say where its units lie")
    mine = structs.replace(wanted, user="")
    made = unit_offer(mine, scope.name, folder, "default.target", version(system))
    if system.status(f"{_LINGER}/{caller.user}").value is None:
        note = (
            f"it ends when {caller.user} logs out: `loginctl enable-linger {caller.user}` "
            "lets it run from boot on"
        )
        return structs.replace(made, notes=(note,))
    return made


def unit_offer(wanted: JobWanted, scope: str, folder: str, target: str, version: int) -> Offer:
    """The unit of one manager, and the step that gives it to it."""
    unit = f"{wanted.name}.service"
    file = JobFile(path=f"{folder}/{unit}", content=unit_text(wanted, target, version).encode())
    step = AdoptUnit(reason="adopt", file=file, unit=unit, scope=scope)
    return Offer(manager=f"systemd:{unit}", step=step, scope=scope, after=file.content, place=file.path)


def version(system: System) -> int:
    """Systemd's version; 0 when it does not say."""
    match = re.match(r"systemd (\d+)", system.ask(("systemctl", "--version")).text)
    return 0 if match is None else int(match[1])


def unit_text(wanted: JobWanted, target: str, version: int) -> str:
    """The whole unit file (pure)."""
    direct = not wanted.user or wanted.log_is_root_s
    command = wanted.command if direct else wanted.redirected
    if not direct:  # the unit itself limits its open files
        command = ("/bin/sh", "-c", 'exec "$@" >>"$0" 2>&1', wanted.log, *wanted.command)
    lines = [
        f"# Written by `ghostfix adopt {wanted.name}`; `ghostfix undo` takes it away.",
        "[Unit]",
        f"Description={_specifiers(wanted.name)}",
        *(
            ["After=network-online.target", "Wants=network-online.target"]
            if target == "multi-user.target"
            else []
        ),
        f"StartLimitIntervalSec={WITHIN}",
        f"StartLimitBurst={STARTS}",
        "",
        "[Service]",
        "Type=exec",
        *([f"User={wanted.user}"] if wanted.user else []),
        f"WorkingDirectory={_specifiers(wanted.directory)}",
        *(f"Environment={_quoted(f'{one.name}={one.value}')}" for one in wanted.variables),
        f"ExecStart={_command_line(command)}",
        *([f"StandardOutput=append:{_specifiers(wanted.log)}", "StandardError=inherit"] if direct else []),
        "Restart=on-failure",
        f"RestartSec={FIRST_PAUSE}",
        *(
            [f"RestartSteps={STARTS - 1}", f"RestartMaxDelaySec={LONGEST_PAUSE}"]
            if version >= _BACKS_OFF
            else []
        ),
        f"KillSignal=SIG{wanted.stop.signal.value}",
        # For systemd 0 is no limit at all.
        f"TimeoutStopSec={max(0.1, wanted.stop.grace):g}",
        *([f"MemoryMax={wanted.memory}"] if wanted.memory is not None else []),
        *([f"TasksMax={wanted.processes}"] if wanted.processes is not None else []),
        *([f"LimitNOFILE={wanted.open_files}"] if wanted.open_files is not None else []),
        "",
        "[Install]",
        f"WantedBy={target}",
        "",
    ]
    return "\n".join(lines)


def _command_line(words: tuple[str, ...]) -> str:
    """The program's own path is no place for variables: a dollar stands for itself there."""
    program, *arguments = words
    return " ".join((_quoted(program), *(_quoted(word.replace("$", "$$")) for word in arguments)))


def _quoted(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_specifiers(escaped)}"'


def _specifiers(text: str) -> str:
    return text.replace("%", "%%")


ADOPTERS = (
    Adopter(kind="systemd", title="the machine's systemd", enforces=_ENFORCES, offer=machine_offer),
    Adopter(kind="systemd-user", title="the systemd of your user", enforces=_ENFORCES, offer=user_offer),
)
