import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.managers.register import SIGNS
from ghostfix.model.process import ProcessState, Variable
from ghostfix.system.proc_text import (
    parse_cmdline,
    parse_container,
    parse_control_group,
    parse_locks,
    parse_memory,
    parse_mounters,
    parse_open_file_limit,
    parse_stat,
    parse_task_limit,
)
from ghostfix.system.processes import SURROUNDINGS, kept_variables, parse_environ

ID = "0123456789abcdef" * 4
REST = b"S 1 7 8 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 5000 12 0"


def test_stat_with_a_name_that_tries_to_mislead() -> None:
    facts = parse_stat(b"42 (a) R 9 (b \xff) " + REST)
    assert facts.name == "a) R 9 (b \\xff"
    assert (facts.state, facts.ppid, facts.group, facts.session) == (ProcessState.SLEEPING, 1, 7, 8)
    assert (facts.started, facts.pages) == (4711, 12)


@pytest.mark.parametrize(
    ("letter", "state"),
    [
        (b"Z", ProcessState.ZOMBIE),
        (b"T", ProcessState.STOPPED),
        (b"t", ProcessState.STOPPED),
        (b"D", ProcessState.UNINTERRUPTIBLE),
        (b"?", ProcessState.UNKNOWN),
        (b"I", ProcessState.SLEEPING),
    ],
)
def test_states(letter: bytes, state: ProcessState) -> None:
    assert parse_stat(b"1 (x) " + letter + REST[1:]).state is state


def test_who_is_exiting_is_dead_before_it_is_a_zombie() -> None:
    flags = b"4194564"
    assert parse_stat(b"1 (x) " + REST.replace(b"4194560", flags)).state is ProcessState.DEAD
    assert parse_stat(b"1 (x) Z" + REST[1:].replace(b"4194560", flags)).state is ProcessState.ZOMBIE


@pytest.mark.parametrize(
    ("raw", "argv"),
    [
        (b"", ()),
        (b"python\0-m\0x\0", ("python", "-m", "x")),
        (b"sh\0-c\0\0", ("sh", "-c", "")),
        (b"nginx: master process /usr/sbin/nginx", ("nginx: master process /usr/sbin/nginx",)),
        (b"gunicorn: master [app]" + b"\0" * 40, ("gunicorn: master [app]",)),
        (b"caf\xe9\0\xc3\xa9\0", ("caf\\xe9", "é")),
    ],
)
def test_cmdline(raw: bytes, argv: tuple[str, ...]) -> None:
    assert parse_cmdline(raw) == argv


def test_open_file_limit() -> None:
    line = b"Limit  Soft Limit Hard Limit Units\nMax open files            1024   524288   files \n"
    assert parse_open_file_limit(line) == 1024
    assert parse_open_file_limit(line.replace(b"1024", b"unlimited")) is None
    assert parse_open_file_limit(b"") is None


@pytest.mark.parametrize(
    ("text", "group", "container"),
    [
        ("0::/system.slice/ghost.service\n", "/system.slice/ghost.service", None),
        ("2:cpu:/x\n1:name=systemd:/user.slice\n", "/user.slice", None),
        (f"0::/system.slice/docker-{ID}.scope\n", f"/system.slice/docker-{ID}.scope", ID),
        (f"3:pids:/docker/{ID}\n", f"/docker/{ID}", ID),
        (f"0::/machine.slice/libpod-{ID}.scope/container\n", None, ID),
        (f"0::/kubepods/pod1/{ID[:63]}\n", None, None),
        (f"0::/kubepods.slice/cri-containerd-{ID}.scope", None, ID),
        ("", None, None),
        ("garbage", None, None),
    ],
)
def test_control_group(text: str, group: str | None, container: str | None) -> None:
    assert parse_container(text) == container
    if group is not None or not text:
        assert parse_control_group(text) == group


def test_locks_held_and_waited_for() -> None:
    text = (
        "1: FLOCK  ADVISORY  WRITE 71 fe:00:131 0 EOF\n"
        "1: -> FLOCK  ADVISORY  WRITE 72 fe:00:999 0 EOF\n"
        "2: POSIX  ADVISORY  READ 73 00:1a:7 128 128\n"
    )
    assert parse_locks(text) == {(0xFE, 0, 131), (0, 0x1A, 7)}


def test_memory() -> None:
    text = b"MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 600 kB\nSwapTotal: 200 kB\nSwapFree: 150 kB\n"
    assert parse_memory(text) == (40.0, 25.0)
    assert parse_memory(b"") == (0.0, 0.0)


def test_only_variables_that_tell_the_owner_are_kept() -> None:
    variables = parse_environ(
        b"TOKEN=secret\0PWD=/srv\0\0junk\0pm_id=3\0EMPTY=\0PATH\0", kept_variables(SIGNS)
    )
    assert variables == (Variable("PWD", "/srv"), Variable("pm_id", "3"))


@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(raw: bytes) -> None:
    parse_cmdline(raw)
    parse_environ(raw, SURROUNDINGS)
    parse_control_group(raw.decode(errors="backslashreplace"))
    parse_container(raw.decode(errors="backslashreplace"))


def test_the_limit_of_tasks() -> None:
    line = b"Max cpu time   unlimited  unlimited  seconds\nMax processes  63463  63463  processes\n"
    assert parse_task_limit(line) == 63463
    assert parse_task_limit(b"") is None


def test_who_mounted_a_file_system_of_their_own() -> None:
    """Those of the kernel and of root are whose they say they are; a name can pretend nothing."""
    table = """22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:50 / /home/app/mnt\\040user_id=0 rw,nosuid - fuse.sshfs app@host:/ rw,user_id=1000,allow_other
41 22 0:51 / /mnt/ntfs rw - fuseblk /dev/sdb1 rw,user_id=0,group_id=0,allow_other
42 22 0:52 / /tmp/x rw shared:7 master:1 - fuse /dev/fuse rw,user_id=61733,group_id=5
43 22 0:53 / /proc rw - proc
44 22 0:54 / /run/user_id=7 rw - tmpfs tmpfs rw,user_id=7
damaged
"""
    assert parse_mounters(table) == {os.makedev(0, 50): 1000, os.makedev(0, 52): 61733}


@given(st.text())
def test_damaged_mounts_raise_nothing(text: str) -> None:
    assert isinstance(parse_mounters(text), dict)
