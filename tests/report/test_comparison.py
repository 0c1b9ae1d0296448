from ghostfix.model.report import FindingReport
from ghostfix.report.comparison import compare
from tests.report.formats import SITUATIONS

BROKEN, WELL = (SITUATIONS["incident"],), (SITUATIONS["healthy"],)


def found() -> list[FindingReport]:
    return [finding for result in BROKEN[0].results for finding in result.findings]


def test_the_same_report_has_no_difference() -> None:
    comparison = compare(BROKEN, BROKEN)
    assert comparison.same
    assert [change.finding for change in comparison.unchanged] == found()


def test_findings_come_and_go() -> None:
    better, worse = compare(BROKEN, WELL), compare(WELL, BROKEN)
    assert not better.same
    assert not worse.same
    assert [change.finding for change in better.gone] == found()
    assert [change.finding for change in worse.new] == found()
    assert better.new == better.unchanged == worse.gone == ()
