"""The other process in which patterns are searched for: started once, ended when it is late."""

import os
import posixpath
import selectors
import subprocess
import sys
import threading
from time import monotonic

from ghostfix.model.task_group import waiting

_SEARCH = posixpath.join(posixpath.dirname(__file__), "match_program.py")
"""A program of its own, which is run and never imported."""


class Searcher:
    """Searches in another process; implements ``pattern.Search``."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def __call__(self, pattern: str, text: str, seconds: float) -> bool:
        """Whether it is found; raises TimeoutError, or OSError where no process can be started."""
        import json  # late: few profiles have a pattern that needs this

        request = json.dumps([pattern, text]).encode() + b"\n"
        with waiting(seconds) as allowed:
            deadline = monotonic() + allowed
            if not self._turn.acquire(timeout=allowed):
                raise TimeoutError
            try:
                return self._answer(request, deadline) == b"1"
            except BaseException:
                self._end()
                raise
            finally:
                self._turn.release()

    def _answer(self, request: bytes, deadline: float) -> bytes:
        process = self._started()
        if process.stdin is None or process.stdout is None:
            raise OSError("the searching process has no pipes")
        left = memoryview(request)
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdin, selectors.EVENT_WRITE)
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                ready = selector.select(max(0.0, deadline - monotonic()))
                if not ready:
                    raise TimeoutError
                for key, _ in ready:
                    if key.fileobj is process.stdout:
                        answer = os.read(key.fd, 16).strip()
                        if not answer:
                            raise TimeoutError  # the kernel ended it: it had used its processor time
                        return answer
                    left = left[os.write(key.fd, left) :]
                    if not left:
                        selector.unregister(process.stdin)

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            self._process = subprocess.Popen(
                (sys.executable, "-I", "-S", _SEARCH),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
                start_new_session=True,
            )
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    os.set_blocking(pipe.fileno(), False)
        return self._process

    def _end(self) -> None:
        """Ends it: no caller waits any more for what it searches for now."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
