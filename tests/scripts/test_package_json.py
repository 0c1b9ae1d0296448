"""The lines of ``package.json`` that npm and its like run."""

from ghostfix.scripts.package_json import ScriptLine, script_line

PACKAGE = b"""{
  "name": "start",
  "scripts": {
    "test": "jest",
    "start": "node server.js"
  }
}
"""


def test_gives_the_text_and_where_it_stands() -> None:
    assert script_line(PACKAGE, "test") == ScriptLine("jest", 4, '"test": "jest",')


def test_a_name_that_stands_elsewhere_too_is_found_in_the_scripts() -> None:
    entry = script_line(PACKAGE, "start")
    assert entry == ScriptLine("node server.js", 5, '"start": "node server.js"')


def test_no_such_script_is_none() -> None:
    assert script_line(PACKAGE, "build") is None


def test_what_is_no_package_is_none() -> None:
    assert script_line(b"not json", "start") is None
    assert script_line(b'{"scripts": ["start"]}', "start") is None


def test_a_file_nested_without_end_is_none() -> None:
    assert script_line(b'{"x": ' + b"[" * 100_000, "start") is None
