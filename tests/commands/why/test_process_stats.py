"""The kernel's text files about one process."""

import pytest

from ghostfix.commands.why.process_stats import (
    Descriptor,
    ProcessStats,
    capabilities_in_words,
    parse_cpu_seconds,
    process_stats,
)
from ghostfix.model.machine import Platform
from tests.fake_system import FakeSystem

STATUS = b"""Name:\tpython3
VmSize:\t   27848 kB
VmRSS:\t   21296 kB
RssFile:\t   10000 kB
RssShmem:\t      24 kB
VmSwap:\t       0 kB
Threads:\t4
CapEff:\t000001ffffffffff
"""


def test_what_the_kernel_counts() -> None:
    system = FakeSystem()
    system.add_file("/proc/77/status", STATUS)
    system.add_file("/proc/77/io", b"rchar: 1\nsyscr: 7\nsyscw: 9\nread_bytes: 4096\nwrite_bytes: 8192\n")
    system.add_file("/proc/77/environ", b"A=LD_PRELOAD=x\0LD_PRELOAD=/x.so\0LD_AUDIT=\0")
    system.add_symlink("/proc/77/fd/0", "/dev/pts/3")
    system.add_symlink("/proc/77/fd/5", "/var/log/a.log (deleted)")
    system.add_symlink("/proc/77/fd/4", "/var/log/b.log")
    system.add_symlink("/proc/77/fd/6", "/tmp/#123 (deleted)")
    seen = process_stats(system, 77)
    assert (seen.threads, seen.virtual_bytes, seen.shared_bytes) == (4, 27848 * 1024, 10024 * 1024)
    assert (seen.read_bytes, seen.written_bytes, seen.capabilities) == (4096, 8192, "all")
    assert (seen.read_calls, seen.write_calls) == (7, 9)
    assert [each.number for each in seen.descriptors] == [0, 4, 5, 6]
    assert seen.descriptors[1] == Descriptor(4, "/var/log/b.log")
    assert seen.preloaded == ("LD_PRELOAD",)
    assert (seen.terminal, seen.deleted_files) == ("pts/3", ("/var/log/a.log",))


def test_what_cannot_be_read_is_unknown() -> None:
    assert process_stats(FakeSystem(), 77) == ProcessStats()
    assert process_stats(FakeSystem(Platform.MACOS), 77) == ProcessStats()


def test_a_name_with_blanks_and_parentheses_does_not_shift_the_times() -> None:
    stat = "77 (a ) b (c) S 1 77 77 0 -1 4194304 1 2 3 4 150 50 0 0 20 0 1 0 99"
    assert parse_cpu_seconds(stat) == 2.0
    assert parse_cpu_seconds("") is None


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        ("0000000000000000", "none"),
        ("000001ffffffffff", "all"),
        ("0000000000000400", "1 of 41 (net_bind_service)"),
        ("not hex", None),
        (None, None),
    ],
)
def test_capabilities(mask: str | None, words: str | None) -> None:
    assert capabilities_in_words(mask) == words
