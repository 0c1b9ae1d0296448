"""Saved reports: the report of each repair, beside its journal, and diagnoses that were to be kept.

A kept diagnosis is ``STATE/ghostfix/diagnoses/ID.json``, its id a ``d`` and the time.
"""

from datetime import UTC, datetime

import msgspec

from ghostfix.model.errors import ChangedError, ProfileError, RepairError, StepError
from ghostfix.model.machine import ActingSystem, System
from ghostfix.model.pattern import Pattern
from ghostfix.model.report import SCHEMA, Report
from ghostfix.model.snapshot import FileKind
from ghostfix.repair.journal import run_folder, runs
from ghostfix.repair.state_folder import check_trusted, is_private, own_folder, state_folder, unwritable
from ghostfix.report.formats.json import SEVERAL_SCHEMA, Reports

_DIAGNOSIS = Pattern(r"d[0-9]{8}-[0-9]{6}-[0-9a-f]{4,8}")
_DAMAGED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_LIMIT = 64 * 1024 * 1024


def keep_report(system: ActingSystem, run: str, report: Report) -> None:
    """Writes the report into the run's folder, private as all there is."""
    system.append(_path(system, run), _encoded(report))


def keep_diagnosis(system: ActingSystem, report: Report) -> str:
    """Writes the report of a diagnosis, private as all there is, and gives its id."""
    folder = own_folder(system, "diagnoses")
    caller = system.caller()
    moment = f"{datetime.fromtimestamp(system.now(), UTC):%Y%m%d-%H%M%S}"
    content = _encoded(report)
    for number in range(caller.pid, caller.pid + 0x10000):
        name = f"d{moment}-{number & 0xFFFF:04x}"
        path = f"{folder}/{name}.json"
        if system.status(path).value is not None:
            continue  # a check costs a hundredth of an attempt, and a fleet keeps hundreds in a second
        try:
            system.create(path, content, 0o600)
        except ChangedError:
            continue  # another service's report of the same second
        except StepError as error:
            raise unwritable(folder, error) from error
        return name
    raise RepairError(f"no free name for a diagnosis in {folder}")


def _encoded(report: Report) -> bytes:
    content = msgspec.json.encode(report)
    if len(content) > _LIMIT:
        raise RepairError(f"the report has {len(content):,} bytes, and {_LIMIT:,} are read of a kept one")
    return content


def kept_diagnoses(system: System) -> tuple[str, ...]:
    """The ids of the kept diagnoses, the newest first."""
    names = system.names(f"{state_folder(system)}/diagnoses")
    if not names.complete:
        raise RepairError(f"the kept diagnoses cannot be listed: {names.problem}")
    ids = (name.removesuffix(".json") for name in names.value if name.endswith(".json"))
    return tuple(sorted((one for one in ids if _DIAGNOSIS.fullmatch(one)), reverse=True))


def newest(system: System) -> str | None:
    """The id of the last repair or kept diagnosis; None when there is neither."""
    ids = [*(run.id for run in runs(system)[:1]), *kept_diagnoses(system)[:1]]
    return max(ids, key=lambda one: one.removeprefix("d"), default=None)


def reports(system: System, which: str) -> tuple[Report, ...]:
    """The reports in a file that ``--format json`` made, or of a repair or kept diagnosis by its id."""
    if system.status(which).value is None and not which.endswith(".json"):
        return (kept_report(system, which),)
    reading = system.read(which, _LIMIT)
    if not reading.complete:
        raise ProfileError(f"{which} cannot be read: {reading.problem}")
    try:
        schema = msgspec.json.decode(reading.value, type=_Schema).schema
        if schema == SEVERAL_SCHEMA:
            return msgspec.json.decode(reading.value, type=Reports).reports
        if schema != SCHEMA:
            raise ProfileError(f"{which} is of the kind {schema[:60]!r}; this version reads {SCHEMA}")
        return (msgspec.json.decode(reading.value, type=Report),)
    except _DAMAGED as error:
        raise ProfileError(
            f"{which} is not a report: {error}", "`ghostfix diagnose --format json` makes one"
        ) from error


class _Schema(msgspec.Struct):
    schema: str


def kept_report(system: System, run: str) -> Report:
    """The report of a past repair or of a kept diagnosis. Raises RepairError when it cannot be read."""
    if _DIAGNOSIS.fullmatch(run):
        return _kept_diagnosis(system, run)
    try:
        path = _path(system, run)
    except ProfileError as error:
        raise ProfileError(
            f"{run[:60]!r} is no file, and neither a repair's id nor that of a kept diagnosis",
            "`ghostfix report --list` shows those that there are",
        ) from error
    status = system.status(path)
    if status.complete and status.value is None:
        raise RepairError(
            f"there is no report of {run}: the repair did not come to its end",
            f"`ghostfix undo {run}` takes it back",
        )
    reading = system.read(path, _LIMIT)
    try:
        return msgspec.json.decode(reading.value, type=Report)
    except msgspec.DecodeError as error:
        raise RepairError(f"{path} cannot be read: {reading.problem or error}") from error


def _kept_diagnosis(system: System, name: str) -> Report:
    path = f"{state_folder(system)}/diagnoses/{name}.json"
    status = system.status(path).value
    if status is None:
        raise RepairError(
            f"there is no diagnosis {name}", "`ghostfix report --list` shows those that there are"
        )
    check_trusted(system)
    if not is_private(system, status, FileKind.REGULAR):
        raise RepairError(f"{path} is not a private file of your own, so it is not trusted")
    reading = system.read(path, _LIMIT)
    try:
        return msgspec.json.decode(reading.value, type=Report)
    except _DAMAGED as error:
        raise RepairError(f"{path} cannot be read: {reading.problem or error}") from error


def _path(system: System, run: str) -> str:
    return f"{run_folder(system, run)}/report.json"
