import pytest

from ghostfix.model.report import CauseRef, CauseReport, SubjectReport
from ghostfix.report.cause_chains import chains

SUBJECT = SubjectReport("service", "web")


def causes(**edges: str) -> tuple[CauseReport, ...]:
    """``a="bc"``: a leads to b and to c."""
    return tuple(
        CauseReport(
            code=code, subject=SUBJECT, short=code, leads_to=tuple(CauseRef(to, SUBJECT) for to in ends)
        )
        for code, ends in edges.items()
    )


def told(*all_causes: CauseReport) -> list[str]:
    return ["".join(link.short for link in chain) for chain in chains(all_causes)]


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({}, []),
        ({"a": ""}, ["a"]),
        ({"a": "b", "b": "c", "c": ""}, ["abc"]),
        ({"c": "", "b": "c", "a": "b"}, ["abc"]),
        ({"a": "bc", "b": "", "c": "d", "d": ""}, ["acd", "ab"]),
        ({"a": "b", "b": "", "c": "b"}, ["ab", "c"]),
        ({"a": "b", "b": "a"}, ["ab"]),
        ({"a": "a"}, ["a"]),
        ({"x": "", "a": "b", "b": ""}, ["x", "ab"]),
    ],
)
def test_tells_every_cause_once(edges: dict[str, str], expected: list[str]) -> None:
    assert told(*causes(**edges)) == expected


def test_a_link_without_a_cause_of_its_own_is_named_by_its_code() -> None:
    assert told(*causes(a="z")) == ["az web"]


def test_many_links_come_to_an_end() -> None:
    names = [f"n{number}" for number in range(60)]
    web = tuple(
        CauseReport(
            code=name, subject=SUBJECT, short=name, leads_to=tuple(CauseRef(to, SUBJECT) for to in names)
        )
        for name in names
    )
    assert {link.code for chain in chains(web) for link in chain} == set(names)
