"""Sessions: the doors through which a person comes in. What was started there, no manager starts again."""

from ghostfix.managers.interface import Manager
from ghostfix.model.manager_signs import ManagerProcess, ManagerSigns


def _signs(kind: str, words: dict[str, str]) -> ManagerSigns:
    processes = tuple(ManagerProcess(name, text) for name, text in words.items())
    return ManagerSigns(kind=kind, title=kind, processes=processes, starts_again=False, is_session=True)


SSH = _signs(
    "ssh",
    {
        "sshd": "the ssh server",
        "sshd-session": "an ssh session",
        "dropbear": "the ssh server",
        "mosh-server": "a mosh session",
    },
)
LOGIN = _signs("login", {"login": "a login", "agetty": "a login", "su": "su", "sudo": "sudo"})
TERMINAL = _signs(
    "terminal",
    {
        "script": "a recorded terminal",
        "gnome-terminal-server": "a terminal window",
        "konsole": "a terminal window",
        "xterm": "a terminal window",
        "alacritty": "a terminal window",
        "kitty": "a terminal window",
        "Terminal": "a terminal window",
        "iTerm2": "a terminal window",
    },
)
DESKTOP = _signs("desktop", {"gnome-shell": "the desktop", "code": "an editor"})


MANAGER = Manager((SSH, LOGIN, TERMINAL, DESKTOP), tuple)
