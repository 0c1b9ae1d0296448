"""The plain text of an explanation: what a person reads on a terminal, or in a mail."""

from collections.abc import Iterator, Sequence

from ghostfix.commands.why.explanation import Ancestor, Explanation, Why
from ghostfix.commands.why.process_stats import Descriptor
from ghostfix.managers.restarter_of_process import RestarterOfProcess
from ghostfix.model.text_units import lasting, utc_text
from ghostfix.report.quantity import number, size

_LABEL = 13
_NARROWEST = 40
_GAP = "  "
_DESCRIPTORS = 10
"""So many are listed for a person."""


def text_of(answer: Why, *, width: int = 100, verbose: bool = False, tree: bool = False) -> str:
    """The answer as lines of at most about ``width`` columns, with a newline at its end."""
    width = max(width, _NARROWEST)
    blocks = [
        "\n".join(_process(each, answer.taken_at, width, verbose=verbose, tree=tree))
        for each in answer.processes
    ]
    if len(answer.processes) > 1:
        blocks.insert(0, f"{answer.target} is held by {len(answer.processes)} processes")
    if answer.problems:
        blocks.append("\n".join(["Could not look", *_bullets(answer.problems, width)]))
    return "\n\n".join(blocks) + "\n"


def _process(seen: Explanation, now: float, width: int, *, verbose: bool, tree: bool) -> Iterator[str]:
    yield f"{seen.name} (pid {seen.pid}){_ports_text(seen)}"
    yield ""
    yield "Where it comes from"
    if tree:
        yield from _tree(seen, width)
    else:
        yield from _chain(seen.chain, width, verbose=verbose)
    yield ""
    yield "What keeps it alive"
    yield from _wrapped(_sentence(seen.summary), width, _GAP, _GAP)
    for restarter in seen.kept_alive_by:
        yield from _restarter(restarter, width)
    yield ""
    for label, value in _facts(seen, now, verbose=verbose):
        yield from _wrapped(value, width, f"{label:<{_LABEL}}", " " * _LABEL)
    if seen.warnings:
        yield ""
        yield "Warnings"
        yield from _bullets([warning.text for warning in seen.warnings], width)


def _ports_text(seen: Explanation) -> str:
    ports = sorted({each.port for each in seen.listeners})
    if not ports:
        return ""
    listed = ", ".join(str(port) for port in ports[:6])
    return f" listens on port{'' if len(ports) == 1 else 's'} {listed}{', ...' if len(ports) > 6 else ''}"


def _chain(chain: Sequence[Ancestor], width: int, *, verbose: bool) -> Iterator[str]:
    pids = max(len(str(each.pid)) for each in chain)
    names = max(len(each.name) for each in chain)
    for each in chain:
        last = each is chain[-1]
        words = each.command if verbose or last or each.kind == "shell-command" else each.role
        marker = ">" if last else " "
        yield _cut(f"{marker} {each.pid:>{pids}}  {each.name:<{names}}  {words}", width)


def _tree(seen: Explanation, width: int) -> Iterator[str]:
    for each in seen.tree:
        marker = ">" if each.pid == seen.pid else " "
        yield _cut(f"{marker} {_GAP * each.depth}{each.pid} {each.name}: {each.command}", width)


def _restarter(restarter: RestarterOfProcess, width: int) -> Iterator[str]:
    if not restarter.place and not restarter.text and restarter.restarts is None:
        return
    head = f"{_GAP}- {restarter.place or restarter.id}"
    if restarter.text and restarter.text != restarter.place:
        head = f"{head}: {restarter.text}"
    yield _cut(head, width)
    for hop in restarter.hops:
        yield _cut(f"{_GAP}{_GAP}through {hop}", width)
    notes = []
    if not restarter.started:
        notes.append("it did not start this very process, as far as could be seen")
    if restarter.restarts is not None and restarter.restarts_on_exit:
        notes.append(f"restarted {restarter.restarts} time{'' if restarter.restarts == 1 else 's'}")
    if restarter.confidence != "certain":
        notes.append(restarter.confidence)
    if notes:
        yield _cut(f"{_GAP}{_GAP}{'; '.join(notes)}", width)


def _facts(seen: Explanation, now: float, *, verbose: bool) -> Iterator[tuple[str, str]]:
    yield "Command", seen.command
    yield "User", seen.user
    yield "Started", f"{_when(seen.started)}, {lasting(now - seen.started)} ago"
    if seen.state not in ("sleeping", "running"):
        yield "State", seen.state
    for each in seen.listeners:
        address = f"[{each.address}]" if ":" in each.address else each.address
        yield "Listens on", f"{address}:{each.port} ({each.reach})"
    if seen.cwd is not None:
        yield "Directory", seen.cwd
    if seen.git is not None:
        yield "Git", _git(seen)
    if seen.interpreter is not None:
        yield "Python", seen.interpreter + (f", venv {seen.venv}" if seen.venv else ", no venv")
    elif seen.executable is not None:
        yield "Program", seen.executable
    if seen.container is not None:
        yield "Container", seen.container
    if seen.terminal is not None:
        yield "Terminal", seen.terminal
    yield "Uses", ", ".join(_usage(seen))
    if verbose:
        yield from _more(seen)


def _more(seen: Explanation) -> Iterator[tuple[str, str]]:
    usage = seen.usage
    sizes = (
        ("virtual", usage.virtual_bytes),
        ("shared", usage.shared_bytes),
        ("swapped", usage.swapped_bytes),
    )
    known = [f"{size(count)} {name}" for name, count in sizes if count is not None]
    if known:
        yield "Memory", ", ".join(known)
    if usage.read_bytes is not None and usage.written_bytes is not None:
        yield "Disk", f"{size(usage.read_bytes)} read, {size(usage.written_bytes)} written"
    if usage.read_calls is not None and usage.write_calls is not None:
        yield "Calls", f"{usage.read_calls} to read, {usage.write_calls} to write"
    if seen.descriptors:
        yield "Descriptors", ", ".join(_descriptors(seen.descriptors))
    if seen.capabilities is not None:
        yield "Capabilities", seen.capabilities
    if seen.control_group is not None:
        yield "Group", seen.control_group
    if seen.executable is not None and seen.interpreter is not None:
        yield "Program", seen.executable
    yield "Evidence", ", ".join(seen.signs) or "its ancestors only"


def _when(at: float) -> str:
    return utc_text(at)


def _git(seen: Explanation) -> str:
    if seen.git is None:
        return ""
    at = seen.git.branch or "no branch"
    commit = f" at {seen.git.commit[:10]}" if seen.git.commit else ""
    linked = f", a worktree of {seen.git.worktree_of}" if seen.git.worktree_of else ""
    return f"{at}{commit} in {seen.git.folder}{linked}"


def _usage(seen: Explanation) -> Iterator[str]:
    usage = seen.usage
    yield f"{size(usage.memory_bytes)} of memory"
    if usage.threads is not None:
        yield f"{usage.threads} thread{'' if usage.threads == 1 else 's'}"
    if usage.cpu_seconds is not None:
        share = "" if usage.cpu_percent is None else f" ({number(usage.cpu_percent)} % on average)"
        yield f"{number(usage.cpu_seconds)} s of CPU{share}"
    if usage.open_files is not None:
        limit = "" if usage.open_file_limit is None else f" of {usage.open_file_limit}"
        yield f"{usage.open_files}{limit} open files"


def _descriptors(descriptors: Sequence[Descriptor]) -> Iterator[str]:
    yield from (f"{each.number} {each.target}" for each in descriptors[:_DESCRIPTORS])
    if len(descriptors) > _DESCRIPTORS:
        yield f"and {len(descriptors) - _DESCRIPTORS} more (all with --json)"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _bullets(texts: Sequence[str], width: int) -> Iterator[str]:
    for text in texts:
        yield from _wrapped(_sentence(text), width, f"{_GAP}! ", f"{_GAP}  ")


def _wrapped(text: str, width: int, first: str, rest: str) -> Iterator[str]:
    from textwrap import wrap

    yield from wrap(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False) or [
        first.rstrip()
    ]


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"
