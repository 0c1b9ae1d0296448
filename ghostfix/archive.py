"""Archive: the report of each repair, beside its journal, to be shown again."""

import msgspec

from ghostfix.errors import RepairError
from ghostfix.journal import run_folder
from ghostfix.machine import ActingSystem, System
from ghostfix.report import Report

_LIMIT = 64 * 1024 * 1024


def keep_report(system: ActingSystem, run: str, report: Report) -> None:
    """Writes the report into the run's folder, private as all there is."""
    system.append(_path(system, run), msgspec.json.encode(report))


def kept_report(system: System, run: str) -> Report:
    """The report of a past repair. Raises RepairError when there is none or it cannot be read."""
    path = _path(system, run)
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


def _path(system: System, run: str) -> str:
    return f"{run_folder(system, run)}/report.json"
