"""What every check must have: a code that is its file's name, a page, and a place in ``docs/checks.md``."""

import inspect
import pkgutil
from pathlib import Path

import pytest

import ghostfix.diagnosis.checks
from ghostfix.diagnosis.checks import CHECKS, group_of
from ghostfix.model.finding import Check, Group
from tests.checks_page import HEADINGS, check_page, checks_page

ROOT = Path(__file__).parents[3]


def test_every_file_is_listed_once_under_its_own_name() -> None:
    files = [
        module.name.replace("_", "-") for module in pkgutil.iter_modules(ghostfix.diagnosis.checks.__path__)
    ]
    codes = [check.code for check in CHECKS]
    assert sorted(codes) == sorted(files)
    assert len(set(codes)) == len(codes)


def test_the_titles_differ() -> None:
    assert len({check.title for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_each_has_its_page(check: Check) -> None:
    page = check_page(check)
    assert page.startswith(f"## `{check.code}`\n")
    assert [line[4:] for line in page.splitlines() if line.startswith("### ")] == list(HEADINGS)
    module = inspect.getmodule(check.find)
    assert module is not None
    assert check.page == module.__doc__


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_each_is_tested(check: Check) -> None:
    name = check.code.replace("-", "_")
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert f"{name} import CHECK" in text or f"{name}.CHECK" in text


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_each_is_whole(check: Check) -> None:
    """Its place in the report, what it can lead to, and how to prevent it stand in its own file."""
    assert check.group is not Group.OTHER
    assert check.prevention.endswith((".", "`"))
    assert "\n" not in check.prevention
    assert set(check.leads_to) <= {other.code for other in CHECKS}


def test_a_code_of_another_version_is_listed_all_the_same() -> None:
    assert group_of("brand-new") is Group.OTHER


def test_the_page_in_docs_is_what_the_checks_say() -> None:
    assert (ROOT / "docs/checks.md").read_text() == checks_page(CHECKS), (
        "docs/checks.md is stale; write it anew: python -m tests.diagnosis.checks.test_registry"
    )


def test_a_page_without_its_headings_is_refused() -> None:
    bare = Check(**{**vars(CHECKS[0]), "page": "Only an opening line."})
    with pytest.raises(ValueError, match="no heading 'What it finds'"):
        check_page(bare)


if __name__ == "__main__":
    (ROOT / "docs/checks.md").write_text(checks_page(CHECKS))
