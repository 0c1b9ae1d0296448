import pytest

from ghostfix.survey.logs.error_tally import KINDS_KEPT, TIMES_KEPT, ErrorTally, SeenError
from ghostfix.survey.logs.stack_frame import Frame


def seen(message: str, line: int, at: float | None = None, place: str | None = None) -> SeenError:
    return SeenError(exception="ValueError", message=message, line=line, at=at, place=place)


def test_the_same_error_but_for_numbers_is_one_kind() -> None:
    tally = ErrorTally()
    tally.count(seen("row 1 at 0xff", 3, place="a.py:1"))
    tally.count(seen("row 22 at 0x1a", 9, at=5.0))
    tally.count(seen("column 1", 5))
    first, second = tally.errors
    assert (first.message, first.count, first.first_line, first.last_line) == ("row 22 at 0x1a", 2, 3, 9)
    assert (first.first_at, first.last_at, first.place) == (5.0, 5.0, "a.py:1")
    assert (second.message, second.count) == ("column 1", 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("No space left: '/srv/q/tmpab12cd9_'", "No space left: '/srv/q/tmpxyzzyfoo'"),
        ("no /tmp/tmp.Ab3dEfGhIj", "no /tmp/tmp.QrStUvWxYz"),
        ("job 5f0c9a1e-3b52-4d7c-9a41-1f2e3d4c5b6a", "job 00000000-aaaa-bbbb-cccc-0123456789ab"),
        ("commit deadbeef01 is gone", "commit 0123abcdef is gone"),
        ("session aB3dE9fG lost", "session Zk7Qp2Rs lost"),
        ("pid 7 at 0x7f", "pid 88 at 0xab"),
    ],
)
def test_random_names_do_not_make_kinds(one: str, other: str) -> None:
    tally = ErrorTally()
    tally.count(seen(one, 1))
    tally.count(seen(other, 2))
    assert [(error.count, error.message) for error in tally.errors] == [(2, other)]


@pytest.mark.parametrize(
    ("one", "other"),
    [("No module named 'psycopg2'", "No module named 'boto3'"), ("'a'", "'b'"), ("tmpl a", "tmpl b")],
)
def test_names_that_mean_something_do(one: str, other: str) -> None:
    tally = ErrorTally()
    tally.count(seen(one, 1))
    tally.count(seen(other, 2))
    assert len(tally.errors) == 2


def test_each_is_counted_since_a_start_by_itself() -> None:
    tally = ErrorTally()
    for at in (90.0, 100.25, 110.5, None):
        tally.count(seen("x", 1, at))
    bounded = seen("x", 1)
    bounded.after = 120.5
    tally.count(bounded)
    (error,) = tally.errors
    assert (error.count, tally.since(error, 100.5)) == (5, 2)
    assert (error.last_at, error.after) == (110.5, 120.5)


def test_the_place_is_the_deepest_frame_of_the_user_s_own() -> None:
    library, own, other = Frame("/usr/lib/python3/x.py", 1), Frame("/srv/a/b.py", 2), Frame("/opt/c.py", 3)
    for frames, place in (
        ([own, other, library], "/srv/a/b.py:2"),
        ([other, own, Frame("/srv/a/b.py", 9)], "/srv/a/b.py:9"),
        ([library, Frame("<frozen os>", 4)], "/usr/lib/python3/x.py:1"),
    ):
        downward, upward = seen("x", 1), seen("x", 1)
        for frame in frames:
            downward.inner(frame, "/srv/a")
        for frame in reversed(frames):
            upward.outer(frame, "/srv/a")
        assert (downward.place, upward.place) == (place, place)


def test_many_times_are_kept_in_bounded_memory() -> None:
    tally = ErrorTally()
    for at in range(3 * TIMES_KEPT):
        tally.count(seen("x", 1, float(at)))
    assert TIMES_KEPT <= tally.since(tally.errors[0], 0.0) <= 2 * TIMES_KEPT


def test_the_last_known_time_stays() -> None:
    tally = ErrorTally()
    for at in (1.0, 2.0, None):
        tally.count(seen("x", 1, at))
    (error,) = tally.errors
    assert (error.first_at, error.last_at) == (1.0, 2.0)


def test_the_kinds_seen_last_are_kept() -> None:
    tally = ErrorTally()
    for number in range(KINDS_KEPT):
        tally.count(seen("x" * number, number))
    tally.count(seen("", KINDS_KEPT))
    tally.count(seen("new", KINDS_KEPT + 1))
    messages = {error.message for error in tally.errors}
    assert tally.forgotten == 1
    assert "" in messages
    assert "x" not in messages
