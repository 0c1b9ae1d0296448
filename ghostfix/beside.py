"""Beside: doing what waits side by side, as far as the machine still has a thread for it."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def beside(look: Callable[[], T]) -> "Future[T]":
    """Begins ``look`` in a thread of its own; where none can be started any more, does it at once.

    A machine that is out of processes is out of threads as well, and is one that needs a diagnosis.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(look())
        except BaseException as error:
            future.set_exception(error)

    try:
        Thread(target=run).start()
    except RuntimeError:  # "can't start new thread"
        run()
    return future
