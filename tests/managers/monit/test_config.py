import pytest
from hypothesis import given, strategies

from ghostfix.managers.monit.config import MonitCheck, read_config
from ghostfix.managers.monit.daemon import read_status


def check(text: str) -> MonitCheck:
    (found,) = read_config(text, "/etc/monitrc").checks
    return found


def test_a_file() -> None:
    config = read_config(
        "set daemon 2 minutes # with start delay 60\ninclude /etc/monit/conf.d/*\nset logfile syslog\n", "/x"
    )
    assert (config.period, config.includes, config.checks) == (120, ("/etc/monit/conf.d/*",), ())


def test_a_check_and_where_its_commands_stand() -> None:
    found = check(
        "# check process not with pidfile /no\n"
        "check process 'my ghost' with pidfile /run/g.pid\n"
        '  start program  = "/etc/init.d/g start" as uid ghost and gid ghost with timeout 60 seconds\n'
        "  stop program = '/etc/init.d/g stop'\n"
        "  restart program is /usr/bin/again\n"
        "  if failed port 80 protocol http then exec \"/bin/sh -c 'kick'\"\n"
        "  depends on disk, network\n"
        "  if 5 restarts within 5 cycles then unmonitor\n"
    )
    assert (found.name, found.kind, found.line, found.pidfile) == ("my ghost", "process", 2, "/run/g.pid")
    assert [(each.verb, each.text, each.line) for each in found.commands] == [
        ("start", "/etc/init.d/g start", 3),
        ("restart", "/usr/bin/again", 5),
        ("exec", "/bin/sh -c 'kick'", 6),
    ]
    assert (found.depends, found.restarts, found.passive) == (("disk", "network"), True, False)


@pytest.mark.parametrize(
    ("text", "restarts"),
    [
        ("if not exist then restart", True),
        ("if does not exist for 3 cycles then start", True),
        ("if not exist then alert", False),
        ("if does not exist then exec '/bin/x'", True),
        ("if not exist", False),
    ],
)
def test_what_it_does_about_one_that_is_missing(text: str, restarts: bool) -> None:
    assert check(f"check process g matching 'g'\n  {text}\n").restarts is restarts


@given(strategies.text("checkproesdainlu \"'{}=#,;\n/x1", max_size=150))
def test_no_text_is_too_odd(text: str) -> None:
    read_config(text, "/x")
    read_config("check process " + text, "/x")
    read_status(text)
