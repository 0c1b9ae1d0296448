"""Snapshot files: one survey of a machine, redacted, to be attached to a bug report and judged elsewhere."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from ghostfix import __version__
from ghostfix.model.errors import ProfileError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Snapshot
from ghostfix.survey.redaction import redacted

SCHEMA = "ghostfix.snapshot/1"
_LIMIT = 256 * 1024 * 1024


class SavedLook(Struct, frozen=True):
    """A service and what was seen of it."""

    service: Service
    snapshot: Snapshot


class SnapshotFile(Struct, frozen=True, kw_only=True):
    schema: str
    version: str
    """Of the ghostfix that read the machine."""
    looks: tuple[SavedLook, ...]


def save_snapshot(system: ActingSystem, path: str, looks: Sequence[SavedLook]) -> None:
    """Writes the snapshots, redacted. Raises ProfileError when the file cannot be written."""
    document = SnapshotFile(schema=SCHEMA, version=__version__, looks=tuple(redacted(look) for look in looks))
    try:
        system.save(path, msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
    except StepError as error:
        raise ProfileError(f"the snapshot could not be written: {error}") from error


def load_snapshot(system: System, path: str, name: str | None = None) -> tuple[SavedLook, ...]:
    """The snapshots in a file, or the one of the service called ``name``. Raises ProfileError."""
    reading = system.read(path, _LIMIT)
    if not reading.complete:
        raise ProfileError(f"the snapshot {path} cannot be read: {reading.problem}")
    try:
        document = msgspec.json.decode(reading.value, type=SnapshotFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProfileError(
            f"{path} is not a snapshot: {error}", "`ghostfix diagnose --save-snapshot FILE` makes one"
        ) from error
    if document.schema != SCHEMA:
        raise ProfileError(
            f"{path} is of the kind {document.schema[:60]!r}; this version reads {SCHEMA}",
            f"use the ghostfix that wrote it, version {document.version[:20]}",
        )
    found = tuple(look for look in document.looks if name in (None, look.service.name))
    if not found:
        names = ", ".join(look.service.name for look in document.looks)
        raise ProfileError(f"{path} has no service called `{name}`", f"It has: {names or 'none'}")
    return found
