"""Recall: an answer about one look at a machine, worked out once however many checks ask."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from ghostfix.service import Service
from ghostfix.snapshot import Snapshot

T = TypeVar("T")


def worked_out_once(question: Callable[[Snapshot, Service], T]) -> Callable[[Snapshot, Service], T]:
    """Remembers the answer for the snapshot and service that were asked about last.

    They are told apart by identity: comparing two snapshots would cost more than most answers. Both are
    frozen, and the memory itself keeps them alive, so that no other can take their place.
    """
    last: list[tuple[Snapshot, Service, T]] = []

    @wraps(question)
    def answer(snapshot: Snapshot, service: Service) -> T:
        for about, wanted, known in tuple(last):
            if about is snapshot and wanted is service:
                return known
        found = question(snapshot, service)
        last[:] = [(snapshot, service, found)]
        return found

    return answer
