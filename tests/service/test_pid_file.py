from hypothesis import given
from hypothesis import strategies as st

from ghostfix.service.pid_file import MAX_PID, parse_pid


def test_what_names_a_process() -> None:
    assert parse_pid(b" 4711 \n/var/lib/data\n") == 4711
    assert parse_pid(b'{"pid": 12}') == 12
    assert parse_pid(b"0") is None
    assert parse_pid(b"") is None


@given(st.binary(max_size=64))
def test_it_never_fails(content: bytes) -> None:
    pid = parse_pid(content)
    assert pid is None or 0 < pid <= MAX_PID
