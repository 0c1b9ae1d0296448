from ghostfix.parsers.error_tally import KINDS_KEPT, ErrorTally, SeenError


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
