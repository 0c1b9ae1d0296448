"""What a process is to those that it started, by its name and command line."""

import pytest

from ghostfix.managers.process_role import role_of
from ghostfix.model.process import Process, ProcessId


def process(*argv: str, name: str = "", pid: int = 50) -> Process:
    own = name or argv[0].rpartition("/")[2][:15]
    return Process(id=ProcessId(pid, 1.0), ppid=1, name=own, argv=argv, uid=0, user="root")


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        (process("/sbin/init", name="systemd", pid=1), "systemd"),
        (process("/sbin/init", pid=1), "init"),
        (process("/lib/systemd/systemd", "--user", name="systemd"), "systemd"),
        (process("/usr/sbin/cron", "-f"), "cron"),
        (process("CRON", name="cron"), "cron"),
        (process("/usr/sbin/CROND", "-n", name="crond"), "cron"),
        (process("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", name="sshd"), "ssh"),
        (process("sshd: ghost@pts/0", name="sshd"), "ssh"),
        (process("tmux", "new", "-d", name="tmux: server"), "terminal"),
        (process("SCREEN", "-dmS", "x", name="screen"), "terminal"),
        (process("/usr/bin/python3", "/usr/bin/supervisord", "-n", name="supervisord"), "supervisord"),
        (process("PM2 v5.3.0: God Daemon (/root/.pm2)", name="PM2 v5.3.0: God"), "pm2"),
        (process("runsv", "app"), "runit"),
        (process("s6-supervise", "app"), "s6"),
        (process("supervise-daemon", "app", name="supervise-daemo"), "openrc"),
        (process("/usr/bin/python3", "-m", "circus.circusd", name="circusd"), "circus"),
        (process("/usr/bin/containerd-shim-runc-v2", "-id", "x", name="containerd-shim"), "container"),
        (process("node", "/usr/lib/node_modules/forever/bin/monitor", "x.js"), "forever"),
        (process("-bash"), "shell"),
        (process("bash"), "shell"),
        (process("bash", "-c", "while true; do x; done"), "shell-command"),
        (process("/bin/sh", "/srv/start.sh"), "script"),
        (process("python3", "-m", "http.server"), "program"),
        (process("vim", "cron"), "program"),
        (process("grep", "supervisord"), "program"),
    ],
)  # fmt: skip
def test_a_process_is_known_by_what_it_runs(seen: Process, kind: str) -> None:
    assert role_of(seen).kind == kind
