"""HTTP with one deadline for everything: names, connecting, headers and body.

No proxy is used: what is asked is a service of this machine or its neighbourhood.
"""

import base64
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import SplitResult, unquote, urlsplit

from ghostfix.model.snapshot import HttpAnswer
from ghostfix.model.task_group import waiting
from ghostfix.system.decoding import decoded
from ghostfix.system.http_message import NoReplyError, NotHttpError, read_reply, send_request

MAX_BODY = 65_536
_LOOPBACK = ("127.0.0.1", "::1")
_NAMES_OF_LOOPBACK = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})


def request(
    method: str,
    url: str,
    timeout: float,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpAnswer:
    """One request, redirects not followed; an answer with a ``problem`` when there is no usable one."""
    started = time.monotonic()
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        return HttpAnswer(url=url, problem=f"not a URL: {error}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return HttpAnswer(url=url, problem="not a URL that starts with http:// or https://")
    with waiting(timeout) as seconds:
        exchange = _Exchange(url, parts, port, seconds)
        answer = exchange.answer(method, body, _headers(parts, headers))
    return HttpAnswer(
        url=url,
        status=answer.status,
        body=answer.body,
        elapsed=time.monotonic() - started,
        problem=answer.problem,
    )


class _Exchange:
    """One connection, which is cut when its time is over, wherever it is then."""

    def __init__(self, url: str, parts: SplitResult, port: int, timeout: float) -> None:
        self._url = url
        self._parts = parts
        self._host = parts.hostname or ""
        self._port = port
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._over = threading.Event()

    def answer(self, method: str, body: bytes | None, headers: Mapping[str, str]) -> HttpAnswer:
        try:
            connected = self._connect()
        except OSError as error:
            return self._failed(error)
        timer = threading.Timer(max(0.0, self._deadline - time.monotonic()), self._cut, (connected,))
        timer.daemon = True
        # Without a thread to cut it, each step of the exchange still has the socket's own timeout.
        _begin(timer)
        try:
            return self._talk(connected, method, body, headers)
        except (OSError, NotHttpError, NoReplyError, ValueError) as error:
            return self._failed(error)
        finally:
            timer.cancel()
            connected.close()

    def _talk(
        self, connected: socket.socket, method: str, body: bytes | None, headers: Mapping[str, str]
    ) -> HttpAnswer:
        secured = self._secured(connected)
        try:
            path = self._parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
            target = path if path.startswith("/") else f"/{path}"
            send_request(secured, method, self._named(), target, headers, body)
            reply = read_reply(secured, MAX_BODY)
        finally:
            secured.close()
        problem = self._late() if self._over.is_set() else reply.problem
        return HttpAnswer(url=self._url, status=reply.status, body=decoded(reply.body), problem=problem)

    def _named(self) -> str:
        """The host as the request names it: its port, too, when it is not the usual one."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        if not host.isascii():
            host = host.encode("idna").decode()
        usual = 443 if self._parts.scheme == "https" else 80
        return host if self._port == usual else f"{host}:{self._port}"

    def _connect(self) -> socket.socket:
        """The first address that answers; each one has the time that is left."""
        failure: OSError = OSError(f"no address for {self._host}")
        for address in self._addresses():
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            try:
                return self._connected(address, left)
            except OSError as error:
                failure = error
        raise failure

    def _connected(self, address: str, seconds: float) -> socket.socket:
        """Without ``create_connection``, which loads the codec of international names for any address."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connected = socket.socket(family, socket.SOCK_STREAM)
        try:
            connected.settimeout(seconds)
            connected.connect((address, self._port))
        except BaseException:
            connected.close()
            raise
        return connected

    def _addresses(self) -> tuple[str, ...]:
        if self._host.casefold() in _NAMES_OF_LOOPBACK:
            return _LOOPBACK
        found: list[str] = []
        failures: list[OSError] = []

        def look_up() -> None:
            try:
                # As bytes, or the codec of international names is loaded for any name.
                host = self._host.encode() if self._host.isascii() else self._host
                rows = socket.getaddrinfo(host, self._port, type=socket.SOCK_STREAM)
                found.extend(dict.fromkeys(str(row[4][0]) for row in rows))
            except (OSError, ValueError) as error:
                failures.append(error if isinstance(error, OSError) else OSError(str(error)))

        # The resolver has no deadline of its own; a thread can be left behind.
        thread = threading.Thread(target=look_up, daemon=True)
        if not _begin(thread):
            look_up()
        elif not _ends(thread, self._deadline - time.monotonic()):
            raise TimeoutError
        if failures:
            raise failures[0]
        return tuple(found)

    def _secured(self, connected: socket.socket) -> socket.socket:
        if self._parts.scheme != "https":
            return connected
        import ssl  # costs more to import than a request over loopback takes

        context = ssl.create_default_context()
        if self._host in (*_LOOPBACK, *_NAMES_OF_LOOPBACK):
            # Nothing stands between us and our own machine, and its certificates are home-made.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(connected, server_hostname=self._host)

    def _cut(self, connected: socket.socket) -> None:
        """Ends whatever the connection waits for."""
        self._over.set()
        with suppress(OSError):  # it may be closed already
            # The base class's own: an encrypted socket would first forget its keys under its reader.
            socket.socket.shutdown(connected, socket.SHUT_RDWR)

    def _late(self) -> str:
        return f"no complete answer within {self._timeout:.3g} s"

    def _failed(self, error: Exception) -> HttpAnswer:
        return HttpAnswer(url=self._url, problem=self._why(error))

    def _why(self, error: Exception) -> str:
        if self._over.is_set() or isinstance(error, TimeoutError):
            return self._late()
        if isinstance(error, ConnectionRefusedError):
            return f"connection refused: nobody listens on port {self._port}"
        if isinstance(error, NoReplyError):
            return "the connection was closed without an answer"
        if isinstance(error, ConnectionResetError):
            return "the connection was reset"
        if isinstance(error, NotHttpError):
            return f"the answer is not HTTP: {error}"
        return f"{error.strerror or error}" if isinstance(error, OSError) else str(error)


def _begin(thread: threading.Thread) -> bool:
    """Starts it, unless the machine has no thread left."""
    try:
        thread.start()
    except RuntimeError:  # "can't start new thread"
        return False
    return True


def _ends(thread: threading.Thread, seconds: float) -> bool:
    thread.join(max(0.0, seconds))
    return not thread.is_alive()


def _headers(parts: SplitResult, given: Mapping[str, str] | None) -> dict[str, str]:
    headers = {"User-Agent": "ghostfix", "Accept": "application/json, */*;q=0.5", "Connection": "close"}
    if parts.username is not None:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(secret).decode()}"
    return headers | dict(given or {})
