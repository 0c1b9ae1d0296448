"""As whom a service ran that has ended: the owner of the PID files and logs that it left."""

import pytest

from ghostfix.survey.former_user import former_user
from tests.fake_system import FakeSystem

PID, LOG = "/srv/shop/run/shop.pid", "/srv/shop/logs/shop.log"
PASSWD = b"root:x:0:0::/root:/bin/sh\nshop:x:1007:1007::/home/shop:/bin/sh\n"


def left(*owners: int, folder: int = 0o755) -> FakeSystem:
    system = FakeSystem()
    system.add_file("/etc/passwd", PASSWD, uid=0)
    for path, uid in zip((PID, LOG), owners, strict=False):
        system.add_folder(path.rpartition("/")[0], folder, uid)
        system.add_file(path, b"1\n", uid=uid)
    return system


@pytest.mark.parametrize("owners", [(1007, 1007), (1007,)])
def test_the_one_user_who_wrote_all_of_them(owners: tuple[int, ...]) -> None:
    assert former_user(left(*owners), (PID, LOG)) == "shop"


@pytest.mark.parametrize(
    ("owners", "folder"),
    [((0, 0), 0o755), ((1007, 0), 0o755), ((1007, 1007), 0o1777), ((4711, 4711), 0o755), ((), 0o755)],
    ids=["root", "two users", "where anybody may write", "a user without a name", "nothing is left"],
)
def test_no_user_is_guessed(owners: tuple[int, ...], folder: int) -> None:
    assert former_user(left(*owners, folder=folder), (PID, LOG)) is None
