import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ghostfix.model.snapshot import HttpAnswer
from ghostfix.system import LocalSystem
from ghostfix.system.http import MAX_BODY, request
from tests.system.server import Behaviour, answer, hangs, says, serving

pytestmark = pytest.mark.real


def got(behaviour: Behaviour, timeout: float = 20.0) -> HttpAnswer:
    with serving(behaviour) as port:
        return request("GET", f"http://127.0.0.1:{port}/health?x=1#y", timeout)


def test_a_plain_answer() -> None:
    seen = got(says(answer(b'{"status": "ok"}')))
    assert (seen.status, seen.body, seen.problem) == (200, '{"status": "ok"}', None)


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    assert got(says(b"HTTP/1.0 200 OK\r\n\r\n", b"abc")).body == "abc"


def test_chunks() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert got(says(head + b"3\r\nabc\r\n0\r\n\r\n")).body == "abc"
    broken = got(says(head + b"9\r\nabc"))
    assert "broke off" in (broken.problem or "")


def test_an_error_status_is_an_answer() -> None:
    seen = got(says(answer(b"oops", "500 Internal Server Error")))
    assert (seen.status, seen.body, seen.problem) == (500, "oops", None)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with serving(says(answer(b"followed"))) as target:
        location = f"Location: http://127.0.0.1:{target}/\r\n".encode()
        seen = got(says(answer(b"", "302 Found", location)))
    assert (seen.status, seen.body) == (302, "")


def test_undecodable_and_oversized_bodies() -> None:
    assert got(says(answer(b"caf\xe9"))).body == "caf\\xe9"
    large = got(says(answer(b"x" * 300_000)))
    assert (len(large.body), large.problem) == (MAX_BODY, None)


def test_half_an_answer() -> None:
    seen = got(says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"))
    assert (seen.status, seen.body) == (200, "{")
    assert "broke off after 1 of 100" in (seen.problem or "")


@pytest.mark.parametrize(
    "behaviour",
    [
        hangs,
        says(b"HTTP/1.1 200 OK\r\n", *[b"X-Drip: 1\r\n"] * 600, every=0.05),
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n", *[b"x"] * 600, every=0.05),
        says(*[b"H"] * 600, every=0.05),
        says(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 600, every=0.05),
    ],
    ids=["hangs", "drips headers", "drips the body", "drips the first line", "goes on and on"],
)
def test_the_whole_has_one_deadline(behaviour: Behaviour) -> None:
    seen = got(behaviour, 0.5)
    assert seen.problem == "no complete answer within 0.5 s"
    assert seen.elapsed < 20  # a drip of 30 s would have taken longer


@pytest.mark.parametrize(
    ("sent", "problem"),
    [(b"SSH-2.0-OpenSSH_9\r\n", "not HTTP"), (b"", "closed without an answer"), (b"\0" * 70_000, "not HTTP")],
)
def test_what_is_no_http(sent: bytes, problem: str) -> None:
    seen = got(says(sent))
    assert seen.status is None
    assert problem in (seen.problem or "")


def test_nobody_there() -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        port = placeholder.getsockname()[1]
        assert "refused" in (request("GET", f"http://localhost:{port}/", 5).problem or "")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_localhost_is_both_loopbacks(address: str) -> None:
    with serving(says(answer(b"here")), address) as port:
        assert request("GET", f"http://localhost:{port}", 20).body == "here"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:5555",
        "file:///etc/passwd",
        "http://",
        "http://x:99999/",
        "http://[::1/",
        "http://a\0b/",
    ],
)
def test_what_is_no_url_to_ask(url: str) -> None:
    seen = request("GET", url, 5)
    assert seen.status is None
    assert seen.problem


def test_a_name_that_nobody_knows() -> None:
    assert request("GET", "http://no-such-host.invalid/", 5).problem


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert got(says(answer(b"direct"))).body == "direct"


@contextmanager
def recording(requests: list[bytes]) -> Iterator[int]:
    """A server that keeps the head and the body of one request."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                data = b""
                while not data.endswith(b"}") and b"GET" not in data:
                    data += connection.recv(65_536)
                requests.append(data)
                connection.sendall(answer(b"", "202 Accepted"))

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_post_sends_json_and_headers() -> None:
    requests: list[bytes] = []
    with recording(requests) as port:
        seen = LocalSystem().post(f"http://127.0.0.1:{port}/webhook", b'{"id": 1}', 20, {"X-Extra": "yes"})
    assert seen.status == 202
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert body == b'{"id": 1}'
    assert head.startswith(b"POST /webhook HTTP/1.1")
    assert b"Content-Type: application/json" in head
    assert b"X-Extra: yes" in head


def test_user_and_password_of_the_url_are_sent_as_such() -> None:
    requests: list[bytes] = []
    with recording(requests) as port:
        request("GET", f"http://me:s%40crit@127.0.0.1:{port}/", 20)
    assert b"Authorization: Basic bWU6c0Bjcml0" in requests[0]
    assert b"me:" not in requests[0]


def test_without_a_thread_left_it_asks_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with serving(says(answer(b"well"))) as port:
        monkeypatch.setattr(threading.Timer, "start", refuse, raising=False)
        assert request("GET", f"http://127.0.0.1:{port}/", 20.0).body == "well"


@pytest.mark.parametrize(("host", "named"), [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost")])
def test_the_request_names_the_host_and_its_port(host: str, named: str) -> None:
    requests: list[bytes] = []
    with recording(requests) as port:
        request("GET", f"http://{host}:{port}/", 20)
    assert f"\r\nHost: {named}:{port}\r\n".encode() in requests[0]


def test_an_encrypted_page_of_this_machine_may_have_a_home_made_certificate(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home_made(tmp_path))

    def encrypted(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            assert secured.recv(65_536).startswith(b"GET /health HTTP/1.1\r\n")
            secured.sendall(answer(b"secret"))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: encrypted(server.accept()[0]))
        thread.start()
        seen = request("GET", f"https://localhost:{server.getsockname()[1]}/health", 20)
        thread.join()
    assert (seen.status, seen.body, seen.problem) == (200, "secret", None)


def home_made(folder: Path) -> Path:
    """A key, and a certificate that it signed for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "home")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "home.pem"
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, *plain) + certificate.public_bytes(pem))
    return path
