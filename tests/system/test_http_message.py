"""Requests and replies as bytes on a connection; Python's own client is asked for a second opinion."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ghostfix.system.http_message import NoReplyError, NotHttpError, Reply, read_reply, send_request


@contextmanager
def sent(data: bytes) -> Iterator[socket.socket]:
    """A connection on which this comes, and then the end."""
    here, there = socket.socketpair()
    with here, there:
        there.sendall(data)
        there.shutdown(socket.SHUT_WR)
        yield here


def read(data: bytes, most: int = 1000) -> Reply:
    with sent(data) as connection:
        return read_reply(connection, most)


def requested(
    headers: dict[str, str], target: str = "/", body: bytes | None = None, method: str = "GET"
) -> bytes:
    here, there = socket.socketpair()
    with here, there:
        send_request(here, method, "shop:8080", target, headers, body)
        here.shutdown(socket.SHUT_WR)
        with there.makefile("rb") as stream:
            return stream.read()


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = {
    "a length": OK + b"Content-Length: 3\r\n\r\nabc",
    "more than the length": OK + b"Content-Length: 3\r\n\r\nabcdef",
    "no length": OK + b"\r\nabc",
    "an older version": b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nabc",
    "no reason": b"HTTP/1.1 503 \r\n\r\nabc",
    "neither reason nor space": b"HTTP/1.1 503\r\n\r\nabc",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
    "small letters": OK + b"content-length:3\r\n\r\nabc",
    "chunks": CHUNKED + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
    "chunks with extensions": CHUNKED + b'2;x="y"\r\nab\r\n1 ;z\r\nc\r\n0\r\nTrailer: x\r\n\r\n',
    "large letters in a chunk's length": CHUNKED + b"A\r\n0123456789\r\n0\r\n\r\n",
    "news before": b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na",
    "no content": b"HTTP/1.1 204 No Content\r\n\r\nnot a body",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    "headers that end with the connection": OK + b"X: y\r\n",
    "an empty body": OK + b"Content-Length: 0\r\n\r\n",
    "a length that is none": OK + b"Content-Length: many\r\n\r\nabc",
}


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE.keys())
def test_a_reply_is_read_as_python_reads_it(data: bytes) -> None:
    with sent(data) as connection:
        other = http.client.HTTPResponse(connection, method="GET")
        other.begin()
        expected = Reply(other.status, other.read(), None)
        other.close()
    assert read(data) == expected


def test_early_hints_are_passed_over() -> None:
    assert read(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + WHOLE["a length"]) == Reply(
        200, b"abc", None
    )


@pytest.mark.parametrize("data", [WHOLE["a length"], WHOLE["no length"], WHOLE["chunks"]])
def test_no_more_is_read_than_wanted(data: bytes) -> None:
    assert read(data, most=2) == Reply(200, b"ab", None)


@pytest.mark.parametrize(
    ("data", "body", "problem"),
    [
        (OK + b"Content-Length: 9\r\n\r\nabc", b"abc", "after 3 of 9 bytes"),
        (CHUNKED + b"9\r\nabc", b"abc", "after 3 bytes"),
        (CHUNKED + b"3\r\nabc\r\n", b"abc", "after 3 bytes"),
        (CHUNKED + b"3\r\nabc\r\nno number\r\n", b"abc", "after 3 bytes"),
        (CHUNKED + b"-3\r\nabc\r\n", b"", "after 0 bytes"),
    ],
)
def test_what_broke_off_is_said(data: bytes, body: bytes, problem: str) -> None:
    assert read(data) == Reply(200, body, f"the answer broke off {problem}")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"220 mail.example ESMTP\r\n", "does not begin with a status"),
        (b"HTTP/1.1 OK\r\n\r\n", "does not begin with a status"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "does not begin with a status"),
        (b"x" * 70_000, "line is too long"),
        (OK + b"X: " + b"x" * 70_000, "line is too long"),
        (OK + b"X: y\r\n" * 500, "too many headers"),
    ],
)
def test_what_is_no_http_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(NotHttpError, match=reason):
        read(data)


def test_a_connection_that_ends_without_a_word() -> None:
    with pytest.raises(NoReplyError):
        read(b"")
    with pytest.raises(NoReplyError):
        read(b"HTTP/1.1 100 Continue\r\n\r\n")


def test_a_request() -> None:
    lines = requested({"Connection": "close"}, body=b"{}", method="POST").split(b"\r\n")
    assert lines[0] == b"POST / HTTP/1.1"
    assert lines[-2:] == [b"", b"{}"]
    assert set(lines[1:-2]) == {
        b"Host: shop:8080",
        b"Accept-Encoding: identity",
        b"Connection: close",
        b"Content-Length: 2",
    }


def test_a_path_is_written_in_ascii() -> None:
    line = requested({}, "/caf\xe9 now?a=%20&b=[1]").partition(b"\r\n")[0]
    assert line == b"GET /caf%C3%A9%20now?a=%20&b=[1] HTTP/1.1"


@pytest.mark.parametrize("headers", [{"X": "y\r\nEvil: z"}, {"X\n": "y"}, {"X": "\0"}])
def test_a_header_cannot_become_two(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="control character"):
        requested(headers)
