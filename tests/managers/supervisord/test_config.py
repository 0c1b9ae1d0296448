import pytest

from ghostfix.managers.supervisord.config import Group, read_config

CONFIG = """\
; a comment
[supervisord]
logfile = /var/log/x ; here

[unix_http_server]
file=/run/s.sock
[program:ghost]
Command = python3 -m ghost ; run it
directory: /srv/ghost
autostart=off
autorestart=unexpected
numprocs=2
process_name=%(program_name)s_%(process_num)02d
# another comment
[program:lines]
command=one
  --two
  --three;4
[eventlistener:ears]
command=ears
autorestart=false
[group:both]
programs=ghost, lines
[include]
files = a/*.conf b.conf
"""


def test_programs_with_their_lines() -> None:
    facts = read_config(CONFIG, "s.conf")
    ghost, lines, ears = facts.programs
    assert (ghost.name, ghost.line, ghost.command, ghost.command_line) == ("ghost", 7, "python3 -m ghost", 8)
    assert (ghost.directory, ghost.autostart, ghost.processes) == ("/srv/ghost", False, 2)
    assert ghost.process_name == "%(program_name)s_%(process_num)02d"
    assert lines.command.split() == ["one", "--two", "--three;4"]
    assert (ears.kind, ears.restarts_on_exit) == ("eventlistener", False)
    assert facts.groups == (Group("both", ("ghost", "lines")),)
    assert (facts.includes, facts.socket) == (("a/*.conf", "b.conf"), "/run/s.sock")


@pytest.mark.parametrize(
    ("value", "restarts"),
    [
        ("true", "always"),
        ("Yes", "always"),
        ("false", "no"),
        ("unexpected", "unexpected"),
        ("", "unexpected"),
    ],
)
def test_autorestart(value: str, restarts: str) -> None:
    (program,) = read_config(f"[program:a]\nautorestart={value}\n", "f").programs
    assert program.restarts == restarts


def test_what_is_no_program() -> None:
    assert (
        read_config("command=lost\n[program:]\ncommand=x\n[inet_http_server]\nport=1\n", "f").programs == ()
    )
