"""Cause chains: the links from a root to what it led to, each as one line of a report."""

from collections.abc import Mapping, Sequence

from ghostfix.model.report import CauseRef, CauseReport, SubjectReport

_Key = tuple[str, SubjectReport]


def chains(causes: Sequence[CauseReport]) -> tuple[tuple[CauseReport, ...], ...]:
    """Every cause at least once, in as few chains as possible, the roots' own first and the longest first.

    A branch repeats the link from which it grows: ``a → b → c`` and ``b → d``.
    """
    by_key = {(cause.code, cause.subject): cause for cause in causes}
    consequences = {_key(ref) for cause in causes for ref in cause.leads_to}
    roots = [cause for key, cause in by_key.items() if key not in consequences]
    placed: set[_Key] = set()
    found: list[tuple[CauseReport, ...]] = []
    for start in (*roots, *causes):
        if _key(start) in placed:
            continue
        found += _from(start, by_key, placed)
    return tuple(found)


def _from(
    start: CauseReport, by_key: Mapping[_Key, CauseReport], placed: set[_Key]
) -> list[tuple[CauseReport, ...]]:
    """The chain from ``start``, and those that branch off it."""
    found: list[tuple[CauseReport, ...]] = []
    branches: list[tuple[CauseReport, ...]] = [(start,)]
    while branches:
        chain = list(branches.pop(0))
        placed.add(_key(chain[-1]))
        while True:
            ahead = [ref for ref in chain[-1].leads_to if _key(ref) not in placed]
            if not ahead:
                break
            longest = max(ahead, key=lambda ref: _depth(ref, by_key, placed))
            here = chain[-1]
            placed.update(_key(ref) for ref in ahead)
            branches += [(here, _cause(ref, by_key)) for ref in ahead if ref is not longest]
            chain.append(_cause(longest, by_key))
        found.append(tuple(chain))
    return found


def _depth(ref: CauseRef, by_key: Mapping[_Key, CauseReport], placed: set[_Key]) -> int:
    """How many levels lie below, each cause counted once; cycles end."""
    seen = {*placed, _key(ref)}
    level, depth = [_cause(ref, by_key)], 0
    while level:
        below = [next_ref for cause in level for next_ref in cause.leads_to if _key(next_ref) not in seen]
        seen.update(_key(next_ref) for next_ref in below)
        level = [_cause(next_ref, by_key) for next_ref in below]
        depth += 1
    return depth


def _key(link: CauseReport | CauseRef) -> _Key:
    return (link.code, link.subject)


def _cause(ref: CauseRef, by_key: Mapping[_Key, CauseReport]) -> CauseReport:
    known = by_key.get(_key(ref))
    if known is not None:
        return known
    return CauseReport(
        code=ref.code, subject=ref.subject, short=f"{ref.code} {ref.subject.name}", leads_to=()
    )
