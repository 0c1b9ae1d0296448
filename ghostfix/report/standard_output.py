"""Standard output, in the encoding that it has."""

import sys

from ghostfix.report.safe_stream import OwnCommands


def write(text: str) -> None:
    """Writes what the encoding can write; a question mark stands for the rest."""
    encoding = sys.stdout.encoding or "ascii"
    written = text.encode(encoding, "replace").decode(encoding)
    sys.stdout.write(OwnCommands(written) if isinstance(text, OwnCommands) else written)
    sys.stdout.flush()


def writes_unicode() -> bool:
    """Whether the encoding takes all of Unicode."""
    return (sys.stdout.encoding or "").lower().startswith("utf")
