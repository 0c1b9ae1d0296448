"""Cached per snapshot: an answer about one survey of a machine, worked out once however often it is asked."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from ghostfix.model.service import Service

A = TypeVar("A")
T = TypeVar("T")


def worked_out_once(question: Callable[[A, Service], T]) -> Callable[[A, Service], T]:
    """Remembers the answer for the subject (a Snapshot, a ProcessTree) and service of the last call.

    They are told apart by identity: comparing two snapshots would cost more than most answers. No code
    changes them, and the memory itself keeps them alive, so that no other can take their place.
    """
    last: list[tuple[A, Service, T]] = []

    @wraps(question)
    def answer(subject: A, service: Service) -> T:
        for about, wanted, known in tuple(last):
            if about is subject and wanted is service:
                return known
        found = question(subject, service)
        last[:] = [(subject, service, found)]
        return found

    return answer
