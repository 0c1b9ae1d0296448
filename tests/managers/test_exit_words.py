"""Exit statuses and signals in words."""

import signal

import pytest

from ghostfix.managers.exit_words import (
    exit_in_words,
    signal_in_words,
    signal_name,
    signal_of_status,
    status_meaning,
)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (127, "it exited with status 127 (a command was not found)"),
        (78, "it exited with status 78 (EX_CONFIG of sysexits.h, its configuration is wrong)"),
        (139, "it exited with status 139 (128+11, a program below it was ended by SIGSEGV)"),
        (3, "it exited with status 3"),
        (0, "it exited with status 0"),
        (255, "it exited with status 255"),
        (128, "it exited with status 128"),
    ],
)
def test_a_status_is_told_with_what_it_means_and_no_more(status: int, words: str) -> None:
    assert exit_in_words(status) == words


def test_every_status_of_sysexits_has_a_meaning_and_its_neighbours_have_none() -> None:
    assert all(status_meaning(status) for status in range(64, 79))
    assert status_meaning(63) is None
    assert status_meaning(79) is None


def test_not_executable_is_not_not_found() -> None:
    assert "not found" not in (status_meaning(126) or "")


def test_a_shells_status_names_the_signal_that_ended_its_command() -> None:
    assert signal_of_status(128 + signal.SIGKILL) == "KILL"
    assert signal_of_status(128 + signal.SIGTERM) == "TERM"
    assert signal_of_status(127) is None
    assert signal_of_status(129 + 120) is None


def test_a_number_that_is_no_signal_has_no_name() -> None:
    assert signal_name(signal.SIGABRT) == "ABRT"
    assert signal_name(0) is None
    assert signal_name(250) is None


def test_a_fault_of_the_program_is_explained_and_a_sent_signal_is_not() -> None:
    assert signal_in_words("KILL") == "SIGKILL ended it"
    assert signal_in_words("SEGV").startswith("SIGSEGV ended it (a segmentation fault")


@pytest.mark.parametrize("number", range(1, 32))
def test_the_numbers_are_those_of_the_kernel(number: int) -> None:
    name = signal_name(number)
    assert name is not None
    assert getattr(signal, f"SIG{name}") == number
