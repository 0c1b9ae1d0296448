"""A log in blocks of whole lines: most blocks say nothing of errors, and that is seen at a glance."""

from collections.abc import Iterable, Iterator

from ghostfix.survey.logs.traceback_log import WORDS, TracebackLog

LINE = 64 * 1024
"""So many bytes of a line are kept."""
BLOCK = 32 * 1024
"""About so many bytes are searched together, when nothing else is asked for."""
_RAW_WORDS = tuple(word.encode() for word in WORDS)
_ERROR_WORDS = (b"rror", b"Traceback", b"xception")
"""Those words that stand in nearly every block about which there is a lot to read."""
_NEAR = 30


def blocks(pieces: Iterable[bytes], size: int = BLOCK) -> Iterator[bytes]:
    """The same text, cut at line ends, each block without its last one; an endless line is cut short."""
    rest = b""
    for piece in pieces:
        whole, ended, begun = piece.rpartition(b"\n")
        if not ended:
            rest = (rest + piece)[:LINE]
            continue
        yield from _cut(rest + whole, size)
        rest = begun[:LINE]
    if rest:
        yield rest


def _cut(text: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while (end := text.find(b"\n", at + size)) >= 0:
        yield text[at:end]
        at = end + 1
    yield text[at:]


def feed(log: TracebackLog, block: bytes) -> None:
    """Reads a block: line by line, unless no error is open in the log and none can begin here."""
    if log.idle and not any(word in block for word in _RAW_WORDS):
        last = block.rsplit(b"\n", _NEAR)[-_NEAR:]
        log.pass_over(block.count(b"\n") + 1, [_decoded(line[:LINE]) for line in last])
        return
    for line in _decoded(block).split("\n"):
        log.feed(line[:LINE])


def error_bytes(piece: bytes) -> int:
    """Of so many bytes of a piece each line has to be read."""
    parts = (piece[at : at + BLOCK] for at in range(0, len(piece), BLOCK))
    return sum(len(part) for part in parts if any(word in part for word in _ERROR_WORDS))


def _decoded(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace")
