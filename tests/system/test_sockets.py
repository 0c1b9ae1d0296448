import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ghostfix.model.process import Listener
from ghostfix.system.sockets import LinuxSockets, PsutilSockets, parse_netstat, parse_tcp
from tests.system.genuine import wait_until

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   0: {} 00000000:0000 {} 00000000:00000000 00:00000000 00000000  1000        0 {} 1 0\n"
little = pytest.mark.skipif(sys.byteorder != "little", reason="the rows are a little-endian machine's")


@little
def test_parse_tcp() -> None:
    table = (
        HEAD
        + ROW.format("0100007F:15B3", "0A", 41)
        + ROW.format("0100007F:15B4", "01", 42)
        + ROW.format("00000000000000000000000001000000:15B3", "0A", 43)
        + ROW.format("0000000000000000FFFF00000100007F:0016", "0A", 44)
        + "cut short\n"
    )
    assert [(row.address, row.port, row.uid, row.inode) for row in parse_tcp(table)] == [
        ("127.0.0.1", 5555, 1000, 41),
        ("::1", 5555, 1000, 43),
        ("::ffff:127.0.0.1", 22, 1000, 44),
    ]


@little
def test_a_listener_without_a_visible_owner_makes_it_incomplete(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(HEAD + ROW.format("0100007F:15B3", "0A", 41))
    (tmp_path / "7").mkdir()
    reading = LinuxSockets(str(tmp_path)).listeners()
    assert not reading.complete
    assert "5555" in (reading.problem or "")
    assert [(one.port, one.owners, one.uid) for one in reading.value] == [(5555, (), 1000)]
    (tmp_path / "7" / "fd").mkdir()
    (tmp_path / "7" / "fd" / "3").symlink_to("socket:[41]")
    reading = LinuxSockets(str(tmp_path)).listeners()
    assert (reading.complete, reading.value[0].owners) == (True, (7,))


def test_no_table_is_not_no_listeners(tmp_path: Path) -> None:
    reading = LinuxSockets(str(tmp_path)).listeners()
    assert (reading.value, reading.complete) == ((), False)


def test_parse_netstat() -> None:
    table = (
        "Active Internet connections (including servers)\n"
        "Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)\n"
        "tcp4       0      0  127.0.0.1.5555         *.*                    LISTEN\n"
        "tcp46      0      0  *.7000                 *.*                    LISTEN\n"
        "tcp6       0      0  ::1.5555               *.*                    LISTEN\n"
        "tcp4       0      0  *.22                   *.*                    LISTEN\n"
        "tcp4       0      0  10.0.0.2.50123         10.0.0.9.443           ESTABLISHED\n"
    )
    assert parse_netstat(table) == ((5555, "127.0.0.1"), (7000, "::"), (5555, "::1"), (22, "0.0.0.0"))


@pytest.mark.real
@pytest.mark.parametrize("way", [LinuxSockets(), PsutilSockets()], ids=lambda way: type(way).__name__)
def test_genuine_listeners(way: LinuxSockets | PsutilSockets) -> None:
    if sys.platform != "linux" and isinstance(way, LinuxSockets):
        pytest.skip("reads /proc")
    code = "import time; print('ready', flush=True); time.sleep(60)"
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        client.connect(("127.0.0.1", port))
        heir = subprocess.Popen(
            [sys.executable, "-c", code], pass_fds=[server.fileno()], stdout=subprocess.PIPE
        )
        with heir:
            try:
                assert heir.stdout is not None
                assert heir.stdout.readline() == b"ready\n"
                found = [one for one in way.listeners().value if one.port == port]
            finally:
                heir.kill()
    assert [(one.address, one.port) for one in found] == [("127.0.0.1", port)]
    if isinstance(way, LinuxSockets):
        assert set(found[0].owners) == {os.getpid(), heir.pid}
    else:  # of the holders of one socket, psutil names one on Linux
        assert {os.getpid(), heir.pid}.issuperset(found[0].owners or (-1,))


@pytest.mark.real
def test_one_port_on_both_families_is_two_listeners() -> None:
    if sys.platform != "linux" or not socket.has_ipv6:
        pytest.skip("needs Linux and IPv6")
    with socket.socket() as four, socket.socket(socket.AF_INET6) as six:
        four.bind(("127.0.0.1", 0))
        port = four.getsockname()[1]
        six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        six.bind(("::1", port))
        four.listen()
        six.listen()
        found: list[Listener] = []

        def both() -> bool:
            found[:] = [one for one in LinuxSockets().listeners().value if one.port == port]
            return len(found) == 2

        wait_until(both)
    assert [one.address for one in found] == ["127.0.0.1", "::1"]
