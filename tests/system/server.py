"""A server that misbehaves as it is told, on a real socket of the loopback."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behaviour = Callable[[socket.socket, threading.Event], None]


@contextmanager
def serving(behaviour: Behaviour, address: str = "127.0.0.1") -> Iterator[int]:
    """Gives the port; each connection's request head is read, then ``behaviour`` has the connection."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    over = threading.Event()
    with socket.socket(family) as server:
        server.bind((address, 0))
        server.listen()
        server.settimeout(0.05)
        thread = threading.Thread(target=_serve, args=(server, behaviour, over))
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()


def says(*parts: bytes, every: float = 0.0) -> Behaviour:
    """Sends the parts, a pause before each but the first, and closes."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        for number, part in enumerate(parts):
            if number and over.wait(every):
                return
            connection.sendall(part)

    return behave


def hangs(connection: socket.socket, over: threading.Event) -> None:
    """Never answers."""
    over.wait(60)


def answer(body: bytes, status: str = "200 OK", headers: bytes = b"") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n".encode()
    return head + headers + b"\r\n" + body


def _serve(server: socket.socket, behaviour: Behaviour, over: threading.Event) -> None:
    while not over.is_set():
        try:
            connection, _ = server.accept()
        except TimeoutError:
            continue
        with connection, suppress(OSError):
            connection.settimeout(5)
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(65_536)
            behaviour(connection, over)
