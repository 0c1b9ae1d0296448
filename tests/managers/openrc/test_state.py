import pytest

from ghostfix.managers.openrc.state import read_argv


@pytest.mark.parametrize(
    ("words", "program"),
    [
        (("--start", "/bin/a", "--", "-x", "y"), ("/bin/a", "-x", "y")),
        (("-S", "-p", "/run/a.pid", "-u", "ghost", "/bin/a"), ("/bin/a",)),
        (("--start", "--respawn-delay=3", "/bin/a", "b"), ("/bin/a", "b")),
        (("--reexec",), ()),
    ],
)
def test_what_it_keeps(words: tuple[str, ...], program: tuple[str, ...]) -> None:
    found = read_argv(("supervise-daemon", "ghost", *words))
    assert found is not None
    assert (found.name, found.words) == ("ghost", program)


def test_what_names_no_service() -> None:
    assert read_argv(("supervise-daemon",)) is None
    assert read_argv(("supervise-daemon", "--help")) is None
