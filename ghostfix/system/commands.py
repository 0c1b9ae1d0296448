"""Commands: run without a shell, in a session of their own, bounded in time and in output."""

import errno
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from ghostfix.model.errors import StepError
from ghostfix.model.machine import CommandAnswer
from ghostfix.model.task_group import waiting
from ghostfix.system.credentials import Account, account_of, environment
from ghostfix.system.decoding import openable, reason, runnable
from ghostfix.system.input_file import input_file

MAX_OUTPUT = 8_388_608
_CHUNK = 65_536
_TICK = 0.05
_SCARCE = 2.0
"""Seconds for which a command is tried again that cannot be started: our own other commands end meanwhile."""
_GRACE = 1.0
"""Seconds in which a command that is let come to its end may tidy up before it is killed."""
_USED_UP = (errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM)


def run(
    argv: Sequence[str],
    timeout: float,
    *,
    stdin: bytes = b"",
    cwd: str | None = None,
    user: str | None = None,
    to_its_end: bool = False,
    locks: Sequence[int] = (),
) -> CommandAnswer:
    """Runs a command to its end, or kills it and its group after ``timeout`` seconds.

    With ``to_its_end`` an interruption of ghostfix waits for it, and it is interrupted before it is killed,
    so that it takes its temporary files away. It inherits the descriptors of ``locks``.
    """
    words = tuple(argv)
    try:
        account = account_of(user)
    except StepError as error:
        return CommandAnswer(argv=words, status=None, problem=str(error))
    try:
        with _input(stdin) as file:
            process = _started(words, file, cwd, account, locks, to_its_end)
    except OSError as error:
        return CommandAnswer(argv=words, status=None, problem=_why_not(words, cwd, error))
    except (ValueError, IndexError, subprocess.SubprocessError) as error:
        return CommandAnswer(argv=words, status=None, problem=f"cannot be run: {error}")
    with process, waiting(timeout) as seconds:
        return _Conversation(process, words, seconds, to_its_end).answer()


@contextmanager
def _input(content: bytes) -> Iterator[int]:
    """What it reads: the content, whole, or nothing."""
    if content:
        with input_file(content) as file:
            yield file
    else:
        yield subprocess.DEVNULL


def _started(
    argv: tuple[str, ...],
    stdin: int,
    cwd: str | None,
    account: Account | None,
    locks: Sequence[int],
    to_its_end: bool,
) -> subprocess.Popen[bytes]:
    """Starts it, and waits a little where the machine has no process or descriptor left for it just now."""
    deadline = time.monotonic() + _SCARCE
    while True:
        try:
            return subprocess.Popen(
                runnable(argv),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=None if cwd is None else openable(cwd),
                env=_environment(account),
                start_new_session=True,
                pass_fds=locks,
                # SIGPIPE stays ignored, or what it says when no reader is left would end it half-way.
                restore_signals=not to_its_end,
                user=None if account is None else account.uid,
                group=None if account is None else account.gid,
                extra_groups=None if account is None else account.groups,
            )
        except OSError as error:
            if error.errno not in _USED_UP or time.monotonic() >= deadline:
                raise
        with waiting(_TICK) as seconds:
            time.sleep(seconds)


class _Conversation:
    """One command while it runs: what it says, and when it is cut short."""

    def __init__(
        self, process: subprocess.Popen[bytes], argv: tuple[str, ...], timeout: float, to_its_end: bool
    ) -> None:
        self._process = process
        self._argv = argv
        self._timeout = timeout
        self._to_its_end = to_its_end
        self._deadline = time.monotonic() + timeout
        self._stdout = bytearray()
        self._stderr = bytearray()
        self._problem: str | None = None

    def answer(self) -> CommandAnswer:
        try:
            self._listen()
            self._wait()
        except KeyboardInterrupt:
            if self._to_its_end:  # interrupted once more, ghostfix ends, and the command is ended with it
                self._listen()
                self._wait()
            raise
        finally:
            self._end()
        return CommandAnswer(
            argv=self._argv,
            status=self._process.returncode if self._problem is None else None,
            stdout=bytes(self._stdout),
            stderr=bytes(self._stderr),
            problem=self._problem,
        )

    def _listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            for file, output in ((self._process.stdout, self._stdout), (self._process.stderr, self._stderr)):
                if file is not None:
                    selector.register(file, selectors.EVENT_READ, output)
            while selector.get_map() and self._problem is None:
                # Asked before the pipes are: what it wrote before it ended is then in them.
                ended = self._process.poll() is not None
                ready = selector.select(max(0.0, min(_TICK, self._deadline - time.monotonic())))
                for key, _ in ready:
                    self._serve(selector, key)
                if self._is_over(spent=ended and not ready):
                    break

    def _serve(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        chunk = os.read(key.fd, _CHUNK)
        if not chunk:
            selector.unregister(key.fileobj)
            return
        output: bytearray = key.data
        output.extend(chunk)
        if len(output) > MAX_OUTPUT:
            del output[MAX_OUTPUT:]
            self._problem = f"wrote more than {MAX_OUTPUT // 1_048_576} MiB"

    def _is_over(self, spent: bool) -> bool:
        """Out of time; or ended, though a process that it left behind may still hold its output open."""
        if time.monotonic() >= self._deadline:
            self._problem = self._problem or self._late()
            return True
        return spent

    def _wait(self) -> None:
        if self._problem is not None:
            return
        try:
            self._process.wait(max(0.0, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._problem = self._late()

    def _late(self) -> str:
        return f"did not end within {self._timeout:.3g} s"

    def _end(self) -> None:
        """Kills the whole group, unless the command has ended by itself."""
        if self._process.poll() is None and self._process.pid > 1:
            if self._to_its_end:
                self._send(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(_GRACE)
                    return
            self._send(signal.SIGKILL)
            self._process.wait()

    def _send(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass
        except PermissionError:  # macOS, when only zombies are left of the group
            self._process.send_signal(number)


def _why_not(argv: tuple[str, ...], cwd: str | None, error: OSError) -> str:
    if cwd is not None and not os.path.isdir(openable(cwd)):
        return f"the folder {cwd} is not there"
    return f"{argv[0] if argv else 'nothing'}: {reason(error)}"


def _environment(account: Account | None) -> dict[str, str]:
    """Such that programs answer in plain English and in UTF-8."""
    variables = environment(account) | {"LC_ALL": "C.UTF-8"}
    variables.pop("LANGUAGE", None)
    return variables


def attach(argv: Sequence[str], cwd: str, variables: Mapping[str, str]) -> int:
    """Runs a command with our own input, output and environment; its exit status, negative for a signal.

    Raises StepError when it cannot be started.
    """
    environment = dict(os.environ) | dict(variables)
    try:
        process = subprocess.Popen(runnable(argv), cwd=openable(cwd), env=environment)
    except (OSError, ValueError, IndexError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        raise StepError(f"{argv[0] if argv else 'nothing'} cannot be started: {why}") from error
    with process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the terminal signalled the command too; it is the one to decide
                continue
