"""The system calls of a command and of everything that it starts, as ``strace`` saw them."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

OPENING = ("open", "openat", "openat2", "creat")
CHANGING = (
    "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat",
    "mkdir", "mkdirat", "rmdir", "mknod", "mknodat", "chmod", "fchmod", "fchmodat", "fchmodat2",
    "chown", "fchown", "lchown", "fchownat", "truncate", "ftruncate", "fallocate", "utime", "utimes",
    "futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr",
    "fremovexattr", "copy_file_range", "mount", "umount2", "move_mount", "swapon", "sethostname",
    "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal",
    "pidfd_getfd", "ptrace", "process_vm_writev", "setpriority", "sched_setscheduler", "reboot",
    "settimeofday", "clock_settime", "init_module", "finit_module", "shmget", "semget", "msgget",
    "mq_open", "flock",
)  # fmt: skip
"""Whatever changes files, processes or the machine; a file must be opened before it can be written."""
SPEAKING = ("connect", "sendto", "sendmsg", "sendmmsg", "bind", "listen", "write")
STARTING = ("execve", "execveat")
_CALL = re.compile(r"^(?P<name>\w+)\((?P<arguments>.*)\)\s+=\s(?P<result>.*)$", re.DOTALL)
_WRITING = re.compile(r"\bO_(?:WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b")


@dataclass(frozen=True)
class Call:
    """One system call: its name, what it was given and what it gave, as strace writes them."""

    name: str
    arguments: str
    result: str

    def __str__(self) -> str:
        return f"{self.name}({self.arguments[:300]}) = {self.result[:60]}"

    @property
    def opens_for_writing(self) -> bool:
        return self.name in OPENING and (self.name == "creat" or bool(_WRITING.search(self.arguments)))

    @property
    def path(self) -> str:
        """The first text among the arguments: of a file's call, its path."""
        found = re.search(r'"((?:[^"\\]|\\.)*)"', self.arguments)
        return found[1] if found else ""

    @property
    def words(self) -> tuple[str, ...]:
        """The argv of a program that is started."""
        found = re.search(r"\[(.*)\]", self.arguments, re.DOTALL)
        return tuple(re.findall(r'"((?:[^"\\]|\\.)*)"(?:\.\.\.)?', found[1])) if found else ()


@dataclass(frozen=True)
class Traced:
    """What a command answered, and each call that it or a child of it made."""

    status: int
    stdout: str
    stderr: str
    calls: tuple[Call, ...]

    def named(self, *names: str) -> tuple[Call, ...]:
        return tuple(call for call in self.calls if call.name in names)


def traced(argv: Sequence[str], folder: Path, environment: Mapping[str, str], traces: Path) -> Traced:
    """Runs a command under strace, one file for each thread, so that no call is split in two."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("Debian's package `strace` is needed")
    shutil.rmtree(traces, ignore_errors=True)
    traces.mkdir()
    wanted = ",".join(f"?{name}" for name in (*OPENING, *CHANGING, *SPEAKING, *STARTING))
    answer = subprocess.run(
        [strace, "-ff", "-qq", "-y", "-s", "400", "-o", f"{traces}/t", "-e", f"trace={wanted}", *argv],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    if b"PTRACE" in answer.stderr and not list(traces.iterdir()):
        pytest.skip(f"strace may not trace here: {os.fsdecode(answer.stderr)}")
    calls = tuple(call for path in sorted(traces.iterdir()) for call in _calls(path))
    return Traced(answer.returncode, os.fsdecode(answer.stdout), os.fsdecode(answer.stderr), calls)


def _calls(path: Path) -> Iterator[Call]:
    for line in path.read_text(errors="backslashreplace").splitlines():
        match = _CALL.match(line)
        if match is not None:
            yield Call(match["name"], match["arguments"], match["result"])
        elif not line.startswith(("---", "+++")):
            raise AssertionError(f"strace wrote what cannot be understood: {line[:300]}")
