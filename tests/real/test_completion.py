"""Genuine shells, in a terminal of their own, complete what is typed with the Tab key."""

import os
import pty
import re
import select
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(120)]

SHELLS = {
    "bash": (("bash", "--norc", "-i"), 'eval "$(ghostfix --show-completion bash)"'),
    "zsh": (
        ("zsh", "-f", "-i"),
        "autoload -Uz compinit; compinit -u; source <(ghostfix --show-completion zsh)",
    ),
    "fish": (("fish", "--private"), "ghostfix --show-completion fish | source"),
}
TYPED = {
    "ghostfix diagn": "ghostfix diagnose",
    "ghostfix diagnose --wait-h": "ghostfix diagnose --wait-healthy",
    "ghostfix diagnose --format ht": "ghostfix diagnose --format html",
    "ghostfix explain stale-p": "ghostfix explain stale-pidfile",
    "ghostfix diagnose sho": "ghostfix diagnose shop-web",
}
SHOWN = "\x01echo '<\x05>'\r"
"""The keys that have the line printed instead of run: to its beginning, to its end, Enter."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?<>=]*[a-zA-Z]|[()][A-Z0-9]|\][^\x07]*\x07|[=>])")


class Terminal:
    """A shell behind a pseudo-terminal; what it wrote is read until it contains what is waited for."""

    def __init__(self, words: tuple[str, ...], folder: Path) -> None:
        self.seen = ""
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "TERM": "xterm",
            "PS1": "ready> ",
        }
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(words[0], words, environment)

    def types(self, keys: str) -> None:
        self.seen = ""
        os.write(self.end, keys.encode())

    def waits_for(self, text: str, seconds: float = 25.0) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.seen.replace("\r", ""):
            left = deadline - time.monotonic()
            assert left > 0, f"{text!r} is not in {self.seen!r}"
            if select.select([self.end], [], [], min(left, 1.0))[0]:
                self.seen = _ESCAPES.sub("", self.seen + os.read(self.end, 65_536).decode(errors="replace"))

    def close(self) -> None:
        if self.pid > 1:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.end)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes(shell: str, tmp_path: Path) -> None:
    words, load = SHELLS[shell]
    if shutil.which(words[0]) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "ghostfix.toml").write_text('[services.shop-web]\ncommand = ["/opt/shop"]\n')
    terminal = Terminal(words, tmp_path)
    try:
        terminal.types(f"{load}; echo loa''ded\r")
        terminal.waits_for("loaded")
        for keys, wanted in TYPED.items():
            terminal.types(f"{keys}\t{SHOWN}")
            terminal.waits_for(f"\n<{wanted}")
    finally:
        terminal.close()
