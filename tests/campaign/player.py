"""Run as a program: plays ghostfix again and again, each time in a process of its own, and ends it at will.

One request a line in, one answer a line out (JSON). ghostfix is loaded once and forked, so that a play takes
a fraction of a second; what it does is what ``ghostfix WORDS`` does. A play can be ended at a moment, or at
an event: the N-th call that the program makes between the opening and the end of its journal.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from types import FrameType
from typing import Any

import msgspec
from msgspec import Struct

from ghostfix import cli
from ghostfix.commands import application, machine
from ghostfix.model.machine import CommandAnswer
from ghostfix.model.service import Service
from ghostfix.repair import execute, journal, undo_data
from ghostfix.repair.journal import JournalWriter
from ghostfix.repair.journal_records import RunState
from ghostfix.repair.plan import Plan
from ghostfix.system import commands, file_writes, folder_locks, local, spawn

LOADED = (application, execute, file_writes, folder_locks, local, spawn)
HOLD = "hold"
"""``hold STEP`` is none of ghostfix's: a repair that does this step alone, given as a run keeps it."""
_TICK = 0.001


class Ending(Struct, frozen=True, kw_only=True):
    """What ends a play, and when; without a signal nothing does."""

    signal: int = 0
    seconds: float = 0.0
    """At which moment; 0 for an end at a call."""
    event: int = 0
    """At which call: counted from the opening of the journal, or from ``command``."""
    command: int = 0
    """The N-th command that goes on without ghostfix, from whose start the calls are counted."""
    counted: bool = False
    """Whether the calls are counted although nothing ends it."""


UNDISTURBED = Ending()


class Request(Struct, frozen=True, kw_only=True):
    words: tuple[str, ...]
    folder: str
    ending: Ending = UNDISTURBED


class Answer(Struct, frozen=True, kw_only=True):
    status: int
    """Its exit status, negative for a signal."""
    signalled: bool
    """Whether the signal that was asked for came before it was over."""
    seconds: float
    events: int
    """How many calls its acting half made, where it came to its end."""
    windows: tuple[int, ...]
    """How many while each of the commands ran that go on without ghostfix."""
    output: str


class _Heard(Struct, frozen=True):
    """What the process that played had counted, when it came to its end."""

    count: int = 0
    windows: tuple[int, ...] = ()
    signalled: bool = False


def main() -> None:
    """Plays what is asked for, until nobody asks any more."""
    for line in sys.stdin:
        answer = _play(msgspec.json.decode(line, type=Request))
        sys.stdout.write(f"{msgspec.json.encode(answer).decode()}\n")
        sys.stdout.flush()


def _play(request: Request) -> Answer:
    listen, tell = os.pipe()
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            os.close(listen)
            _become(request, output.fileno(), tell)
        os.close(tell)
        wait_status, struck = _waited(pid, request.ending, began)
        seconds = time.monotonic() - began
        with os.fdopen(listen) as pipe:
            heard = msgspec.json.decode(pipe.read() or "{}", type=_Heard)
        output.seek(0)
        status = os.waitstatus_to_exitcode(wait_status)
        return Answer(
            status=status,
            signalled=struck or heard.signalled or status == -request.ending.signal < 0,
            seconds=seconds,
            events=heard.count,
            windows=heard.windows,
            output=output.read().decode(errors="replace"),
        )


def _waited(pid: int, ending: Ending, began: float) -> tuple[int, bool]:
    """Its wait status, and whether it was signalled at the moment that was asked for.

    As a terminal would: its whole group.
    """
    struck = False
    while ending.signal and ending.seconds:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return status, False
        if time.monotonic() - began >= ending.seconds:
            os.killpg(pid, ending.signal)
            struck = True
            break
        time.sleep(_TICK)
    return os.waitpid(pid, 0)[1], struck


def _become(request: Request, output: int, tell: int) -> None:
    """Turns this process into ghostfix; does not return."""
    code = 70
    counter = _Counter(request.ending)
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` and nohup ignore them
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.chdir(request.folder)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.set_inheritable(tell, False)
        if request.ending.event or request.ending.counted:
            counter.install()
        _obey(request.words)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        sys.setprofile(None)
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(tell, msgspec.json.encode(counter.heard()))
        os._exit(code)


def _obey(words: tuple[str, ...]) -> None:
    if words[0] != HOLD:
        sys.argv = ["ghostfix", *words]
        cli.main()
        return
    folder = os.getcwd()
    service = Service(name=os.path.basename(folder), profile="campaign", directory=folder, script="w.py")
    execute.execute(machine.local_system(), Plan((undo_data.decode(words[1].encode()).step,)), service)


class _Counter:
    """Counts calls from the opening of the journal on, and ends the program at one of them."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending
        self._count = 0
        self._due = 0 if ending.command else ending.event
        self._starts: list[int] = []
        """At which call each command began that goes on without ghostfix."""
        self._windows: list[int] = []
        self._signalled = False

    def heard(self) -> _Heard:
        return _Heard(self._count, tuple(self._windows), self._signalled)

    def install(self) -> None:
        """From now on the program counts between the opening and the end of its journal."""
        begin, reopen, ended = journal.begin, journal.reopen, JournalWriter.ended
        run, started = commands.run, commands._started

        def begun(*words: Any, **options: Any) -> JournalWriter:
            sys.setprofile(self._saw)
            return begin(*words, **options)

        def reopened(*words: Any, **options: Any) -> JournalWriter:
            sys.setprofile(self._saw)
            return reopen(*words, **options)

        def over(writer: JournalWriter, state: RunState, detail: str = "") -> None:
            ended(writer, state, detail)
            sys.setprofile(None)

        def noted(*words: Any, **options: Any) -> CommandAnswer:
            answer = run(*words, **options)
            if options.get("to_its_end"):
                self._windows.append(self._count - self._starts[-1])
            return answer

        def runs(*words: Any) -> "subprocess.Popen[bytes]":
            process = started(*words)
            goes_on = words[-1]
            if goes_on:
                self._starts.append(self._count)
                if len(self._starts) == self._ending.command:
                    self._due = self._count + self._ending.event
            return process

        for module, name, function in (
            (journal, "begin", begun),
            (journal, "reopen", reopened),
            (JournalWriter, "ended", over),
            (commands, "run", noted),
            (commands, "_started", runs),
            (cli, "_leave", sys.exit),  # its own would end this process before the count is told
        ):
            setattr(module, name, function)

    def _saw(self, _frame: FrameType, kind: str, _what: object) -> None:
        if kind not in ("call", "c_call"):
            return
        self._count += 1
        if self._count == self._due:
            self._signalled = True
            os.kill(os.getpid(), self._ending.signal)


if __name__ == "__main__":
    main()
