import plistlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ghostfix.managers.launchd.plist import (
    CalendarInterval,
    LaunchdJob,
    PathCondition,
    RestartRule,
    read_plist,
)
from ghostfix.model.process import Variable

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n'
)
BODY = "<dict><key>Label</key><string>com.example.ghost</string>{}</dict>"


def xml(keys: str, head: str = HEAD) -> bytes:
    return f'{head}<plist version="1.0">{BODY.format(keys)}</plist>\n'.encode()


def job_of(content: bytes) -> LaunchdJob:
    reading = read_plist(content)
    assert reading.complete, reading.problem
    assert reading.value is not None
    return reading.value


FULL: dict[str, object] = {
    "Label": "com.example.ghost",
    "ProgramArguments": ["/srv/ghost/.venv/bin/python", "-m", "ghost.main"],
    "WorkingDirectory": "/srv/ghost",
    "EnvironmentVariables": {"PATH": "/usr/bin", "DEBUG": "1"},
    "UserName": "ghost",
    "RunAtLoad": True,
    "KeepAlive": {"SuccessfulExit": False, "Crashed": True},
    "ThrottleInterval": 15,
    "StartInterval": 300,
    "StartCalendarInterval": [{"Hour": 8, "Minute": 40}, {"Weekday": 0}],
    "WatchPaths": ["/etc/hosts"],
    "QueueDirectories": ["/var/spool/ghost"],
    "Sockets": {"Listeners": {}},
    "MachServices": {"com.example.ghost.port": True},
    "StartOnMount": True,
    "Disabled": True,
}


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_every_key_that_matters_is_read_from_xml_and_binary(form: plistlib.PlistFormat) -> None:
    job = job_of(plistlib.dumps(FULL, fmt=form, sort_keys=False))
    assert job == LaunchdJob(
        label="com.example.ghost",
        program="/srv/ghost/.venv/bin/python",
        argv=("/srv/ghost/.venv/bin/python", "-m", "ghost.main"),
        working_directory="/srv/ghost",
        environment=(Variable("PATH", "/usr/bin"), Variable("DEBUG", "1")),
        user="ghost",
        disabled=True,
        run_at_load=True,
        restarts=(RestartRule.ON_FAILURE, RestartRule.ON_CRASH, RestartRule.QUEUE_DIRECTORIES),
        interval=300,
        throttle=15,
        calendar=(CalendarInterval(hour=8, minute=40), CalendarInterval(weekday=0)),
        watch_paths=("/etc/hosts",),
        queue_directories=("/var/spool/ghost",),
        sockets=("Listeners",),
        mach_services=("com.example.ghost.port",),
        start_on_mount=True,
    )


@pytest.mark.parametrize(
    ("keys", "rules"),
    [
        ("", ()),
        ("<key>KeepAlive</key><true/>", (RestartRule.ALWAYS,)),
        ("<key>KeepAlive</key><false/>", ()),
        ("<key>OnDemand</key><false/>", (RestartRule.ALWAYS,)),
        ("<key>KeepAlive</key><false/><key>OnDemand</key><false/>", ()),
        ("<key>KeepAlive</key><dict/>", ()),
        ("<key>KeepAlive</key><dict><key>SuccessfulExit</key><true/></dict>", (RestartRule.ON_SUCCESS,)),
        ("<key>KeepAlive</key><dict><key>Crashed</key><false/></dict>", (RestartRule.UNLESS_CRASHED,)),
        (
            "<key>KeepAlive</key><dict><key>OtherJobEnabled</key><dict><key>a</key><true/></dict></dict>",
            (RestartRule.OTHER_JOB,),
        ),
    ],
)
def test_keep_alive_in_all_its_forms(keys: str, rules: tuple[RestartRule, ...]) -> None:
    job = job_of(xml(keys))
    assert job.restarts == rules
    assert job.restarts_on_exit is bool(rules)


def test_network_state_restarts_nothing() -> None:
    job = job_of(xml("<key>KeepAlive</key><dict><key>NetworkState</key><true/></dict>"))
    assert job.restarts == (RestartRule.NETWORK_STATE,)
    assert not job.restarts_on_exit


def test_path_state_names_the_paths() -> None:
    keys = "<key>KeepAlive</key><dict><key>PathState</key><dict><key>/a</key><false/></dict></dict>"
    assert job_of(xml(keys)).path_conditions == (PathCondition("/a", exists=False),)


def test_program_is_what_runs_whatever_the_arguments_call_it() -> None:
    keys = (
        "<key>Program</key><string>/usr/bin/env</string>"
        "<key>ProgramArguments</key><array><string>beat</string><string>-v</string></array>"
    )
    job = job_of(xml(keys))
    assert job.argv == ("beat", "-v")
    assert job.command == ("/usr/bin/env", "-v")


def test_a_bundle_program_is_a_program() -> None:
    job = job_of(xml("<key>BundleProgram</key><string>Contents/MacOS/ghostd</string>"))
    assert job.command == ("Contents/MacOS/ghostd",)


@pytest.mark.parametrize(
    "head",
    [
        "",
        "<!-- written -- by -- hand -->\n" + HEAD,
        HEAD + "<!-- a <plist> of ours -- really -->\n",
        '<?xml version="1.0"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD" http://www.apple.com/x.dtd>\n',
        '<?xml version="1.0"?>\n<!DOCTYPE plist [ <!ELEMENT key (#PCDATA)> ]>\n',
        "\ufeff" + HEAD,
    ],
)
def test_what_core_foundation_accepts_is_read(head: str) -> None:
    job = job_of(xml("<key>KeepAlive</key><true/>", head))
    assert job.label == "com.example.ghost"
    assert job.restarts_on_exit
    assert job.doubts == ()


def test_a_bare_ampersand_is_read_with_a_doubt() -> None:
    keys = "<key>ProgramArguments</key><array><string>sh</string><string>a && b &amp; c 2>&1</string></array>"
    job = job_of(xml(keys))
    assert job.argv == ("sh", "a && b & c 2>&1")
    assert len(job.doubts) == 1


def test_utf_16_is_read() -> None:
    text = xml("<key>Program</key><string>/bin/gh\u00f6st</string>").decode().replace("UTF-8", "UTF-16")
    assert job_of(text.encode("utf-16")).program == "/bin/gh\u00f6st"


def test_the_lenient_reading_knows_encodings_too() -> None:
    head = "<!-- by -- hand -->" + HEAD.replace("UTF-8", "ISO-8859-1")
    text = xml("<key>Program</key><string>/bin/gh\u00f6st</string>", head).decode()
    assert job_of(text.encode("latin-1")).program == "/bin/gh\u00f6st"
    assert job_of(text.replace("ISO-8859-1", "UTF-16").encode("utf-16")).program == "/bin/gh\u00f6st"
    assert job_of(text.replace("ISO-8859-1", "no-such").encode()).program == "/bin/gh\u00f6st"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (xml("")[:-30], "cut off"),
        (b"bplist00\xff\xff", "binary"),
        (b"{ Label = x; }", "old-style"),
        (b"\x7fELF\x02\x01", "neither XML nor binary"),
        (xml("<key>KeepAlive</key>"), "malformed"),
        (xml("<integer>1</integer>"), "malformed"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, reason: str) -> None:
    reading = read_plist(content)
    assert reading.value is None
    assert not reading.complete
    assert reason in (reading.problem or "")


@pytest.mark.parametrize("content", [b"<plist><dict/></plist>", b"<plist><array/></plist>"])
def test_a_plist_without_a_label_is_no_job(content: bytes) -> None:
    reading = read_plist(content)
    assert reading.value is None
    assert reading.complete


def test_values_of_a_wrong_type_count_as_absent() -> None:
    keys = (
        "<key>ProgramArguments</key><string>/bin/a</string><key>StartInterval</key><true/>"
        "<key>RunAtLoad</key><string>yes</string><key>StartCalendarInterval</key><integer>1</integer>"
        "<key>EnvironmentVariables</key><array/><key>KeepAlive</key><string>true</string>"
    )
    assert job_of(xml(keys)) == LaunchdJob(label="com.example.ghost", program=None, argv=())


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE plist [ <!ENTITY a "aaaa"> <!ENTITY b "&a;&a;"> ]>'
    reading = read_plist(xml("<key>Program</key><string>&b;</string>", bomb))
    assert reading.value is None or reading.value.program in (None, "&b;")


def test_deep_nesting_is_refused_or_read() -> None:
    read_plist(b"<plist>" + b"<array>" * 50_000 + b"</array>" * 50_000 + b"</plist>")


PIECES = st.sampled_from(
    [
        b"<plist>",
        b"</plist>",
        b"<dict>",
        b"</dict>",
        b"<array>",
        b"</array>",
        b"<key>Label</key>",
        b"<true/>",
        b"<string>",
        b"</string>",
        b"<!--",
        b"-->",
        b"<?xml",
        b"?>",
        b"<!DOCTYPE",
        b"[",
        b"]",
        b">",
        b"&",
        b"&#0;",
        b"<![CDATA[",
        b"]]>",
        b"bplist00",
        b"<integer>x</integer>",
        b"<data>!</data>",
        b"<date>1</date>",
        b"\xff",
        b"\xff\xfe",
        b"\x00",
        b"<key>KeepAlive</key>",
        b"<real>nan</real>",
    ]
)


@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=30).map(b"".join)))
def test_no_content_breaks_the_reader(content: bytes) -> None:
    reading = read_plist(content)
    assert reading.complete or reading.problem


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_binary_plist_breaks_nothing(place: int, byte: int) -> None:
    content = bytearray(plistlib.dumps(FULL, fmt=plistlib.FMT_BINARY))
    content[place % len(content)] = byte
    reading = read_plist(bytes(content))
    assert reading.complete or reading.problem
