"""What a diagnosis costs while it waits for a service that does not answer."""

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from benchmarks.measure import run
from benchmarks.row import Bench, Result

_SECONDS = 10.0
PROFILE = """
[services.slow]
module = "nobody.runs.this"
health = {{ url = "http://127.0.0.1:{port}/health", timeout = {timeout} }}
"""


def measure(bench: Bench) -> Iterator[Result]:
    """Processor time of a diagnosis that waits for so long, beyond that of one that is answered at once."""
    folder = bench.folder / "slow"
    folder.mkdir(exist_ok=True)
    with _server() as port:
        (folder / "ghostfix.toml").write_text(PROFILE.format(port=port, timeout=_SECONDS))
        command = bench.ghostfix("diagnose", "--format", "json", cwd=folder)
        _Slow.seconds = 0.0
        run(command)
        quick = run(command)
        _Slow.seconds = 2 * _SECONDS
        slow = run(command)
    waited = slow.seconds - quick.seconds
    share = 100 * max(0.0, slow.processor - quick.processor) / waited
    yield Result(
        "diagnose while it waits", "<= 2 % of one core", f"{share:.1f} % of {waited:.0f} s", share <= 2.0
    )


class _Slow(http.server.BaseHTTPRequestHandler):
    seconds = 0.0

    def do_GET(self) -> None:
        """Answers late."""
        time.sleep(self.seconds)
        self.send_response(HTTPStatus.OK)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name in the library)
        """Says nothing."""


@contextmanager
def _server() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Slow) as server:
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
