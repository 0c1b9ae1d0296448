"""What a host answers is another machine's word."""

import json

import msgspec
import pytest

from ghostfix.commands.fleet.host import acted_host, seen_host
from ghostfix.model.fleet import EntryOfUndo, HostState
from ghostfix.model.fleet_play import AnswerKind, HostAnswer, ModuleResult
from ghostfix.model.report import Report, Verdict
from tests.commands.fleet.samples import HEALTHY, INCIDENT, seen

BEFORE = seen("web1", INCIDENT, changed=True)


def answer(kind: AnswerKind = AnswerKind.OK, **result: object) -> HostAnswer:
    return HostAnswer(host="web1", kind=kind, result=msgspec.convert(result, ModuleResult))


def text(report: Report = INCIDENT) -> str:
    return msgspec.json.encode(report).decode()


def test_a_report_is_taken_as_it_is() -> None:
    host = seen_host(answer(text=text()))
    assert host.reports == (INCIDENT,)
    assert (host.state, host.verdict, host.exit_code) == (HostState.SEEN, INCIDENT.verdict, 1)


def test_several_services_count_as_their_worst() -> None:
    document = f'{{"schema": "ghostfix.reports/1", "reports": [{text(HEALTHY)}, {text()}]}}'
    host = seen_host(answer(text=document))
    assert (len(host.reports), host.verdict, host.exit_code) == (2, INCIDENT.verdict, 1)


def test_a_failed_task_with_a_report_is_no_failure_to_look() -> None:
    host = seen_host(answer(AnswerKind.FAILED, msg="ghostfix has no step for it", text=text()))
    assert (host.state, host.reason) == (HostState.SEEN, None)


@pytest.mark.parametrize("document", ["", "[]", "{", '{"schema": "ghostfix.report/9"}', "[" * 100_000, '"x"'])
def test_what_is_no_report_is_said_to_be_none(document: str) -> None:
    host = seen_host(answer(text=document))
    assert (host.state, host.verdict, host.exit_code) == (HostState.FAILED, None, 3)
    assert "not a report" in str(host.reason)


def test_control_characters_reach_nobody() -> None:
    """A host that was taken over writes what moves the cursor, turns the text round, or begins a line."""
    document = json.loads(text())
    document["results"][0]["findings"] = []
    document["notes"] = ["\x1b]0;owned\x07\x1b[2J", "line\nforged", "\u202eturned"]
    document["service"]["name"] = "web\x1b[31m"
    host = seen_host(answer(text=json.dumps(document)))
    whole = msgspec.json.encode(host).decode()
    assert all(sign not in whole for sign in ("\\u001b", "\\u0007", "\u202e"))
    assert host.reports[0].notes[1] == "line\\nforged"
    bad = seen_host(answer(AnswerKind.FAILED, msg="a\x1b[2Jb"))
    assert bad.reason == "a\\x1b[2Jb"


@pytest.mark.parametrize("code", [12345, 2, 75, 130, -9])
def test_an_exit_code_that_no_report_has_is_an_internal_error(code: int) -> None:
    document = json.loads(text())
    document["exit_code"] = code
    assert seen_host(answer(text=json.dumps(document))).exit_code == 70


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (
            {"msg": "Failed to connect to the host via ssh: root@web1: Permission denied (publickey)."},
            "root@web1: ",
        ),
        (
            {
                "msg": 'Task failed: Data could not be sent to remote host "10.0.0.9". Make sure this host '
                "can be reached over ssh: ssh: connect to host 10.0.0.9 port 22: Connection refused\r\n"
            },
            "ssh: connect to host 10.0.0.9 port 22: Connection refused",
        ),
        (
            {"msg": "MODULE FAILURE", "module_stderr": "sh: 1: /usr/bin/python3: not found\n"},
            "sh: 1: /usr/bin",
        ),
        (
            {
                "msg": "Module result deserialization failed: No start of json char found",
                "module_stderr": "Traceback (most recent call last):\n"
                '  File "<stdin>", line 266, in <module>\nOSError: [Errno 28] No space left on device\n',
            },
            "OSError: [Errno 28] No space left on device",
        ),
        ({"msg": "--password=hunter2 was wrong"}, "--password=*** was wrong"),
        ({}, "it gave no reason"),
    ],
)
def test_the_reason_is_what_tells_something(result: dict[str, str], reason: str) -> None:
    host = seen_host(answer(AnswerKind.UNREACHABLE, **result))
    assert host.state is HostState.UNREACHABLE
    assert str(host.reason).startswith(reason)


def test_a_repair_whose_connection_was_lost_may_be_half_done() -> None:
    host = acted_host(answer(AnswerKind.UNREACHABLE, msg="Timeout, server not responding."), BEFORE)
    assert (host.state, host.verdict, host.exit_code, host.changed) == (HostState.LOST, None, 4, True)


def test_a_repair_that_ghostfix_refused_was_not_begun() -> None:
    host = acted_host(answer(AnswerKind.FAILED, msg="another repair is at work", exit_code=4), BEFORE)
    assert (host.state, host.verdict, host.changed) == (HostState.FAILED, Verdict(INCIDENT.verdict), False)


def test_a_ghostfix_that_was_killed_names_its_run() -> None:
    host = acted_host(answer(AnswerKind.FAILED, msg="it ended", exit_code=-9, run_id="r1"), BEFORE)
    assert (host.state, host.run) == (HostState.LOST, "r1")


def test_an_undo_tells_its_steps() -> None:
    entries = (EntryOfUndo(n=1, kind="hold-cron-line", state="undone", preview="put the \x1bline back"),)
    host = acted_host(
        HostAnswer(
            host="web1",
            kind=AnswerKind.OK,
            result=ModuleResult(exit_code=0, run_id="r1", changed=True, entries=entries),
        ),
        BEFORE,
    )
    assert (host.state, host.exit_code, host.run) == (HostState.DONE, 0, "r1")
    assert host.undone[0].preview == "put the \\x1bline back"


def test_an_answer_without_a_report_is_no_sign_of_health() -> None:
    """What Ansible could not read, and a ghostfix whose report is another version's."""
    garbage = HostAnswer(host="web1", kind=AnswerKind.OK, result=ModuleResult(msg="{}"))
    assert (seen_host(garbage).state, seen_host(garbage).exit_code) == (HostState.FAILED, 3)
    acted = acted_host(garbage, BEFORE)
    assert (acted.state, acted.exit_code) == (HostState.LOST, 4)
    another = acted_host(answer(text='{"schema": "ghostfix.report/9"}', exit_code=0, run_id="r1"), BEFORE)
    assert (another.state, another.exit_code, another.run) == (HostState.LOST, 4, "r1")
    assert "not a report of this version" in str(another.reason)


def test_a_long_name_stays_whole() -> None:
    name = f"web1.{'a' * 60}.{'b' * 60}.{'c' * 60}.example.org"
    assert seen_host(HostAnswer(host=name, kind=AnswerKind.UNREACHABLE)).name == name
