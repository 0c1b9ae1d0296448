"""``why`` on in-memory machines: where a process comes from, and what keeps it alive."""

import pytest
from msgspec import json, structs

from ghostfix.commands.why.explanation import Explanation, Why
from ghostfix.commands.why.why import why
from ghostfix.model.errors import ExitCode, GhostfixError
from ghostfix.model.machine import CommandAnswer, Platform
from ghostfix.model.process import Listener, ProcessDetail, ProcessState
from ghostfix.model.reading import Reading
from ghostfix.survey.target import AmbiguousError
from tests.fake_system import START, FakeSystem, default_caller
from tests.fake_systemctl import FakeSystemctl

APP = "/srv/app"
CONTAINER = "ab" * 32
PROFILE = b"""[services.shop]
directory = "/srv/app"
script = "server.py"
"""
SERVER = ("/usr/bin/python3", "server.py")


def machine(*, root: bool = False) -> FakeSystem:
    caller = default_caller(Platform.LINUX, "root") if root else None
    system = FakeSystem(caller=caller)
    system.add_program("python3")
    system.add_program("bash")
    system.add_program("crontab")
    system.add_file(f"{APP}/server.py", b"print('up')\n", modified=START - 900_000)
    system.add_command(("crontab", "-l"), status=1, stderr="no crontab for ghost\n")
    return system


def one(system: FakeSystem, target: str, *, tree: bool = False, thorough: bool = False) -> Explanation:
    answer = why(system, target, tree=tree, thorough=thorough)
    assert system.acts == []
    assert len(answer.processes) == 1
    return answer.processes[0]


def codes(seen: Explanation) -> list[str]:
    return [warning.code for warning in seen.warnings]


def failure(system: FakeSystem, target: str) -> GhostfixError:
    try:
        why(system, target)
    except GhostfixError as error:
        return error
    raise AssertionError(f"{target} was explained")


# sessions


def test_what_a_shell_in_tmux_started_is_kept_by_nobody() -> None:
    system = machine()
    system.add_process(400, ("tmux", "new", "-d"), name="tmux: server")
    system.add_process(401, ("-bash",), ppid=400)
    system.add_process(402, SERVER, ppid=401, cwd=APP, variables={"TMUX": "/tmp/tmux-1000/default,400,0"})
    seen = one(system, "402")
    assert [(link.pid, link.kind) for link in seen.chain] == [
        (1, "init"), (400, "terminal"), (401, "shell"), (402, "program"),
    ]  # fmt: skip
    assert seen.summary.startswith("nobody restarts it: it was started from a login shell (pid 401) in tmux")
    assert seen.kept_alive_by == ()
    assert seen.signs == ("TMUX",)


def test_an_ssh_session_is_named() -> None:
    seen = one(machine(), "30002")
    assert [link.kind for link in seen.chain] == ["init", "ssh", "shell"]
    assert "an ssh session (pid 30001)" in seen.summary


# cron


def test_below_cron_the_line_is_named() -> None:
    system = machine(root=True)
    system.add_file("/var/spool/cron/crontabs/root", b"x")
    line = f"* * * * * cd {APP} && exec python3 server.py\n"
    system.add_command(("crontab", "-l"), stdout=f"# tasks\n{line}")
    system.add_process(300, ("/usr/sbin/cron", "-f"), uid=0, name="cron")
    system.add_process(301, ("CRON",), ppid=300, uid=0, name="cron", started=START - 60)
    shell = ("/bin/sh", "-c", f"cd {APP} && exec python3 server.py")
    system.add_process(302, shell, ppid=301, uid=0, started=START - 60)
    system.add_process(303, ("python3", "server.py"), ppid=302, uid=0, cwd=APP, started=START - 59.9)
    seen = one(system, "303")
    restarter = seen.kept_alive_by[0]
    assert (restarter.kind, restarter.line, restarter.started) == ("cron", 2, True)
    assert restarter.text == line.strip()
    assert "every minute" in seen.summary
    assert [link.kind for link in seen.chain] == ["init", "cron", "cron", "shell-command", "program"]


def test_a_cron_job_without_a_readable_line_is_still_cron_s() -> None:
    system = machine()
    system.add_process(300, ("/usr/sbin/cron", "-f"), uid=0, name="cron")
    system.add_process(301, ("CRON",), ppid=300, uid=0, name="cron")
    system.add_process(303, SERVER, ppid=301, uid=1000, cwd="/")
    seen = one(system, "303")
    assert [restarter.kind for restarter in seen.kept_alive_by] == ["cron"]
    assert seen.summary == "nobody restarts it: cron pid 301 started it, and does not restart it"


def test_a_script_that_cron_left_behind_leads_to_its_line() -> None:
    """Nobody of cron is above it: only that its script started with a minute."""
    system = machine()
    system.add_file("/srv/start.sh", f"cd {APP}\npython3 server.py\n".encode())
    system.add_command(("crontab", "-l"), stdout="* * * * * bash /srv/start.sh &\n")
    system.add_process(500, ("bash", "/srv/start.sh"), cwd="/", started=START - 60)
    system.add_process(501, ("python3", "server.py"), ppid=500, cwd=APP, started=START - 59)
    assert [(restarter.kind, restarter.hops) for restarter in one(system, "501").kept_alive_by] == [
        ("cron", ("/srv/start.sh:2",))
    ]


# loops


def test_a_loop_above_it_restarts_it() -> None:
    system = machine()
    loop = f"while true; do cd {APP}; python3 server.py; sleep 5; done\n".encode()
    system.add_file("/srv/loop.sh", loop)
    system.add_process(500, ("bash", "/srv/loop.sh"), cwd="/srv", group=500)
    system.add_process(501, ("python3", "server.py"), ppid=500, cwd=APP, group=500)
    seen = one(system, "501")
    restarter = seen.kept_alive_by[0]
    assert (restarter.kind, restarter.id, restarter.restarts_on_exit) == ("watchdog", "/srv/loop.sh", True)
    assert seen.summary == "the loop loop.sh restarts it when the process exits, 5 s later"


def test_an_orphan_is_found_to_be_a_loop_s_that_is_no_ancestor() -> None:
    system = machine()
    loop = f"while true; do pgrep -f server.py || (cd {APP}; python3 server.py &); sleep 5; done\n"
    system.add_file("/srv/loop.sh", loop.encode())
    system.add_process(500, ("bash", "/srv/loop.sh"), cwd="/srv", group=500)
    system.add_process(501, ("python3", "server.py"), cwd=APP, group=500, started=START - 10)
    seen = one(system, "501")
    assert [(restarter.kind, restarter.started) for restarter in seen.kept_alive_by] == [("watchdog", True)]


def test_the_copy_that_a_loop_leaves_behind_leads_to_the_loop() -> None:
    """``(cd ... && server &)`` leaves a copy of the shell above the server, in another folder."""
    system = machine()
    loop = f"while true; do pgrep -f server.py || (cd {APP} && python3 server.py &); sleep 5; done\n"
    system.add_file("/srv/loop.sh", loop.encode())
    system.add_process(500, ("bash", "loop.sh"), cwd="/srv", group=500)
    system.add_process(501, ("bash", "loop.sh"), cwd=APP, group=500, started=START - 10)
    system.add_process(502, ("python3", "server.py"), ppid=501, cwd=APP, group=500, started=START - 10)
    restarters = one(system, "502").kept_alive_by
    assert [(restarter.kind, restarter.id, restarter.started) for restarter in restarters] == [
        ("watchdog", "/srv/loop.sh", True)
    ]


def test_an_orphan_of_nobody_is_said_to_be_one() -> None:
    system = machine()
    system.add_process(501, SERVER, cwd=APP)
    seen = one(system, "501")
    assert seen.summary.startswith("nobody that could be seen: it runs in the background")


def test_a_parent_that_is_younger_is_somebody_else() -> None:
    system = machine()
    system.add_process(500, ("bash", "/srv/loop.sh"), started=START - 10)
    system.add_process(501, SERVER, ppid=500, cwd=APP, started=START - 600)
    assert [link.pid for link in one(system, "501").chain] == [501]


# managers


UNIT = """Id=app.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
FragmentPath=/etc/systemd/system/app.service
MainPID=600
Restart=always
NRestarts=7
TriggeredBy=app.timer
"""


def of_unit(group: str = "/system.slice/app.service") -> FakeSystem:
    system = machine()
    system.add_folder("/run/systemd/system")
    system.table[1].record = structs.replace(system.table[1].record, name="systemd")
    detail = ProcessDetail(cwd=APP, executable="/usr/bin/python3", control_group=group)
    system.add_process(600, SERVER, detail=detail, listens=[("0.0.0.0", 8000)])
    system.add_programs(("systemctl",), lambda words, _: _answered(words, UNIT))
    return system


def _answered(words: tuple[str, ...], text: str) -> CommandAnswer:
    return CommandAnswer(argv=words, status=0, stdout=text.encode())


def test_a_unit_is_named_with_its_file_and_its_restarts() -> None:
    system = of_unit()
    seen = one(system, ":8000")
    unit = seen.kept_alive_by[0]
    assert (unit.kind, unit.id, unit.file, unit.restarts) == (
        "systemd", "app.service", "/etc/systemd/system/app.service", 7,
    )  # fmt: skip
    assert "systemd unit app.service restarts it when it ends" in seen.summary
    assert unit.trigger == "when it ends, however it ends (Restart=always) and at boot and through app.timer"
    assert "several-restarters" not in codes(seen)
    assert "many-restarts" in codes(seen)
    assert len(system.asked) == 1, "one command, for one unit"


def test_a_systemctl_that_fails_is_said() -> None:
    system = of_unit()
    system.add_programs(
        ("systemctl",), lambda words, _: CommandAnswer(argv=words, status=1, stderr=b"no bus")
    )
    answer = why(system, "600")
    assert answer.processes[0].kept_alive_by[0].id == "app.service"
    assert len(answer.problems) == 1
    assert "no bus" in answer.problems[0]


CRON_GROUP = "/system.slice/cron.service"


def with_cron_s_unit() -> FakeSystem:
    system = machine()
    systemctl = FakeSystemctl(system)
    systemctl.add(
        "cron.service",
        "[Service]\nExecStart=/usr/sbin/cron -f\nRestart=on-failure\n",
        MainPID="300",
        ControlGroup=CRON_GROUP,
        Restart="on-failure",
    )
    detail = ProcessDetail(cwd="/", control_group=CRON_GROUP)
    system.add_process(300, ("/usr/sbin/cron", "-f"), uid=0, name="cron", detail=detail)
    return system


def test_the_unit_of_cron_is_not_the_unit_of_its_jobs() -> None:
    system = with_cron_s_unit()
    detail = ProcessDetail(cwd="/", control_group=CRON_GROUP)
    system.add_process(303, SERVER, ppid=300, uid=1000, detail=detail)
    assert [restarter.kind for restarter in one(system, "303").kept_alive_by] == ["cron"]


def test_the_unit_of_cron_restarts_cron() -> None:
    seen = one(with_cron_s_unit(), "300")
    assert seen.summary == "systemd unit cron.service restarts it when it fails (Restart=on-failure)"


def test_what_cron_left_behind_in_its_unit_s_group_the_unit_does_not_restart() -> None:
    system = with_cron_s_unit()
    system.add_process(303, SERVER, ppid=1, uid=1000, detail=ProcessDetail(cwd="/", control_group=CRON_GROUP))
    seen = one(system, "303")
    assert seen.kept_alive_by == ()
    assert seen.summary == (
        "nobody that could be seen: it runs in the background, left behind by cron.service, and what "
        "started it has ended"
    )


def test_what_a_login_left_behind_is_nobody_s_and_not_the_first_process_s() -> None:
    system = machine()
    group = "/user.slice/user-1000.slice/session-6.scope"
    system.add_process(303, SERVER, ppid=1, detail=ProcessDetail(cwd=APP, control_group=group))
    seen = one(system, "303")
    assert seen.kept_alive_by == ()
    assert "left behind by login session 6" in seen.summary


def test_runit_is_named_by_its_service_folder() -> None:
    system = machine()
    system.add_process(700, ("runsv", "app"), cwd="/etc/service/app")
    system.add_process(701, ("/opt/app/serve", "--fast"), ppid=700, cwd="/")
    seen = one(system, "701")
    assert seen.kept_alive_by[0].kind == "runit"
    assert "restarts it" in seen.summary


def in_a_container() -> FakeSystem:
    system = machine()
    system.add_process(800, ("containerd-shim-runc-v2", "-id", CONTAINER), uid=0)
    detail = ProcessDetail(cwd=APP, container=CONTAINER, control_group=f"/docker/{CONTAINER}")
    system.add_process(801, SERVER, ppid=800, detail=detail)
    return system


def test_a_container_without_an_engine_is_named_by_its_id() -> None:
    answer = why(in_a_container(), "801")
    seen = answer.processes[0]
    assert seen.container == CONTAINER
    assert [restarter.kind for restarter in seen.kept_alive_by] == ["container"]
    assert "no docker to ask" in answer.problems[0]


def test_the_engine_is_asked_for_its_policy() -> None:
    system = in_a_container()
    system.add_program("docker")
    about = {
        "Id": CONTAINER,
        "Name": "/web",
        "State": {"Running": True, "Pid": 801, "Status": "running"},
        "Config": {"Cmd": ["python3", "server.py"]},
        "HostConfig": {"RestartPolicy": {"Name": "always"}},
    }
    system.add_programs(("docker",), lambda words, _: _answered(words, json.encode([about]).decode()))
    found = one(system, "801").kept_alive_by[0]
    assert (found.kind, found.id, found.restarts_on_exit, found.started) == (
        "docker",
        "web",
        True,
        True,
    )


# ports


def test_every_owner_of_a_port_is_explained() -> None:
    system = machine()
    for pid in (901, 902):
        system.add_process(pid, SERVER, cwd=APP, listens=[8080])
    answer = why(system, ":8080")
    assert [each.pid for each in answer.processes] == [901, 902]
    assert "port-shared" in codes(answer.processes[0])


def test_an_owner_that_cannot_be_seen_is_no_free_port() -> None:
    system = machine()
    system.sockets.append(Listener(address="0.0.0.0", port=80, owners=(), uid=0))
    error = failure(system, ":80")
    assert error.exit_code is ExitCode.COULD_NOT_LOOK
    assert "uid 0" in error.message
    system.add_file("/etc/passwd", b"root:x:0:0:root:/root:/bin/bash\n")
    assert "it belongs to root" in failure(system, ":80").message
    assert "`sudo ghostfix why :80`" in error.hint


def test_a_free_port_lists_those_that_are_taken() -> None:
    system = machine()
    system.add_process(901, SERVER, listens=[8080])
    error = failure(system, ":8081")
    assert error.exit_code is ExitCode.USAGE
    assert "8080" in error.hint


def test_a_number_that_is_a_port_is_pointed_out() -> None:
    system = machine()
    system.add_process(901, SERVER, listens=[8080])
    assert "`ghostfix why :8080`" in failure(system, "8080").hint


# names


def test_a_name_means_the_top_of_its_tree() -> None:
    system = machine()
    system.add_process(901, ("gunicorn", "app:web"))
    system.add_process(902, ("gunicorn", "app:web"), ppid=901)
    assert one(system, "gunicorn").pid == 901


def test_several_of_a_name_are_listed_to_choose_from() -> None:
    system = machine()
    for pid in (901, 902):
        system.add_process(pid, SERVER, cwd=APP)
    error = failure(system, "server.py")
    assert error.exit_code is ExitCode.USAGE
    assert isinstance(error, AmbiguousError)
    assert [choice.split()[0] for choice in error.choices] == ["901", "902"]


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    system = machine()
    system.add_process(901, ("gunicorn", "app:web"))
    assert "`ghostfix why gunicorn`" in failure(system, "gunicron").hint


def test_a_word_of_the_command_line_will_do() -> None:
    system = machine()
    system.add_process(901, ("/opt/serve", "--app", "shop"))
    assert one(system, "shop").pid == 901


def test_a_name_that_only_our_own_command_line_has_is_nobody() -> None:
    system = machine()
    for pid, argv in ((30003, ("ghostfix", "why", "nix")), (30002, ("bash", "-c", "ghostfix why x", "nix"))):
        system.table[pid].record = structs.replace(system.table[pid].record, argv=argv)
    assert failure(system, "nix").exit_code is ExitCode.USAGE


def test_an_instance_of_the_profile_s_service_is_found() -> None:
    system = machine()
    system.add_file("/home/ghost/ghostfix.toml", PROFILE)
    system.add_process(901, SERVER, cwd=APP)
    assert one(system, "shop").pid == 901


def test_a_service_that_does_not_run_is_said_not_to() -> None:
    system = machine()
    system.add_file("/home/ghost/ghostfix.toml", PROFILE)
    assert "`ghostfix diagnose shop`" in failure(system, "shop").hint


# warnings


def test_what_is_wrong_with_it_is_said() -> None:
    system = machine()
    system.add_process(901, ("/tmp/x/serve",), uid=0, listens=[("0.0.0.0", 99)], state=ProcessState.STOPPED)
    system.add_symlink("/proc/901/exe", "/tmp/x/serve (deleted)")
    system.add_symlink("/proc/901/cwd", "/tmp/x (deleted)")
    system.add_symlink("/proc/901/fd/3", "/var/log/app.log (deleted)")
    assert set(codes(one(system, "901"))) == {
        "stopped", "executable-deleted", "folder-deleted", "deleted-files", "temporary-folder",
        "root-on-all-interfaces",
    }  # fmt: skip


def test_a_script_that_was_changed_since_is_said() -> None:
    system = machine()
    system.add_file(f"{APP}/server.py", b"new\n", modified=START - 5)
    system.add_process(901, SERVER, cwd=APP)
    assert "program-changed" in codes(one(system, "901"))


def test_a_zombie_is_one() -> None:
    system = machine()
    system.add_process(901, SERVER, cwd=APP)
    system.add_zombie(902, 901)
    assert codes(one(system, "902"))[0] == "zombie"


# the whole


def test_the_tree_has_its_children() -> None:
    system = machine()
    system.add_process(901, SERVER, cwd=APP)
    system.add_process(902, SERVER, ppid=901)
    system.add_process(903, SERVER, ppid=902)
    assert [(row.pid, row.depth) for row in one(system, "901", tree=True).tree] == [
        (1, 0), (901, 1), (902, 2), (903, 3),
    ]  # fmt: skip


def test_secrets_and_control_characters_do_not_pass() -> None:
    system = machine()
    system.add_process(901, ("/opt/serve", "--password=hunter2", "\x1b[31m"))
    text = json.encode(why(system, "901")).decode()
    assert "hunter2" not in text
    assert "\x1b" not in text
    assert "\\u001b" not in text


def test_the_document_can_be_read_back() -> None:
    system = machine()
    system.add_process(901, SERVER, cwd=APP)
    answer = why(system, "901")
    assert answer.schema == "ghostfix.why/1"
    assert json.decode(json.encode(answer), type=Why) == answer


def test_only_what_is_needed_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shell started needs no process table, and no command."""
    system = machine()
    system.add_process(401, ("-bash",))
    system.add_process(402, SERVER, ppid=401, cwd=APP)

    monkeypatch.setattr(system, "processes", None)
    assert why(system, "402").problems == ()
    assert system.asked == []


def test_the_sockets_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    system = machine()
    system.add_process(401, ("-bash",))
    system.add_process(402, SERVER, ppid=401, cwd=APP, listens=[8080])
    looks: list[float] = []
    look = system.listeners

    def counted() -> Reading[tuple[Listener, ...]]:
        looks.append(system.now())
        return look()

    monkeypatch.setattr(system, "listeners", counted)
    why(system, ":8080")
    assert len(looks) == 1
