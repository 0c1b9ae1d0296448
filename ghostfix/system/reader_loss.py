"""Acting on although no reader is left: what cannot be written never ends an act half-way.

A reader that has gone (EPIPE), a terminal that is gone (EIO, and SIGHUP to what ran in it) and a full disk
take the words of a repair away, and nothing else: it goes on, and its exit code is its own.
"""

import errno
import io
import signal
import sys
from typing import TYPE_CHECKING, TextIO

from ghostfix.system.signal_inbox import end_on_term

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class LossyFile(io.FileIO):
    """An open descriptor on which everything can be written: what the kernel refuses is dropped."""

    def __init__(self, descriptor: int, *, said_elsewhere: bool) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._unsaid = said_elsewhere

    def write(self, content: "ReadableBuffer", /) -> int:
        """Gives the size of ``content``, written or not; of a part, when that alone was taken."""
        size = memoryview(content).nbytes
        try:
            return super().write(content) or size  # None: a pipe that is full, and does not block
        except OSError as error:
            if self._unsaid and error.errno != errno.EPIPE:
                self._unsaid = False
                sys.stderr.write(f"ghostfix: the output could not be written: {error.strerror}\n")
            return size


def survive_reader_loss() -> None:
    """To be called before the first act: from here on no loss of a reader ends this process.

    SIGHUP is heard and goes unanswered, as below nohup(1); whatever is started meanwhile hears it as ever.
    SIGTERM interrupts as Ctrl-C does, so that the journal says where things stand.
    """
    drop_unwritable_output()
    end_on_term()
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, _unanswered)


def drop_unwritable_output() -> None:
    """Lets standard output and standard error take everything, whether or not it reaches a reader."""
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _lossy(sys.stderr, said_elsewhere=False)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _lossy(sys.stdout, said_elsewhere=True)


def _lossy(stream: io.TextIOWrapper, *, said_elsewhere: bool) -> TextIO:
    """The same stream, on which nothing fails; one that leads to no descriptor cannot fail."""
    stream.flush()
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:
        return stream
    file = LossyFile(descriptor, said_elsewhere=said_elsewhere)
    return type(stream)(  # what it does to its text, such as ``SafeStream``, it goes on doing
        io.BufferedWriter(file),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
    )


def _unanswered(_number: int, _frame: object) -> None:
    """Not ignored: that would be inherited by what is started."""
