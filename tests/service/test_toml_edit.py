import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.service.toml_edit import with_text

TABLE = ("services", "web")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[services.web]\nscript = "a"\n', '[services.web]\nmanager = "cron"\nscript = "a"\n'),
        ('[services.web]', '[services.web]\nmanager = "cron"'),
        ('[services.web] # x\r\na = 1\r\n', '[services.web] # x\r\nmanager = "cron"\r\na = 1\r\n'),
        ('[services.web]\nmanager = "none" # why\n', '[services.web]\nmanager = "cron" # why\n'),
        ("[services.web]\n  manager='a\\b'\n", '[services.web]\n  manager="cron"\n'),
        ('[services."web"]\na = 1\n', '[services."web"]\nmanager = "cron"\na = 1\n'),
        ('[services]\nweb.manager = "x"\n', '[services]\nweb.manager = "cron"\n'),
        (
            '[services.other]\nmanager = "x"\n[services.web]\na = 1\n',
            '[services.other]\nmanager = "x"\n[services.web]\nmanager = "cron"\na = 1\n',
        ),
        ('\ufeff[services.web]\na = 1\n', '\ufeff[services.web]\nmanager = "cron"\na = 1\n'),
    ],
)  # fmt: skip
def test_one_line_differs(before: str, after: str) -> None:
    edited = with_text(before.encode(), TABLE, "manager", "cron")
    assert edited is not None
    assert edited.decode() == after


@pytest.mark.parametrize(
    "before",
    [
        'services = { web = { script = "a" } }\n',
        '[services]\nweb = { manager = "x" }\n',
        '[services.web]\nmanager = """x"""\n',
        "[services.other]\na = 1\n",
        "[services.web\n",
        "",
    ],
)
def test_what_cannot_be_done_in_one_line_is_not_done(before: str) -> None:
    assert with_text(before.encode(), TABLE, "manager", "cron") is None


def test_bytes_that_are_no_text() -> None:
    assert with_text(b"[services.web]\na = '\xff'\n", TABLE, "manager", "cron") is None


LINES = st.sampled_from(
    [
        "[services.web]", "[services.other]", 'manager = "a"', "manager = 'b'", "x = 1", "# manager = 3",
        'text = """', '"""', "", "  ", '"manager" = "q"', "[services.web.limits]", "list = [", "]",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_whatever_stands_there_nothing_else_is_said_afterwards(lines: list[str], end: str) -> None:
    before = end.join(lines)
    edited = with_text(before.encode(), TABLE, "manager", "systemd:web.service")
    if edited is None:
        return
    wanted = tomllib.loads(before)
    wanted["services"]["web"]["manager"] = "systemd:web.service"
    assert tomllib.loads(edited.decode()) == wanted
