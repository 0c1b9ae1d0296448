"""A ghost runner in miniature, with the incident's faults, for the sandbox of ``ghostfix demo``.

Usage: ``python -m gpt_cursor_runner.main PORT``. It answers ``GET /health`` and ``POST /webhook``.
Without the package ``ghost_parts`` (the part that its venv lacks) it is degraded: its repair loop
compares a number that is missing, logs the traceback, leaves a dead child behind, and goes on.
"""

import importlib
import json
import logging
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PART = "ghost_parts"
"""The package without which it is degraded."""

ZOMBIES = 12
"""How many dead children one instance leaves unreaped at the most."""


class Runner(BaseHTTPRequestHandler):
    """The web part, which answers even when the runner behind it is down."""

    def do_GET(self) -> None:
        """The health document."""
        up = process_limit is not None
        document = {
            "status": "healthy" if up else "degraded",
            "components": {"flask": "up", "ghost_runner": "up" if up else "down"},
        }
        self._answer(200 if self.path == "/health" else 404, document)

    def do_POST(self) -> None:
        """The webhook: takes a patch."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(202 if self.path == "/webhook" else 404, {"accepted": self.path == "/webhook"})

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keeps requests out of the log."""


def read_limit() -> int | None:
    """The number that the repair loop compares; None without the package."""
    try:
        part = importlib.import_module(PART)
    except ModuleNotFoundError:
        return None
    return int(getattr(part, "process_limit", 300))


process_limit = read_limit()


def fix_servers() -> None:
    """The "server fixes" loop of the incident."""
    left = ZOMBIES
    while True:
        try:
            if process_limit > 300:  # type: ignore[operator]
                logging.warning("the limit is above 300 processes")
        except TypeError:
            logging.exception("server fixes failed")
        if process_limit is None and left:
            left -= 1
            if os.fork() == 0:
                os._exit(0)
        time.sleep(0.5)


def main() -> None:
    """Serves until it is stopped; an instance that cannot have the port logs that, and stays all the same."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    port = int(sys.argv[1])
    threading.Thread(target=fix_servers, daemon=True).start()
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Runner)
    except OSError:
        logging.exception("cannot listen on port %s", port)
        threading.Event().wait()
    else:
        logging.info("listening on port %s", port)
        server.serve_forever()


if __name__ == "__main__":
    main()
