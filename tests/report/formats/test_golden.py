"""Golden files: each format of the incident, a healthy machine, an unreadable one, and the repairs.

``GHOSTFIX_UPDATE_GOLDEN=1 pytest tests/report/formats/test_golden.py`` writes them anew; read the difference.
"""

import os
from pathlib import Path

import pytest

from ghostfix.report.formats import renderer
from ghostfix.report.output_options import Layout
from tests.report.formats import SITUATIONS

GOLDEN = Path(__file__).parents[2] / "golden"
LAYOUTS = {
    "json": ("json", Layout()),
    "md": ("markdown", Layout()),
    "html": ("html", Layout()),
    "junit.xml": ("junit", Layout()),
    "github.txt": ("github", Layout(workspace="/opt/ghost")),
    "80.txt": ("terminal", Layout(width=80)),
    "120.txt": ("terminal", Layout(width=120)),
}


@pytest.mark.parametrize("suffix", LAYOUTS)
@pytest.mark.parametrize("name", SITUATIONS)
def test_is_as_it_was_looked_at(name: str, suffix: str) -> None:
    format_, layout = LAYOUTS[suffix]
    text = renderer(format_).render(SITUATIONS[name], layout)
    file = GOLDEN / f"{name}.{suffix}"
    if os.environ.get("GHOSTFIX_UPDATE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_every_golden_file_belongs_to_a_test() -> None:
    assert {file.name for file in GOLDEN.iterdir()} == {f"{n}.{s}" for n in SITUATIONS for s in LAYOUTS}
