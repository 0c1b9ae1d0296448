"""How containers ended, by what their engine says, and the last lines that they wrote."""

from ghostfix.managers.containers.inspect import Container, read_inspect
from ghostfix.managers.exit_words import exit_in_words, signal_in_words, signal_of_status
from ghostfix.managers.log_tail import LINES, kept_lines
from ghostfix.model.job import Job
from ghostfix.model.last_end import EndKind, LastEnd, LastLine
from ghostfix.model.machine import System
from ghostfix.model.reading import Reading, gathered
from ghostfix.model.service import Service


def last_ends(
    engine: str, system: System, _service: Service, jobs: tuple[Job, ...]
) -> Reading[tuple[LastEnd, ...]]:
    """The last end of each of an engine's containers; the one that the profile names is among its jobs."""
    ids = [job.scope for job in jobs if job.kind == engine and job.scope]
    if not ids:
        return Reading(())
    answer = system.ask((engine, "inspect", "--type", "container", *ids), timeout=5.0)
    found = read_inspect(answer.stdout)
    if found is None or (answer.status != 0 and not found):
        return Reading((), f"{engine} did not answer: {answer.complaint}", complete=False)
    problems: list[str] = []
    ends = (_end(engine, system, each, problems) for each in found if each.id in ids)
    return gathered(tuple(end for end in ends if end is not None), problems)


def _end(engine: str, system: System, container: Container, problems: list[str]) -> LastEnd | None:
    unstarted = bool(container.error) and not container.running
    if container.finished is None and not unstarted:
        return None
    status = container.exit_code
    # The engines report a signal as shells do.
    signal = None if status is None else signal_of_status(status)
    kind, words = _told(engine, container, signal, unstarted)
    lines = () if unstarted else _lines(engine, system, container, problems)
    return LastEnd(
        kind=kind,
        manager=engine,
        job=container.name,
        scope=container.id,
        reported_by=f"{engine} inspect",
        words=words,
        at=container.finished,
        status=status if signal is None else None,
        signal=signal,
        starts=container.restart_count,
        given_up=bool(container.retries) and not container.running and _has_tried(container),
        restarting=container.status == "restarting",
        lines=lines,
        log=f"{engine} logs {container.name}" if lines else None,
    )


def _has_tried(container: Container) -> bool:
    return container.restart_count >= container.retries and container.status != "restarting"


def _told(engine: str, container: Container, signal: str | None, unstarted: bool) -> tuple[EndKind, str]:
    if unstarted:
        return EndKind.NOT_STARTED, f"{engine} could not start it: {container.error}"
    if container.out_of_memory:
        return EndKind.OUT_OF_MEMORY, "the kernel ended it: its container had no memory left"
    if signal is not None:
        return EndKind.SIGNALLED, signal_in_words(signal)
    return EndKind.EXITED, "it exited" if container.exit_code is None else exit_in_words(container.exit_code)


def _lines(engine: str, system: System, container: Container, problems: list[str]) -> tuple[LastLine, ...]:
    """What it wrote last. A container without a readable log driver has none, and says so."""
    answer = system.ask((engine, "logs", "--tail", str(LINES), container.id), timeout=5.0)
    if answer.status != 0:
        problems.append(f"{engine} logs {container.name}: {answer.complaint}")
        return ()
    # Its error output comes on ours; which of the two was written last is not told.
    errors = answer.stderr.decode(errors="backslashreplace")
    return kept_lines(f"{answer.text}\n{errors}")
