"""The port question among 100,000 open descriptors and 5,000 listeners."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.crowd import crowd
from benchmarks.measure import NOTHING, PYTHON, Command, medians, milliseconds
from benchmarks.peers import program
from benchmarks.row import Bench, Result
from tests.real.ghost_house import free_port, listens, wait_until

_SERVER = "import socket, time; held = socket.create_server(('127.0.0.1', {})); time.sleep(3600)"


def measure(bench: Bench) -> Iterator[Result]:
    """``why :PORT`` beside ``ss -ltnp``, a start of Python apart."""
    bench.leave()
    port = free_port()
    with _serving(port), crowd(bench.folder, 1_250, files=76, listeners=4):
        costs = medians(
            {
                "ss": Command((program("ss", "iproute2"), "-ltnp")),
                "nothing": Command((PYTHON, str(NOTHING))),
                "ghostfix": bench.ghostfix("why", f":{port}", cwd=bench.folder),
            },
            bench.times,
        )
    took, peer, start = (costs[name].seconds for name in ("ghostfix", "ss", "nothing"))
    detail = f"{milliseconds(took)}; ss {milliseconds(peer)}, start {milliseconds(start)}"
    what = "why :PORT, 100,000 descriptors, 5,000 listeners"
    yield Result.ratio(what, (took - start) / peer, 1.5, "ss -ltnp, plus start", detail)


@contextmanager
def _serving(port: int) -> Iterator[None]:
    """One server about which the question is."""
    with subprocess.Popen([PYTHON, "-c", _SERVER.format(port)]) as server:
        try:
            wait_until(lambda: listens(port), 30, "the server")
            yield
        finally:
            if server.pid > 1:
                server.kill()
