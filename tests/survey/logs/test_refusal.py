import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.model.snapshot import Reason
from ghostfix.survey.logs.refusal import about, pid_of, port_named, port_of, reason_of


@pytest.mark.parametrize(
    ("text", "reason", "subject"),
    [
        ("listen tcp :81: bind: address already in use", Reason.ADDRESS_IN_USE, "81"),
        ("bind to [::1]:81: Address already in use", Reason.ADDRESS_IN_USE, "[::1]:81"),
        ("cannot listen on /run/a.sock: Address already in use", Reason.ADDRESS_IN_USE, "/run/a.sock"),
        (
            "A server is already running. Check /srv/tmp/server.pid.",
            Reason.ALREADY_RUNNING,
            "/srv/tmp/server.pid",
        ),
        ("Already running on PID 9507 (or pid file '/a' is stale)", Reason.ALREADY_RUNNING, "pid 9507"),
        ("Unable to lock ./ibdata1 error: 11", Reason.LOCK_HELD, "./ibdata1"),
        ("could not acquire lock on /srv/data/.lock", Reason.LOCK_HELD, "/srv/data/.lock"),
        ("open('/etc/shop.key'): Permission denied", Reason.PERMISSION_DENIED, "/etc/shop.key"),
        ("cannot open /etc/shop.yml: No such file or directory", Reason.NO_SUCH_FILE, "/etc/shop.yml"),
        ("sh: 1: nodejs20: not found", Reason.NO_SUCH_FILE, "nodejs20"),
        ("bash: frob: command not found", Reason.NO_SUCH_FILE, "frob"),
        ("Can't locate Shop/Cart.pm in @INC (you may", Reason.MISSING_MODULE, "Shop/Cart.pm"),
        ('unknown directive "evnts" in /etc/a.conf:1', Reason.BAD_CONFIGURATION, "/etc/a.conf"),
        ("DATABASE_URL is not set", Reason.BAD_CONFIGURATION, None),
        ("dial tcp 10.0.0.9:5432: connect: connection refused", Reason.CANNOT_CONNECT, "10.0.0.9:5432"),
        ("getaddrinfo ENOTFOUND db.internal", Reason.CANNOT_CONNECT, None),
        ("JavaScript heap out of memory", Reason.OUT_OF_MEMORY, None),
        ("Segmentation fault (core dumped)", Reason.CRASH, None),
        ("all is well", Reason.OTHER, None),
        ("the cart is empty", Reason.OTHER, None),
        ("clock skew of 3 s", Reason.OTHER, None),
    ],
)
def test_reasons_and_what_they_are_about(text: str, reason: Reason, subject: str | None) -> None:
    assert reason_of(text) is reason
    assert about(reason, text) == subject


def test_numbers_in_what_it_is_about() -> None:
    assert (port_of("[::1]:81"), port_of("81"), port_of("/run/a.sock"), port_of("a:b")) == (
        81,
        81,
        None,
        None,
    )
    assert (pid_of("(pid: 12)"), pid_of("rapid 12")) == ("pid 12", None)
    assert (port_named("on port: 3306 ?"), port_named("support 12")) == ("3306", None)


@given(st.text(max_size=2000), st.sampled_from(Reason))
def test_no_text_breaks_it(text: str, reason: Reason) -> None:
    assert reason_of(text) in Reason
    assert len(about(reason, text) or "") <= len(text) + len("pid ")
