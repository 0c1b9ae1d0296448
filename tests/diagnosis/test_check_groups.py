from ghostfix.diagnosis.check_groups import FAMILIES, OTHER, family
from ghostfix.diagnosis.checks import CHECKS


def test_every_check_has_a_family() -> None:
    assert [check.code for check in CHECKS if family(check.code) == OTHER] == []


def test_no_code_has_two_families() -> None:
    codes = [code for members in FAMILIES.values() for code in members]
    assert len(codes) == len(set(codes))


def test_what_has_no_family_is_listed_all_the_same() -> None:
    assert family("brand-new") == OTHER
