import msgspec

from ghostfix.report.symbols import Marks, to_ascii


def test_every_mark_has_a_likeness_in_ascii() -> None:
    for mark in msgspec.structs.astuple(Marks()):
        assert to_ascii(mark).isascii()
        assert "\\" not in to_ascii(mark)


def test_what_has_no_likeness_is_an_escape() -> None:
    assert to_ascii("a → b × 3 … 東") == "a -> b x 3 ... \\u6771"
