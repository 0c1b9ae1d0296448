"""A program that runs in a terminal of its own, and is spoken to as a person would."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_ENDED = 5  # EIO: nobody has the other end any more


class Dialogue:
    """``said`` is all that the program has written so far."""

    def __init__(self, argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._terminal, other = pty.openpty()
        self.said = ""
        self._heard = 0
        self._child = subprocess.Popen(
            argv,
            cwd=folder,
            env={**environment, "TERM": "dumb", "NO_COLOR": "1"},
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)

    def hears(self, words: str, seconds: float = 60.0) -> None:
        """Waits until the program has said this, after what was heard before."""
        deadline = time.monotonic() + seconds
        while (at := self.said.find(words, self._heard)) < 0:
            assert self._listen(deadline), f"waited in vain for {words!r}:\n{self.said}"
        self._heard = at + len(words)

    def answer(self, line: str) -> None:
        os.write(self._terminal, line.encode() + b"\n")

    def end(self, seconds: float = 60.0) -> int:
        """Listens to the end, and gives the exit status."""
        deadline = time.monotonic() + seconds
        while self._listen(deadline):
            continue
        try:
            return self._child.wait(max(1.0, deadline - time.monotonic()))
        finally:
            os.close(self._terminal)

    def _listen(self, deadline: float) -> bool:
        """Takes what is said until the deadline; false when nothing more comes."""
        ready, _, _ = select.select([self._terminal], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            heard = os.read(self._terminal, 65536)
        except OSError as error:
            if error.errno == _ENDED:
                return False
            raise
        self.said += heard.decode(errors="replace").replace("\r\n", "\n")
        return bool(heard)
