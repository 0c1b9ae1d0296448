"""Holding a crontab line: one line becomes a comment, and comes back byte for byte."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from ghostfix.managers.cron.crontab import held, split_lines, with_line
from ghostfix.managers.cron.crontab_file import CrontabFile
from ghostfix.managers.cron.hold_line import HoldCronLine
from ghostfix.model.errors import ChangedError, StepError
from ghostfix.model.machine import Caller, CommandAnswer
from ghostfix.model.step import Captured, Phase, Refused, Unneeded
from tests.fake_system import FakeCrontab, FakeSystem, answered

LINE = b"*/5\t* * * *  /srv/start.sh % \xff \r\n"
CONTENT = b'# keep it up\nFOO = "a  b"\n' + LINE + b"0 0 * * 7 x\nLATE=1\n"
ROOT = Caller(uid=0, gid=0, user="root", home="/root", cwd="/root", pid=900, ancestors=(1,))


def step(line: int = 3, source: bytes = LINE, tab: CrontabFile | None = None) -> HoldCronLine:
    return HoldCronLine(reason="rogue-restarter", tab=tab or own_tab(), line=line, source=source)


def own_tab() -> CrontabFile:
    return CrontabFile(user=FakeSystem().caller().user)


def machine(content: bytes = CONTENT) -> tuple[FakeSystem, FakeCrontab]:
    system = FakeSystem()
    return system, FakeCrontab(system, {system.caller().user: content})


def now(system: FakeSystem, crontab: FakeCrontab) -> bytes:
    return crontab.tabs[system.caller().user]


def test_the_line_becomes_a_comment_and_comes_back_byte_for_byte() -> None:
    system, crontab = machine()
    holding = step()
    assert holding.precondition(system) is None
    captured = holding.capture(system)
    assert captured.files[0].content == CONTENT
    assert holding.apply(system) == f"line 3 of {own_tab()} is held"
    assert now(system, crontab) == CONTENT.replace(LINE, b"# held by ghostfix: " + LINE)
    assert holding.undo(system, captured) == f"line 3 of {own_tab()} is released"
    assert now(system, crontab) == CONTENT


def test_it_says_what_it_would_do() -> None:
    assert step(source=b"* * * * * /srv/start.sh\n").preview() == (
        f"hold {own_tab()} line 3 (it becomes a comment): * * * * * /srv/start.sh"
    )
    assert step().phase is Phase.HOLD
    assert step().kind == "hold-cron-line"


def test_it_survives_being_written_down() -> None:
    assert msgspec.json.decode(msgspec.json.encode(step()), type=HoldCronLine) == step()


def test_twice_is_as_good_as_once() -> None:
    system, crontab = machine()
    holding = step()
    captured = holding.capture(system)
    holding.apply(system)
    assert isinstance(holding.precondition(system), Unneeded)
    once = now(system, crontab)
    assert "already" in holding.apply(system)
    assert now(system, crontab) == once
    holding.undo(system, captured)
    assert "not held" in holding.undo(system, captured)
    assert now(system, crontab) == CONTENT


def test_undo_of_what_was_never_begun_touches_nothing() -> None:
    system, crontab = machine()
    assert "not held" in step().undo(system, step().capture(system))
    assert "not held" in step().undo(system, Captured())
    assert now(system, crontab) == CONTENT
    assert system.acts == []


def test_what_an_earlier_run_holds_stays_held() -> None:
    content = CONTENT.replace(LINE, held(LINE))
    system, crontab = machine(content)
    captured = step().capture(system)
    step().apply(system)
    assert "stays held" in step().undo(system, captured)
    assert now(system, crontab) == content


@pytest.mark.parametrize(
    "content",
    [
        CONTENT.replace(LINE, LINE.replace(b"/5", b"/6")),
        CONTENT.replace(b"\r\n", b"\n"),
        b"NEW=1\n" + CONTENT,
        b"",
    ],
    ids=["another line", "another ending", "a line more above", "emptied"],
)
def test_a_crontab_that_changed_is_refused_and_left_alone(content: bytes) -> None:
    system, crontab = machine(content)
    refused = step().precondition(system)
    assert isinstance(refused, Refused)
    assert "changed since the plan was made: line 3 now" in refused.reason
    with pytest.raises(ChangedError):
        step().apply(system)
    assert now(system, crontab) == content


def test_a_change_elsewhere_is_no_reason_to_refuse() -> None:
    system, crontab = machine(CONTENT + b"5 5 * * * y\n")
    assert step().precondition(system) is None
    step().apply(system)
    assert now(system, crontab).endswith(b"LATE=1\n5 5 * * * y\n")


def test_no_crontab_any_more_is_refused() -> None:
    system, crontab = machine()
    crontab.tabs.clear()
    assert isinstance(step().precondition(system), Refused)
    with pytest.raises(ChangedError, match="is gone"):
        step().apply(system)


def test_a_crontab_that_cannot_be_read_is_refused() -> None:
    system, crontab = machine()
    crontab.refuses = "crontab: tmp/tmp.1: Operation not permitted\n"
    refused = step().precondition(system)
    assert isinstance(refused, Refused)
    assert "Operation not permitted" in refused.reason
    with pytest.raises(StepError, match="Operation not permitted"):
        step().apply(system)


def test_edits_made_since_survive_the_release() -> None:
    system, crontab = machine()
    captured = step().capture(system)
    step().apply(system)
    user = system.caller().user
    crontab.tabs[user] = b"NEW=1\n" + crontab.tabs[user] + b"1 1 * * * mine\n"
    step().undo(system, captured)
    assert now(system, crontab) == b"NEW=1\n" + CONTENT + b"1 1 * * * mine\n"


def test_a_comment_that_somebody_took_away_is_not_put_back() -> None:
    system, crontab = machine()
    captured = step().capture(system)
    step().apply(system)
    crontab.tabs[system.caller().user] = b"0 0 * * * other\n"
    with pytest.raises(ChangedError, match="not there any more"):
        step().undo(system, captured)
    assert now(system, crontab) == b"0 0 * * * other\n"


def test_identical_lines_are_held_and_released_one_by_one() -> None:
    system, crontab = machine(LINE + LINE)
    first, second = step(1), step(2)
    captured_first = first.capture(system)
    first.apply(system)
    captured_second = second.capture(system)
    assert second.precondition(system) is None
    second.apply(system)
    assert now(system, crontab) == held(LINE) * 2
    second.undo(system, captured_second)
    assert now(system, crontab) == held(LINE) + LINE
    second.undo(system, captured_second)
    assert now(system, crontab) == held(LINE) + LINE
    first.undo(system, captured_first)
    assert now(system, crontab) == LINE + LINE


def test_roots_hand_reaches_another_users_crontab() -> None:
    system = FakeSystem(caller=ROOT)
    crontab = FakeCrontab(system, {"alice": CONTENT, "root": CONTENT})
    holding = step(tab=CrontabFile(user="alice"))
    captured = holding.capture(system)
    holding.apply(system)
    assert crontab.tabs == {"alice": CONTENT.replace(LINE, held(LINE)), "root": CONTENT}
    holding.undo(system, captured)
    assert crontab.tabs == {"alice": CONTENT, "root": CONTENT}


def test_a_program_that_stores_but_a_part_is_found_out_and_the_old_content_is_back() -> None:
    system, crontab = machine()
    normal = crontab.answer

    def cutting(argv: tuple[str, ...], stdin: bytes) -> CommandAnswer:
        return normal(argv, stdin.partition(b"0 0")[0] if b"held by" in stdin else stdin)

    system.add_programs(("crontab",), cutting)
    with pytest.raises(StepError, match="the former content is back"):
        step().apply(system)
    assert now(system, crontab) == CONTENT


def test_an_edit_that_comes_between_the_act_and_its_reading_back_is_left_alone() -> None:
    """Whatever reads neither as before nor as installed is somebody's: putting back would lose it."""
    system, crontab = machine()
    normal = crontab.answer
    edited = b"# mine\n" + CONTENT

    def outrun(argv: tuple[str, ...], stdin: bytes) -> CommandAnswer:
        return normal(argv, edited if stdin else stdin)

    system.add_programs(("crontab",), outrun)
    with pytest.raises(StepError, match="neither its former content nor the new one"):
        step().apply(system)
    assert now(system, crontab) == edited


CUT = with_line(CONTENT, 3, held(LINE))[:30]


@pytest.mark.parametrize(
    "cut", [b"", CONTENT[:15], CONTENT[:-5], CUT, with_line(CONTENT, 3, held(LINE))[:-1]]
)
def test_what_an_act_without_an_end_has_cut_is_put_right_by_undo(cut: bytes) -> None:
    system, crontab = machine()
    captured = structs.replace(step().capture(system), cut_off=True)
    crontab.tabs[system.caller().user] = cut
    assert "had been cut short; it is as it was before" in step().undo(system, captured)
    assert now(system, crontab) == CONTENT
    assert "is not held" in step().undo(system, captured)


@pytest.mark.parametrize("cut_off", [True, False])
def test_what_somebody_wrote_since_is_no_cut_and_stays(cut_off: bool) -> None:
    system, crontab = machine()
    captured = structs.replace(step().capture(system), cut_off=cut_off)
    mine = CONTENT[:15] + b"\n0 0 * * * mine\n" if cut_off else b""
    crontab.tabs[system.caller().user] = mine
    with pytest.raises(ChangedError, match="not there any more"):
        step().undo(system, captured)
    assert now(system, crontab) == mine


def test_what_a_killed_crontab_left_in_the_spool_is_taken_away_by_roots_undo() -> None:
    spool = "/var/spool/cron/crontabs"
    system = FakeSystem(caller=ROOT)
    crontab = FakeCrontab(system, {"alice": CONTENT})
    system.add_file("/etc/passwd", b"alice:x:1000:1000::/home/alice:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n")
    holding = step(tab=CrontabFile(user="alice"))
    captured = structs.replace(holding.capture(system), cut_off=True)
    ours = with_line(CONTENT, 3, held(LINE))
    kept = {
        "tmp.aaaaaa": ours[:40],
        "tmp.bbbbbb": b"* * * * * x\n",
        "alice": ours[:40],
        "tmp.dddddd": ours[:40],
    }
    owners = dict.fromkeys(kept, 1000) | {"tmp.dddddd": 1001}
    for name, content in kept.items():
        system.add_file(f"{spool}/{name}", content, uid=owners[name])
    holding.undo(system, captured)
    assert system.names(spool).value == ("alice", "tmp.bbbbbb", "tmp.dddddd")
    assert crontab.tabs == {"alice": CONTENT}


def test_a_program_that_refuses_leaves_everything_as_it_was() -> None:
    system, crontab = machine()
    normal = crontab.answer

    def refusing(argv: tuple[str, ...], stdin: bytes) -> CommandAnswer:
        return answered(argv, 1, stderr='"-":3: bad minute\nerrors\n') if stdin else normal(argv, stdin)

    system.add_programs(("crontab",), refusing)
    with pytest.raises(StepError, match=r'was not accepted: "-":3: bad minute; errors; it is as it was'):
        step().apply(system)
    assert now(system, crontab) == CONTENT


def test_a_line_of_a_system_wide_file_is_held_with_mode_and_owner_kept() -> None:
    system = FakeSystem(caller=ROOT)
    system.add_file("/etc/cron.d/ghost", CONTENT.removesuffix(b"\n"), mode=0o640, uid=3)
    holding = step(tab=CrontabFile(path="/etc/cron.d/ghost"))
    assert holding.precondition(system) is None
    captured = holding.capture(system)
    holding.apply(system)
    assert system.content("/etc/cron.d/ghost") == CONTENT.removesuffix(b"\n").replace(LINE, held(LINE))
    status = system.status("/etc/cron.d/ghost").value
    assert status is not None
    assert (status.mode, status.uid) == (0o640, 3)
    assert isinstance(holding.precondition(system), Unneeded)
    holding.undo(system, captured)
    assert system.content("/etc/cron.d/ghost") == CONTENT.removesuffix(b"\n")


def test_a_system_wide_file_that_is_a_symlink_is_refused() -> None:
    system = FakeSystem(caller=ROOT)
    system.add_file("/srv/ghost.cron", CONTENT)
    system.add_symlink("/etc/cron.d/ghost", "/srv/ghost.cron")
    holding = step(tab=CrontabFile(path="/etc/cron.d/ghost"))
    refused = holding.precondition(system)
    assert isinstance(refused, Refused)
    assert "not a regular file" in refused.reason
    with pytest.raises(ChangedError):
        holding.apply(system)
    assert system.content("/srv/ghost.cron") == CONTENT


_LINES = st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line), min_size=1, max_size=6)


@given(_LINES, st.data())
def test_hold_and_release_of_any_line_of_any_crontab(lines: list[bytes], data: st.DataObject) -> None:
    content = b"".join(line + b"\n" for line in lines)
    number = data.draw(st.integers(1, len(lines)))
    system, crontab = machine(content)
    holding = step(number, split_lines(content)[number - 1])
    captured = holding.capture(system)
    holding.apply(system)
    assert now(system, crontab) == with_line(content, number, held(holding.source))
    holding.undo(system, captured)
    holding.undo(system, captured)
    assert now(system, crontab) == content
