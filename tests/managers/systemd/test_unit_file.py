import pytest

from ghostfix.managers.systemd.unit_file import exec_command, exec_words, expanded, merged, read_unit

UNIT = """\
; a comment
[Unit]
Description=Ghost

[Service]
# another
ExecStart=/usr/bin/python3 \\
    # a comment within
    -m ghost \\
    --port 5555
Environment=A=1
Environment="B=2 3" C=4
Restart = on-failure
no entry
"""


def test_entries_have_their_lines_and_continuations_are_joined() -> None:
    unit = read_unit(UNIT, "g.service")
    (entry,) = unit.values("Service", "ExecStart")
    assert (entry.value, entry.line) == ("/usr/bin/python3 -m ghost --port 5555", 7)
    assert str(entry.place) == "g.service:7"
    assert [each.value for each in unit.values("Service", "Environment")] == ["A=1", '"B=2 3" C=4']
    assert unit.value("Unit", "Description") == "Ghost"
    assert unit.value("Unit", "Restart") == ""


def test_a_continuation_at_the_end_of_the_file() -> None:
    (entry,) = read_unit("[Service]\nExecStart=/bin/a \\", "f").values("Service", "ExecStart")
    assert entry.value == "/bin/a"


@pytest.mark.parametrize(
    ("value", "restart"),
    [("always", "always"), ("on-abnormal", "on-abnormal"), ("no", "no"), ("sometimes", "no"), ("", "no")],
)
def test_restart(value: str, restart: str) -> None:
    unit = read_unit(f"[Service]\nRestart={value}\n", "f")
    assert unit.restart == restart


def test_a_drop_in_adds_resets_and_overrules() -> None:
    file = read_unit("[Service]\nExecStart=/bin/a\nRestart=always\n", "f")
    more = read_unit("[Service]\nExecStart=\nExecStart=/bin/b\nRestart=no\n", "d.conf")
    unit = merged((file, more))
    assert [(entry.value, entry.file) for entry in unit.values("Service", "ExecStart")] == [
        ("/bin/b", "d.conf")
    ]
    assert unit.restart == "no"


def test_the_prefixes_of_a_command() -> None:
    assert exec_command("-!/bin/a b") == "/bin/a b"
    assert exec_words("-/bin/a 'b c' \"d\"", "g.service", "/root", "root") == ("/bin/a", "b c", "d")
    assert exec_words("@/bin/a name b", "g.service", "/root", "root") == ("/bin/a", "b")
    assert exec_words("/bin/a 'b", "g.service", "/root", "root") == ("/bin/a", "'b")


def test_specifiers() -> None:
    assert expanded("%i %I %p %n %N %h %u %% %q", "a@x-y.service", "/home/al", "al") == (
        "x-y x/y a a@x-y.service a@x-y /home/al al % %q"
    )
