"""Users: names for numbers."""

import functools
import pwd

from ghostfix.system.decoding import storable


@functools.cache
def user_name(uid: int) -> str:
    """The user's name, or the number when the machine knows no such user."""
    try:
        return storable(pwd.getpwuid(uid).pw_name)
    except (KeyError, OverflowError):
        return str(uid)
