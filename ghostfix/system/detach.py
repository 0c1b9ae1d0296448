"""Run as a program of its own: starts a command that is no child of ghostfix.

``python -I -S detach.py LOG_DESCRIPTOR`` reads a JSON request (``argv``, ``cwd``, ``environment``,
``identity``, ``mark``) from its input, forks, and in the new process opens a session, becomes the user of
``identity`` (uid, gid and groups; empty: stays who it is), adds its PID to the variable that ``mark`` names,
takes the log for its output and executes the command. It answers ``PID ERRNO WHERE`` and ends, so that the
command belongs to the system's init at once and never becomes a zombie of ghostfix. ERRNO is 0 when it runs;
WHERE is ``identity``, ``cwd`` or ``exec``.

It imports nothing of ghostfix: it has to start fast, and it is the one place that forks.
"""

import json
import os
import signal
import sys


def main() -> None:
    """One request, one answer."""
    log = int(sys.argv[1])
    request = json.load(sys.stdin)
    listen, report = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(request, log, report)
    os.close(report)
    with os.fdopen(listen, "rb") as pipe:
        problem = pipe.read().decode()
    sys.stdout.write(f"{pid} {problem or '0 -'}")


def _become(request: dict[str, list[str] | list[int] | dict[str, str] | str], log: int, report: int) -> None:
    """Turns into the command, or writes why not to ``report``; does not return."""
    where = "identity"
    try:
        os.setsid()
        identity = [int(number) for number in request["identity"]]
        if identity:
            os.setgroups(identity[2:])
            os.setgid(identity[1])
            os.setuid(identity[0])
        where = "cwd"
        os.chdir(str(request["cwd"]))
        where = "exec"
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.set_inheritable(log, False)
        for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        argv, environment = request["argv"], request["environment"]
        if isinstance(argv, list) and isinstance(environment, dict):
            if request["mark"] in environment:
                environment[str(request["mark"])] += f":{os.getpid()}"
            os.execvpe(str(argv[0]), [str(word) for word in argv], environment)  # noqa: S606 (no shell is the point)
    except OSError as error:
        os.write(report, f"{error.errno} {where}".encode())
    finally:
        os._exit(127)


if __name__ == "__main__":
    main()
