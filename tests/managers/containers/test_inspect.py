import json

from ghostfix.managers.containers.inspect import read_inspect
from tests.managers.containers.container_answer import ID, inspected


def test_what_docker_says() -> None:
    found = read_inspect(inspected("on-failure", retries=3).encode())
    assert found is not None
    (container,) = found
    assert (container.id, container.name, container.pid, container.running) == (ID, "ghost_web_1", 900, True)
    assert (container.policy, container.written_policy, container.restarts) == (
        "on-failure",
        "on-failure:3",
        True,
    )
    assert (container.command, container.addresses) == ("python3 ghost.py", ("172.17.0.9",))


def test_what_may_lack_or_be_null() -> None:
    lacking = [{"Id": "a"}, {"Id": "b", "State": None, "HostConfig": {"RestartPolicy": None}, "Args": None}]
    found = read_inspect(json.dumps(lacking).encode())
    assert found is not None
    assert [(each.name, each.restarts, each.pid) for each in found] == [
        ("a", False, None),
        ("b", False, None),
    ]


def test_what_is_no_answer() -> None:
    assert [read_inspect(text) for text in (b"", b"{}", b"[1]", b"\xff", b"[]")] == [
        None,
        None,
        None,
        None,
        (),
    ]
