"""Credentials: acting as another user, which only root can."""

import os
import pwd
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ghostfix.model.errors import StepError
from ghostfix.system.atomic_rename import c_library

_STANDARD_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""As sudo(8) and Debian's cron set it: folders that are root's."""
_HOMEBREW = "/opt/homebrew/bin:/opt/homebrew/sbin"
_OF_THE_MACHINE = ("LANG", "LANGUAGE", "TZ")
"""What says how text and times are written here; with ``LC_*``, all that goes over to another user."""
# What says how *our* Python runs, and would mislead another one.
_OUR_PYTHON = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")

_NO_GROUP = 65_534


class Account(NamedTuple):
    """The user to become."""

    name: str
    home: str
    shell: str
    uid: int
    gid: int
    groups: tuple[int, ...]


def account_of(user: str | None) -> Account | None:
    """None when there is no other user to become; raises StepError when we cannot become that user."""
    if user is None:
        return None
    try:
        found = pwd.getpwnam(user)
    except KeyError as error:
        raise StepError(f"there is no user {user}") from error
    if found.pw_uid == os.geteuid():
        return None
    if os.geteuid() != 0:
        raise StepError(f"only root can act as {user}")
    return _account(found)


def account_with(uid: int) -> Account:
    """What to become to have this user's rights; a user without a name has no groups either."""
    try:
        found = pwd.getpwuid(uid)
    except KeyError:
        return Account(f"uid {uid}", "/", "/bin/sh", uid, _NO_GROUP, ())
    return _account(found)


def _account(found: pwd.struct_passwd) -> Account:
    groups = tuple(os.getgrouplist(found.pw_name, found.pw_gid))
    return Account(
        found.pw_name, found.pw_dir, found.pw_shell or "/bin/sh", found.pw_uid, found.pw_gid, groups
    )


@contextmanager
def acting_as(account: Account | None) -> Iterator[None]:
    """Has this user's rights on files, and no others, while the context lasts."""
    if account is None:
        yield
        return
    c_library()  # what an act as this user will need: with the user's rights nothing more can be loaded
    groups, gid = os.getgroups(), os.getegid()
    try:
        os.setgroups(account.groups)
        os.setegid(account.gid)
        os.seteuid(account.uid)
        yield
    finally:
        os.seteuid(0)
        os.setegid(gid)
        os.setgroups(groups)


@contextmanager
def acting_as_root() -> Iterator[None]:
    """Has root's rights again within ``acting_as``, if we are root; the groups stay the other user's."""
    uid = os.geteuid()
    if uid == 0 or os.getuid() != 0:
        yield
        return
    try:
        os.seteuid(0)
        yield
    finally:
        os.seteuid(uid)


def search_path(account: Account | None) -> str:
    """The PATH of what runs as this user; None is ourselves, with our own."""
    if account is None:
        return os.environ.get("PATH", os.defpath)
    return f"{_STANDARD_PATH}:{_HOMEBREW}" if sys.platform == "darwin" else _STANDARD_PATH


def whole_environment(account: Account | None) -> dict[str, str]:
    """The environment of what runs as this user; None is ourselves, with all that we have.

    Another user gets a fresh one, as from sudo(8): its home, name and shell, a standard PATH, and the
    machine's language and time zone. All else of ours may be a secret (the keys of a cloud, the socket of an
    SSH agent), and a user reads the environment of all its own programs.
    """
    if account is None:
        return dict(os.environ)
    kept = {
        name: value for name, value in os.environ.items() if name in _OF_THE_MACHINE or name.startswith("LC_")
    }
    return kept | {
        "PATH": search_path(account),
        "HOME": account.home,
        "USER": account.name,
        "LOGNAME": account.name,
        "SHELL": account.shell,
    }


def environment(account: Account | None) -> dict[str, str]:
    """The same, without what concerns only our own Python."""
    return {name: value for name, value in whole_environment(account).items() if name not in _OUR_PYTHON}
