"""What holds for every test."""

from collections.abc import Iterator

import pytest

from tests.fake_commands import UNEXPECTED


@pytest.fixture(autouse=True)
def _nothing_unexpected() -> Iterator[None]:
    """Fails a test in which an in-memory machine was asked for what it was not told to answer.

    The AssertionError alone would not do: a diagnosis turns a crashing source into "could not look".
    """
    UNEXPECTED.clear()
    yield
    assert UNEXPECTED == []
