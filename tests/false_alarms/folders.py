"""The same table in memory: the folders ``healthy-X`` and ``ghost-X`` of ``tests/machines``."""

from msgspec import Struct

from ghostfix.commands.diagnoses import diagnose
from ghostfix.diagnosis.judgement import exit_code
from ghostfix.model.errors import ExitCode
from ghostfix.model.finding import Severity
from ghostfix.service import profile
from tests.false_alarms.cell import Kind
from tests.machine_folder import MACHINES, expected, load, names


class Folder(Struct, frozen=True):
    """One folder of the table."""

    name: str
    kind: Kind


def folders() -> tuple[Folder, ...]:
    """Those whose names begin with the kind of a cell, sorted."""
    return tuple(Folder(name, kind) for kind in Kind for name in names() if name.startswith(f"{kind.value}-"))


def wrong_folder(folder: Folder) -> str | None:
    """What is wrong with the diagnosis of a folder; None when it is as ``expected.toml`` has it."""
    system, wanted = load(MACHINES / folder.name), expected(MACHINES / folder.name)
    (service,) = profile.load(system, None, None)
    diagnosis = diagnose(system, service)
    found = [finding for result in diagnosis.results for finding in result.findings]
    said = "; ".join(f"{each.code}: {each.summary}" for each in found)
    status = exit_code(diagnosis.results, Severity.WARNING)
    if folder.kind is Kind.HEALTHY:
        return None if status is ExitCode.HEALTHY and not found else f"exit {status}: {said}"
    missing = set(wanted.found) - {each.code for each in found}
    return f"not found: {', '.join(sorted(missing))}; found: {said}" if missing else None
