import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.parsers.launchctl import (
    DisabledFlag,
    LaunchctlFailure,
    ListedDetail,
    ListedJob,
    meaning,
    parse_failures,
    parse_list,
    parse_list_label,
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


def test_list_label() -> None:
    text = """\
{
	"LimitLoadToSessionType" = "Aqua";
	"Label" = "com.example.ghost";
	"LastExitStatus" = 256;
	"PID" = 4711;
	"Program" = "/usr/bin/env";
	"MachServices" = {
		"PID" = 1;
	};
	"ProgramArguments" = (
		"/usr/bin/env";
		"say \\"hi\\"";
	);
};
"""
    found = parse_list_label(text)
    assert found == ListedDetail(
        label="com.example.ghost",
        pid=4711,
        last_exit=256,
        program="/usr/bin/env",
        argv=("/usr/bin/env", 'say "hi"'),
    )


@pytest.mark.parametrize(
    ("word", "code", "signal"),
    [(0, 0, None), (256, 1, None), (15, None, 15), (139, None, 11), (19968, 78, None)],
)
def test_the_last_exit_is_a_wait_status(word: int, code: int | None, signal: int | None) -> None:
    found = parse_list_label(f'\t"LastExitStatus" = {word};\n')
    assert (found.exit_code, found.signal) == (code, signal)


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
    assert job.crash_loops


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ("properties = runatload", False),
        ("properties = keepalive", True),
        ("properties = inetd | keepalive", None),
        ("state = spawn scheduled", True),
        ("state = running", None),
    ],
)
def test_kept_alive(lines: str, kept: bool | None) -> None:
    assert parse_print(f"system/x = {{\n\t{lines}\n}}\n").kept_alive is kept


@pytest.mark.parametrize(
    ("lines", "loops"),
    [
        ("runs = 3325\nlast exit code = 78: EX_CONFIG", True),
        ("runs = 3325\nlast exit code = 0", False),
        ("runs = 12\nlast terminating signal = Killed: 9", False),
        ("runs = 150\nlast exit reason = OS_REASON_CODESIGNING", True),
        ("last exit code = (never exited)", False),
    ],
)
def test_crash_loops_by_the_counters(lines: str, loops: bool) -> None:
    assert parse_print(lines).crash_loops is loops


def test_a_submitted_job_has_no_plist() -> None:
    assert parse_print("gui/501/x = {\n\tpath = (submitted by smd.324)\n}").plist is None


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


def test_failures() -> None:
    text = (
        "Warning: something first\n"
        "Boot-out failed: 36: Operation now in progress\n"
        "Could not print job: 3: No such process\n"
        "Bootstrap failed: 5: Input/output error\n"
    )
    assert parse_failures(text) == (
        LaunchctlFailure(36, "Operation now in progress"),
        LaunchctlFailure(3, "No such process"),
        LaunchctlFailure(5, "Input/output error"),
    )


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
    parse_list_label(text)
    parse_failures(text)
