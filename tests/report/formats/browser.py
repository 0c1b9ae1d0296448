"""A genuine browser, headless, that loads a page and says how wide its parts became."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from html import escape
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct

_SCRIPT = """
addEventListener('load', () => {
  const seen = [...document.querySelectorAll('iframe')].map((frame) => {
    const page = frame.contentDocument;
    page.querySelectorAll('details').forEach((one) => { one.open = true; });
    const wide = [...page.querySelectorAll('svg')].filter((one) => one.getBoundingClientRect().width > 0);
    return { name: frame.id, width: frame.clientWidth, scroll: page.documentElement.scrollWidth,
             pictures: wide.length, scripts: page.scripts.length };
  });
  document.title = JSON.stringify(seen);
});
"""
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-logging=stderr",
)  # fmt: skip


class Seen(Struct, frozen=True):
    """One page in a frame: the frame's width, and how wide the page would have liked it."""

    name: str
    width: int
    scroll: int
    pictures: int
    scripts: int


class Visit(Struct, frozen=True):
    pages: tuple[Seen, ...]
    console: tuple[str, ...]
    """What the browser's console said, errors and refusals of the page's policy included."""


def visit(folder: Path, pages: Mapping[str, str], widths: tuple[int, ...]) -> Visit:
    """Loads every page in every width, all parts unfolded. Skips the test when there is no Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("chromium is not installed")
    frames = "".join(
        f'<iframe id="{name}.{width}" style="border:0;width:{width}px;height:900px"'
        f' srcdoc="{escape(text)}"></iframe>'
        for name, text in pages.items()
        for width in widths
    )
    wrapper = folder / "wrapper.html"
    wrapper.write_text(f"<!DOCTYPE html><title>{{}}</title><script>{_SCRIPT}</script>{frames}", "utf-8")
    answer = subprocess.run(
        [program, *_OPTIONS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", wrapper.as_uri()],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    title = answer.stdout.partition("<title>")[2].partition("</title>")[0]
    document = json.dumps(json.loads(title))
    console = tuple(line for line in answer.stderr.splitlines() if "CONSOLE" in line)
    return Visit(msgspec.json.decode(document, type=tuple[Seen, ...]), console)
