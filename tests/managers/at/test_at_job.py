from hypothesis import given, strategies

from ghostfix.managers.at.at_job import PUT_BACK, original, read_name, read_queue, read_script
from tests.managers.at.test_jobs import TEXT


def test_a_file_s_name() -> None:
    file = read_name("b0000c01c89cb2")
    assert file is not None
    assert (file.number, file.queue, file.due) == (12, "b", 0x1C89CB2 * 60)
    assert [read_name(name) for name in (".SEQ", "a0000c01c89cb2.x", "")] == [None, None, None]


def test_a_script() -> None:
    script = read_script(TEXT)
    assert (script.body, script.line, script.user, script.folder) == (
        "python3 ghost.py &\n",
        11,
        "root",
        "/srv/ghost",
    )
    assert [(each.name, each.value) for each in script.variables] == [
        ("HOME", "/root"),
        ("GREETING", "hello there"),
    ]
    assert (script.mails, read_script(TEXT.replace("mail root 0", "mail root 1")).mails) == (False, True)


def test_one_that_was_put_back_reads_as_it_was() -> None:
    back = "#!/bin/sh\n# mail root 0\ncd / || {\n exit 1\n}\n" + PUT_BACK + TEXT + "\n"
    assert original(back) == TEXT
    assert (read_script(back).folder, read_script(back).body.strip()) == ("/srv/ghost", "python3 ghost.py &")


def test_a_queue() -> None:
    rows = read_queue("12\tMon Nov 23 22:10:00 2026 a root\nrubbish\n3\tTue Jan  2 03:04:00 2026 = alice\n")
    assert [(row.number, row.queue, row.user) for row in rows] == [(12, "a", "root"), (3, "=", "alice")]


@given(strategies.text(max_size=150))
def test_no_text_is_too_odd(text: str) -> None:
    read_script(text)
    read_script("cd / || {\n" + text)
    read_name(text)
    read_queue(text)
