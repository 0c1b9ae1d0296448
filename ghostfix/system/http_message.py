"""The messages of HTTP/1.1 on a connection (RFC 9112): a request written, a reply read.

Not ``http.client``: that loads ``email`` and ``ssl``, and takes longer to load than a health page to answer.
"""

import socket
from collections.abc import Mapping
from io import BufferedReader
from urllib.parse import quote

from msgspec import Struct

from ghostfix.model.pattern import Pattern

_STATUS_LINE = Pattern(rb"HTTP/1\.\d +(\d{3})(?: [^\r\n]*)?\r?\n?")
_CHUNK_SIZE = Pattern(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")
_FORBIDDEN = Pattern(r"[\x00-\x1f\x7f]")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_LONGEST_LINE = 65_536
_MOST_HEADERS = 100
_WITHOUT_BODY = (101, 204, 304)


class NotHttpError(Exception):
    """What came is no reply in HTTP."""


class NoReplyError(Exception):
    """The connection was closed before anything came."""


class Reply(Struct, frozen=True):
    """A status, and as much of the body as was wanted; ``problem`` when the body broke off."""

    status: int
    body: bytes
    problem: str | None


def send_request(
    connection: socket.socket,
    method: str,
    host: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | None,
) -> None:
    """Writes a request; raises ValueError when a header would be no line of its own, and OSError."""
    lines = {"Host": host, "Accept-Encoding": "identity", **headers}
    if body is not None:
        lines["Content-Length"] = str(len(body))
    for name, value in lines.items():
        if _FORBIDDEN.search(name) or _FORBIDDEN.search(value):
            raise ValueError(f"the header {name!r} has a control character")
    head = [f"{method} {quote(target, safe=_PRINTABLE)} HTTP/1.1"]
    head += [f"{name}: {value}" for name, value in lines.items()]
    connection.sendall("\r\n".join((*head, "", "")).encode() + (body or b""))


def read_reply(connection: socket.socket, most: int) -> Reply:
    """The reply to a request that was no HEAD, with at most ``most`` bytes of its body.

    Raises NotHttpError, NoReplyError and OSError.
    """
    with connection.makefile("rb") as stream:
        status = _status(stream)
        headers = _headers(stream)
        while status < 200 and status not in _WITHOUT_BODY:  # "100 Continue", and other news before the reply
            status = _status(stream)
            headers = _headers(stream)
        if status in _WITHOUT_BODY:
            return Reply(status, b"", None)
        if headers.get(b"transfer-encoding", b"").lower().endswith(b"chunked"):
            return Reply(status, *_chunks(stream, most))
        length = headers.get(b"content-length", b"")
        return Reply(status, *_plain(stream, most, int(length) if length.isdigit() else None))


def _line(stream: BufferedReader) -> bytes:
    line = stream.readline(_LONGEST_LINE + 1)
    if len(line) > _LONGEST_LINE:
        raise NotHttpError("a line is too long")
    return line


def _status(stream: BufferedReader) -> int:
    line = _line(stream)
    if not line:
        raise NoReplyError
    found = _STATUS_LINE.fullmatch(line)
    if found is None:
        raise NotHttpError("it does not begin with a status")
    return int(found[1])


def _headers(stream: BufferedReader) -> dict[bytes, bytes]:
    """Each by its name in small letters; the first of those that come twice."""
    found: dict[bytes, bytes] = {}
    for _ in range(_MOST_HEADERS):
        line = _line(stream)
        if line in (b"\r\n", b"\n", b""):
            return found
        name, _, value = line.partition(b":")
        found.setdefault(name.strip().lower(), value.strip())
    raise NotHttpError("it has too many headers")


def _plain(stream: BufferedReader, most: int, length: int | None) -> tuple[bytes, str | None]:
    """A body of a length, or one that ends with the connection."""
    wanted = most if length is None else min(most, length)
    body = stream.read(wanted)
    broken = length is not None and len(body) < wanted
    return body, f"the answer broke off after {len(body)} of {length} bytes" if broken else None


def _chunks(stream: BufferedReader, most: int) -> tuple[bytes, str | None]:
    """A body in chunks, each with its length before it; the last has none."""
    body = bytearray()
    while len(body) < most:
        found = _CHUNK_SIZE.fullmatch(_line(stream))
        size = -1 if found is None else int(found[1], 16)
        if size == 0:
            return bytes(body), None
        wanted = min(size, most - len(body))
        chunk = stream.read(wanted) if size > 0 else b""
        body += chunk
        if size < 0 or len(chunk) < wanted:
            return bytes(body), f"the answer broke off after {len(body)} bytes"
        _line(stream)
    return bytes(body), None
