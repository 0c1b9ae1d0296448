"""Identity: acting as another user, which only root can."""

import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from ghostfix.errors import StepError

_OF_ONE_SESSION = ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS", "MAIL")

_NOBODYS_GROUP = 65_534


class Account(NamedTuple):
    """Whom to become."""

    name: str
    home: str
    uid: int
    gid: int
    groups: tuple[int, ...]


def account_of(user: str | None) -> Account | None:
    """None when there is nobody else to become; raises StepError when we cannot become that user."""
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
    """Whom to become to have this user's rights; who has no name has no groups either."""
    try:
        found = pwd.getpwuid(uid)
    except KeyError:
        return Account(f"uid {uid}", "/", uid, _NOBODYS_GROUP, ())
    return _account(found)


def _account(found: pwd.struct_passwd) -> Account:
    groups = tuple(os.getgrouplist(found.pw_name, found.pw_gid))
    return Account(found.pw_name, found.pw_dir, found.pw_uid, found.pw_gid, groups)


@contextmanager
def acting_as(account: Account | None) -> Iterator[None]:
    """Has this user's rights on files, and no others, while the context lasts."""
    if account is None:
        yield
        return
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


def own_variables(variables: Mapping[str, str], account: Account | None) -> dict[str, str]:
    """An environment in which a user finds its own home, and nothing that belongs to our session."""
    if account is None:
        return dict(variables)
    kept = {name: value for name, value in variables.items() if name not in _OF_ONE_SESSION}
    return kept | {"HOME": account.home, "USER": account.name, "LOGNAME": account.name}
