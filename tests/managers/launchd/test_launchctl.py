import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.managers.launchd.launchctl import (
    DisabledFlag,
    ListedJob,
    meaning,
    parse_list,
    parse_print,
    parse_print_disabled,
)

PRINTED = """\
gui/501/com.example.ghost = {
	active count = 1
	path = /Users/alice/Library/LaunchAgents/com.example.ghost.plist
	type = LaunchAgent
	state = running

	program = /bin/bash
	arguments = {
		/bin/bash
		-c
		while true; do
		}
	state = forged
		python -m ghost; done
	}

	working directory = /srv/ghost

	environment = {
		state = hunter2
		pid => 1
	}

	domain = gui/501 [100016]
	minimum runtime = 10
	runs = 12
	pid = 4711
	successive crashes = 3
	immediate reason = inefficient
	last terminating signal = Terminated: 15
	run interval = 600 seconds

	resource coalition = {
		ID = 1
		state = active
		pid = 99
	}

	properties = keepalive | runatload | inferred program
}
"""


def test_list() -> None:
    text = "PID\tStatus\tLabel\n312\t0\tcom.a\n-\t78\tcom.b\n-\t-9\tcom.c with blank\nnonsense\n"
    assert parse_list(text) == (
        ListedJob(label="com.a", pid=312, exit_code=0),
        ListedJob(label="com.b", pid=None, exit_code=78),
        ListedJob(label="com.c with blank", pid=None, signal=9),
    )
    assert [job.status for job in parse_list(text)] == [0, 78, -9]


def test_print_reads_the_first_level_only() -> None:
    job = parse_print(PRINTED)
    assert (job.domain, job.label) == ("gui/501", "com.example.ghost")
    assert job.plist == "/Users/alice/Library/LaunchAgents/com.example.ghost.plist"
    assert (job.state, job.pid, job.runs, job.interval) == ("running", 4711, 12, 600)
    assert (job.exit_code, job.signal, job.exit_reason) == (None, 15, None)
    expected = ("/bin/bash", "-c", "while true; do", "}", "state = forged", "python -m ghost; done")
    assert tuple(word.strip() for word in job.arguments) == expected
    assert job.working_directory == "/srv/ghost"
    assert job.properties == ("keepalive", "runatload", "inferred program")
    assert job.kept_alive is True


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ("properties = runatload", False),
        ("properties = keepalive", True),
        ("properties = inetd | keepalive", None),
        ("state = spawn scheduled", True),
        ("state = running", None),
        (
            "semaphores = {\n\t\tsuccessful exit => 0\n\t\tafter crash => 1\n\t}\n\tproperties = runatload",
            True,
        ),
        ("semaphores = {\n\t}\n\tproperties = runatload", False),
    ],
)
def test_kept_alive(lines: str, kept: bool | None) -> None:
    assert parse_print(f"system/x = {{\n\t{lines}\n}}\n").kept_alive is kept


def test_a_submitted_job_has_no_plist() -> None:
    assert parse_print("gui/501/x = {\n\tpath = (submitted by smd.324)\n}").plist is None


def test_a_part_of_print_disabled() -> None:
    assert parse_print_disabled('\t\t"com.example.a" => disabled') == (DisabledFlag("com.example.a", True),)
    assert parse_print_disabled('login item associations = {\n\t"com.c" => true\n}\n') == ()


@pytest.mark.parametrize(
    "words", [("true", "false"), ("disabled", "enabled")], ids=["up to macOS 12", "since macOS 13"]
)
def test_print_disabled_in_both_dialects(words: tuple[str, str]) -> None:
    text = f"""\
disabled services = {{
	"com.a" => {words[0]}
	"com.b" => {words[1]}
}}
login item associations = {{
	"com.c" => true
	"com.b" => "com.example.app"
}}
"""
    assert parse_print_disabled(text) == (DisabledFlag("com.a", True), DisabledFlag("com.b", False))


def test_codes_are_explained() -> None:
    assert "not loaded" in meaning(3)
    assert "no such service" in meaning(113)
    assert meaning(99) == "error 99"
    assert meaning(None) == "launchctl did not answer"


PIECES = [
    *("gui/501/x = {", "}", "\t}", "\tstate = running", "\targuments = {", "\t\tpid = 1", "= {", " = "),
    *(
        "disabled services = {",
        '"a" => true',
        '"PID" = x;',
        "(",
        ");",
        "1\t-\tx",
        "-\t--\t",
        "}{",
        "\x00",
        "\t",
    ),
]
LINES = st.lists(st.sampled_from(PIECES) | st.text(max_size=40), max_size=25).map("\n".join)


@given(LINES)
def test_no_answer_breaks_the_parsers(text: str) -> None:
    parse_print(text)
    parse_print_disabled(text)
    parse_list(text)
