"""A command's input, whole before the command is started.

Through a pipe a command would have what came until now when ghostfix ends, and could take it for all there
is: ``crontab -`` then installs the first half of a crontab. A file is whole or is not there.
"""

import fcntl
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def input_file(content: bytes) -> Iterator[int]:
    """A descriptor from which ``content`` is read; no name leads to it, and nothing of it stays behind.

    The command has it by inheritance, so it needs no right to open anything: it may be another user's.
    Raises OSError where there is no place for it.
    """
    file = _in_memory(content) if sys.platform == "linux" else None
    if file is None:
        file = _on_disk(content)
    try:
        yield file
    finally:
        os.close(file)


def _in_memory(content: bytes) -> int | None:
    """Memory that can only be read (memfd_create(2)); None where the kernel does not give it."""
    try:
        file = os.memfd_create("ghostfix-input", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError:  # vm.memfd_noexec=2 refuses it (proc_sys_vm(5))
        return None
    try:
        _fill(file, content)
        seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, seals)
    except OSError:  # no memory left
        os.close(file)
        return None
    return file


def _on_disk(content: bytes) -> int:
    """A private file that has lost its name already."""
    with tempfile.TemporaryFile(buffering=0) as made:
        file = os.dup(made.fileno())
    try:
        _fill(file, content)
    except OSError:
        os.close(file)
        raise
    return file


def _fill(file: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(file, left) :]
    os.lseek(file, 0, os.SEEK_SET)
