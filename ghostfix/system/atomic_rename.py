"""Renames that the plain ``rename`` cannot do: onto a free name only, and exchanging two names."""

import errno
import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from ghostfix.system.decoding import exists_in

if TYPE_CHECKING:
    import ctypes

_NOREPLACE, _EXCHANGE = 1, 2  # renameat2(2)
_MACOS_SWAP, _MACOS_EXCL = 2, 4  # renameatx_np(2)
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def rename_to_free(source: str, target: str, folder: int) -> None:
    """Renames within an open folder; raises FileExistsError when ``target`` exists."""
    if _rename(source, target, folder, _MACOS_EXCL if sys.platform == "darwin" else _NOREPLACE):
        return
    try:
        # The file system cannot: a hard link fails when the name is taken, too.
        os.link(source, target, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # folders cannot be linked, and some file systems have no links
        if exists_in(folder, target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
        os.rename(source, target, src_dir_fd=folder, dst_dir_fd=folder)
    else:
        os.unlink(source, dir_fd=folder)


def exchange(one: str, other: str, folder: int) -> bool:
    """Exchanges two names in one instant; false when the file system cannot. Raises OSError."""
    return _rename(one, other, folder, _MACOS_SWAP if sys.platform == "darwin" else _EXCHANGE)


def _rename(source: str, target: str, folder: int, flags: int) -> bool:
    """False when neither the C library nor the file system offers it."""
    library = c_library()
    import ctypes  # which is loaded by now

    try:
        call = library.renameatx_np if sys.platform == "darwin" else library.renameat2
    except AttributeError:
        return False
    call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    call.restype = ctypes.c_int
    if call(folder, os.fsencode(source), folder, os.fsencode(target), flags) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), source, None, target)


@cache
def c_library() -> "ctypes.CDLL":
    """The C library, through ctypes: loaded late, for only who acts renames.

    And with our own rights: a user's do not reach a Python that lies in root's home folder.
    """
    import ctypes

    return ctypes.CDLL(None, use_errno=True)
