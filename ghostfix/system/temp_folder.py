"""A scratch folder and a free port, for ``ghostfix demo``."""

import os
import shutil
import socket
import tempfile
from types import TracebackType


class ScratchFolder:
    """A private folder that is removed when the context ends, unless it is to be kept; gives its path."""

    def __init__(self, prefix: str, keep: bool = False) -> None:
        self._prefix = prefix
        self._keep = keep
        self.path = ""

    def __enter__(self) -> str:
        # Resolved, because a process's working directory is: on macOS /tmp is a symlink.
        self.path = os.path.realpath(tempfile.mkdtemp(prefix=self._prefix))
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._keep:
            shutil.rmtree(self.path, ignore_errors=True)


def free_port() -> int:
    """A TCP port on which no process listens on 127.0.0.1 at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
