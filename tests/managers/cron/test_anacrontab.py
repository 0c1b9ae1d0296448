from hypothesis import given, strategies

from ghostfix.managers.cron.anacrontab import parse
from ghostfix.managers.cron.crontab import held


def test_lines_of_a_table() -> None:
    jobs = parse(
        b"A = b\n1 5\tone\ttrue\n#7 0 two true\n@daily 0 three a \\\n b\n" + held(b"3 4 four true\n")
    )
    assert [(job.line, job.name, job.command, job.enabled) for job in jobs] == [
        (2, "one", "true", True),
        (3, "two", "true", False),
        (4, "three", "a b", True),
        (6, "four", "true", False),
    ]
    assert [(each.name, each.value) for each in jobs[0].variables] == [("A", "b")]
    assert jobs[0].trigger == "every day, 5 minutes after anacron starts"


@given(strategies.binary(max_size=150))
def test_no_bytes_are_too_odd(content: bytes) -> None:
    parse(content)
    parse(b"1 2 x " + content)
