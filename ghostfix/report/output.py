"""Output: how reports reach their reader, and how a reader is asked."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches

from ghostfix.model.errors import ProfileError, StepError, worst
from ghostfix.model.machine import ActingSystem
from ghostfix.model.report import Report, Verdict
from ghostfix.repair.journal_records import EntryState, JournalEntry
from ghostfix.repair.plan import Plan
from ghostfix.report.formats import FORMATS, renderer
from ghostfix.report.output_options import Amount, Layout
from ghostfix.report.safe_stream import harmless_output
from ghostfix.report.standard_output import write, writes_unicode

_MARKS = {
    EntryState.DONE: "✓",
    EntryState.UNDONE: "✓",
    EntryState.UNNEEDED: "–",
    EntryState.SKIPPED: "–",
    EntryState.IRREVERSIBLE: "–",
    EntryState.PLANNED: "·",
    EntryState.REFUSED: "!",
    EntryState.NOT_REACHED: "!",
    EntryState.FAILED: "✗",
    EntryState.UNDO_FAILED: "✗",
}
_WIDTH = 100
_WIDEST = 1_000
"""Columns of a report that goes to a file, or to a reader without a terminal."""
_ASCII = str.maketrans({"✓": "+", "–": "-", "·": ".", "✗": "x", "…": "~", "→": ">", "×": "x"})


@dataclass(frozen=True)
class Presentation:
    """The form that the user asked for, and where it goes."""

    format: str
    output: str | None
    amount: Amount
    reveal: bool

    @staticmethod
    def of(
        format_: str,
        output: str | None,
        *,
        quiet: bool = False,
        verbose: bool = False,
        reveal: bool = False,
        formats: Iterable[str] = FORMATS,
    ) -> "Presentation":
        """Raises ProfileError for a format that is none or none for a terminal, and for contradictions."""
        known = tuple(formats)
        if format_ not in known:
            near = get_close_matches(format_, known, n=1)
            hint = f"did you mean `{near[0]}`? " if near else ""
            raise ProfileError(
                f"there is no format `{format_}`", f"{hint}The formats are: {', '.join(known)}"
            )
        if format_ == "html" and output is None and sys.stdout.isatty():
            raise ProfileError(
                "HTML is for a browser, not for a terminal",
                "name a file for it: `--output report.html` (`--output -` shows it here all the same)",
            )
        if quiet and verbose:
            raise ProfileError("--quiet and --verbose contradict each other", "give one of them")
        amount = Amount.QUIET if quiet else Amount.VERBOSE if verbose else Amount.NORMAL
        return Presentation(format_, output, amount, reveal)

    @property
    def interactive(self) -> bool:
        """A person is there to be asked: both ends are a terminal."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def show(self, reports: Sequence[Report], system: ActingSystem) -> None:
        """Renders the reports, to standard output or to the file that was asked for."""
        form = renderer(self.format)
        layout = self.layout()
        one = len(reports) == 1
        text = form.render(reports[0], layout) if one else form.render_all(reports, layout)
        if form.summary is not None:
            self._summarise(form.summary(reports, layout), system)
        on_screen = self.output is None or self.output == "-"
        if on_screen and self.amount is Amount.QUIET and all(_is_well(report) for report in reports):
            return
        self.deliver(text, system)

    def exit_code(self, reports: Sequence[Report]) -> int:
        """The exit code of these reports: that of the worst, or what the format's readers expect."""
        own = renderer(self.format).exit_code
        return worst(report.exit_code for report in reports) if own is None else own(reports)

    def deliver(self, text: str, system: ActingSystem) -> None:
        """Writes a rendered report to standard output, or to the file that was asked for."""
        if self.output is None or self.output == "-":
            write(text)
            return
        try:
            system.save(self.output, harmless_output(text).encode())
        except StepError as error:
            raise ProfileError(
                f"the report could not be written: {error}", "name another --output"
            ) from error

    def _summarise(self, text: str, system: ActingSystem) -> None:
        """Adds to the summary of the workflow's step, when this runs in one."""
        path = os.environ.get("GITHUB_STEP_SUMMARY")
        if path:
            try:
                system.append(path, text.encode())
            except StepError as error:
                raise ProfileError(f"the step summary could not be written: {error}") from error

    @contextmanager
    def survey_progress(self, name: str) -> Iterator[Callable[[str], None]]:
        """A live line on the terminal, with the source that is being read; nothing of it stays."""
        with _live_line(self._lively) as say:
            say(f"looking at {name} …")
            yield lambda source: say(f"looking at {name}: {source} …")

    @contextmanager
    def watch_progress(self, seconds: float) -> Iterator[Callable[[float], None]]:
        """A live line that counts the seconds of a watch."""
        with _live_line(self._lively) as say:
            say("waiting for the service to be well …")
            yield lambda passed: say(f"watching it hold: {min(passed, seconds):.0f} of {seconds:.0f} s …")

    @contextmanager
    def fleet_progress(self, what: str) -> Iterator[Callable[[str], None]]:
        """Prints a line for each event, and keeps a live line below them; nothing with ``-q``."""
        with _live_line(self._lively) as live:
            live(f"{what} …")

            def say(line: str) -> None:
                if self.amount is not Amount.QUIET:
                    live("")
                    _say(line[: _columns()] if sys.stderr.isatty() else line)
                    live(f"{what} …")

            yield say

    def step_progress(self, plan: Plan) -> Callable[[JournalEntry], None]:
        """Prints each step as it is done, on standard error, so that a report in a pipe stays whole."""
        total = len(plan.steps)
        lively = _is_lively()

        def report_step(entry: JournalEntry) -> None:
            if self.amount is Amount.QUIET:
                return
            if entry.state is EntryState.INTENT:
                now = f"  … {entry.n}/{total} {entry.preview}"
                _write_over(now) if lively else _say(now)
            elif entry.state in _MARKS:
                state = "" if entry.state is EntryState.DONE else f" {entry.state.value.replace('-', ' ')}"
                detail = f": {entry.detail}" if entry.detail else ""
                _write_over("")
                _say(f"  {_MARKS[entry.state]} {entry.n}/{total} {entry.kind}{state}{detail}")

        return report_step

    def agrees(self, question: str) -> bool:
        """Whether the user, asked on the terminal, says yes; no when there is no terminal."""
        answer = ask(question) if self.interactive else None
        return answer is not None and answer.strip().lower() in ("y", "yes")

    @property
    def _lively(self) -> bool:
        return _is_lively() and self.format == "terminal" and self.amount is not Amount.QUIET

    def layout(self) -> Layout:
        """How much room there is where the report goes, and what may be written there."""
        to_terminal = self.output is None and sys.stdout.isatty()
        width = _columns() if self.output is None else _WIDTH
        return Layout(
            width=max(40, width),
            colour=_wants_colour(to_terminal),
            unicode=self.output is not None or writes_unicode(),
            amount=self.amount,
            workspace=os.environ.get("GITHUB_WORKSPACE", "").rstrip("/"),
        )


def _is_well(report: Report) -> bool:
    return report.verdict is Verdict.HEALTHY and report.exit_code == 0


def ask(question: str) -> str | None:
    """One line from the terminal; None at its end, or its loss. The question goes to standard error."""
    sys.stderr.write(question)
    sys.stderr.flush()
    try:
        answer = sys.stdin.readline()
    except OSError:  # EIO: it hung up
        return None
    return answer.strip() if answer else None


def _say(line: str) -> None:
    encoding = sys.stderr.encoding or "ascii"
    if not encoding.lower().startswith("utf"):
        line = line.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _columns() -> int:
    """``COLUMNS``, else the width of the terminal, which is there too when the output goes to a pager."""
    with contextlib.suppress(KeyError, ValueError):
        return min(int(os.environ["COLUMNS"]), _WIDEST)
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        with contextlib.suppress(OSError, ValueError):
            return os.get_terminal_size(stream.fileno()).columns or _WIDTH
    return _WIDTH


def _wants_colour(to_terminal: bool) -> bool:
    """``NO_COLOR`` (any value), ``TERM=dumb`` and ``FORCE_COLOR`` are respected, as no-color.org has it."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (to_terminal and os.environ.get("TERM") != "dumb")


@contextmanager
def _live_line(wanted: bool) -> Iterator[Callable[[str], None]]:
    """One line that is written over, and gone at the end; a function that does nothing when not wanted."""
    if not wanted:
        yield lambda _: None
        return

    try:
        yield _write_over
    finally:
        _write_over("")


def _write_over(text: str) -> None:
    """Puts ``text`` in place of the terminal's last line, cut to its width; nothing without a terminal."""
    if _is_lively():
        try:
            room = max(20, os.get_terminal_size(sys.stderr.fileno()).columns - 1)
        except OSError:
            return  # it has hung up since
        sys.stderr.write(f"\r\x1b[K{text[:room]}")
        sys.stderr.flush()


def _is_lively() -> bool:
    """Whether a line can be written over: a terminal that knows more than to print."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
