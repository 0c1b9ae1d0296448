"""An error that began in one line, without a traceback's header: the lines around it that are its own."""

from collections.abc import Sequence

from msgspec import Struct

from ghostfix.model.pattern import Pattern
from ghostfix.survey.logs.error_line import exception_line
from ghostfix.survey.logs.error_tally import SeenError
from ghostfix.survey.logs.log_line import LogLine
from ghostfix.survey.logs.open_traceback import GROUP_BODY
from ghostfix.survey.logs.stack_frame import Frame, frame_below, node_position, python_frame

_NEAR, _NEAR_SURE = 3, 8
"""So many lines below an error may be the rest of its message before its first frame is due."""
_QUOTED = 6
"""Node quotes the source so many lines above the error at most."""
_STACK_LINES = Pattern(
    r"$|\s|[})\]]|goroutine \d|created by |exit status \d|\[signal "
    r"|[\w./*]{1,300}(?:\([^)]{0,300}\)$|\.\(\*?\w)|Emitted '|Node\.js v\d|#\d{1,5} |[Ss]tack (?:back)?trace:"
    r"|note: |Require stack:|- /|Caused by: "
    r"|\(|\.\.\."
)
_CARET = Pattern(r"\s*\^+\s*$")
_WHAT = Pattern(r"\s+what\(\):\s+(.+)$")


class LooseError(Struct, kw_only=True):
    """A one-line error; a stack trace below it may still follow."""

    error: SeenError
    sure: bool
    """It is an error even if no stack trace follows."""
    folder: str = ""
    stack: bool = False
    """A frame of it was read."""
    traceback: bool = False
    """A frame of Python."""

    def take(self, line: LogLine, number: int) -> bool:
        """Whether the log's ``number``-th line continues it: its frames, or nothing that says otherwise."""
        if not self._belongs(line, number):
            return False
        if line.body.strip():
            self.error.ends = number
        return True

    def _belongs(self, line: LogLine, number: int) -> bool:
        body = line.body
        below, above = frame_below(body), python_frame(body)
        if below is not None:
            self.error.outer(below, self.folder)
            self.sure = self.stack = True
            return True
        if above is not None:
            self.error.inner(above, self.folder)
            self.sure = self.stack = self.traceback = True
            return True
        if self._message(body):
            return True
        near = number - self.error.line <= (_NEAR_SURE if self.sure else _NEAR)
        if not self.stack and not near:
            return False
        if (
            body.startswith("Caused by: ")
            and (cause := exception_line(body.removeprefix("Caused by: "))) is not None
        ):
            self.error.exception, self.error.message = cause.exception, cause.message
        stacked = _STACK_LINES.match(body) is not None
        return stacked and not (line.dates_itself and not body[:1].isspace())

    def _message(self, body: str) -> bool:
        """The line that holds the message of a Rust panic, or of a C++ exception."""
        if self.error.message or not body.strip():
            return False
        what = _WHAT.match(body)
        if what is None and self.error.exception != "panic":
            return False
        self.error.message = (body if what is None else what[1]).strip()
        return True


def frame_above(bodies: Sequence[str]) -> list[Frame]:
    """The frames right above an exception whose header is cut off, the outermost first."""
    frames: list[Frame] = []
    for body in reversed(bodies):
        margin = GROUP_BODY.match(body)
        inside = body if margin is None else body[margin.end() :]
        frame = python_frame(inside)
        if frame is not None:
            frames.insert(0, frame)
        elif not inside[:1].isspace():
            break
    return frames


def position_above(bodies: Sequence[str]) -> Frame | None:
    """Where Node says that an error arose, above the source that it quotes."""
    lately = list(bodies)[-_QUOTED:]
    if not any(_CARET.match(body) for body in lately):
        return None
    return next(
        (position for body in reversed(lately) if (position := node_position(body)) is not None), None
    )
