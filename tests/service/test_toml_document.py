import pytest

from ghostfix.model.errors import ProfileError
from ghostfix.service.toml_document import KeyPath, key_text, parse

TEXT = """\
# services.web.ports is not here
[services.web]
module = "web"
ports = [
  80,
]
limits = { processes = 1 }

[services.web.health]
url = '''
expect = 1
'''
expect."a.b" = 1

[services."my job"]
stop.grace = 1
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("services", "web"), 2),
        (("services", "web", "module"), 3),
        (("services", "web", "ports", 0), 4),
        (("services", "web", "limits", "processes"), 7),
        (("services", "web", "health", "url"), 10),
        (("services", "web", "health", "expect", "a.b"), 13),
        (("services", "my job", "stop", "grace"), 16),
        (("services", "web", "nothing"), 2),
        (("nothing",), None),
    ],
)
def test_knows_the_line_of_each_key(keys: KeyPath, line: int | None) -> None:
    assert parse("/x.toml", TEXT.encode()).line(keys) == line


def test_gives_the_value_under_a_path() -> None:
    document = parse("/x.toml", TEXT.encode())
    assert document.value(("services", "web", "ports", 0)) == 80
    assert document.value(("services", "web", "ports", 7)) is None
    assert document.value(("services", "web", "module", "deeper")) is None


def test_a_byte_order_mark_is_no_error() -> None:
    assert parse("/x.toml", b"\xef\xbb\xbfa = 1\n").value(("a",)) == 1


def test_an_error_names_line_and_column() -> None:
    with pytest.raises(ProfileError, match=r"^/x\.toml:2:5: is not valid TOML"):
        parse("/x.toml", b"a = 1\nb = =\n")


def test_a_key_path_is_written_as_toml_writes_it() -> None:
    assert key_text(("services", "my job", "ports", 0)) == 'services."my job".ports[0]'
