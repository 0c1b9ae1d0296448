"""Following commands through scripts to the service."""

from collections.abc import Mapping

import pytest
from msgspec import structs

from ghostfix.model.job import LinkKind
from ghostfix.model.process import Variable
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service
from ghostfix.scripts.start_search import Trail, follow, follow_argv, search, search_argv
from tests.fake_system import FakeSystem

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
MODULE = "gpt_cursor_runner.main"
RUN = f"python3 -m {MODULE}"
DIRECTORY = "/srv/ghost"
SERVICE = Service(name="ghost", profile="test", directory=DIRECTORY, module=MODULE)


def machine(files: Mapping[str, str] | None = None) -> FakeSystem:
    system = FakeSystem()
    system.add_folder(DIRECTORY)
    for path, text in (files or {}).items():
        system.add_file(path, text.encode(), mode=0o755)
    return system


def trail(
    command: str, files: Mapping[str, str] | None = None, cwd: str = DIRECTORY, service: Service = SERVICE
) -> Trail | None:
    return follow(machine(files), service, command, cwd)


@pytest.mark.parametrize(
    "command",
    [
        RUN,
        f"nohup {RUN} >>logs/x.log 2>&1 &",
        f"cd {DIRECTORY} && exec {RUN} --port 5555",
        f"A=1 sudo -u ann timeout 5m {RUN}",
        f"{DIRECTORY}/.venv/bin/python -m {MODULE}",
        f"cd / ; {DIRECTORY}/.venv/bin/python -m {MODULE}",
        f'bash -c "{RUN}"',
        f"su - ann -c 'cd {DIRECTORY} && {RUN}'",
        f"tmux new-session -d -s ghost '{RUN}'",
        f"tmux send-keys -t ghost '{RUN}' C-m",
        f"screen -dmS ghost {RUN}",
        f"screen -S ghost -X stuff '{RUN}\\n'",
        f"flock -n /tmp/lock {RUN}",
        f"flock -n /tmp/lock -c '{RUN}'",
        f"start-stop-daemon --start --exec /usr/bin/python3 -- -m {MODULE}",
        f"bash <<EOF\n{RUN}\nEOF",
        f"echo '{RUN}' | at now",
        f"watch -n 5 '{RUN}'",
        f"X='{RUN}'; $X",
        f'C=({RUN}); "${{C[@]}}" &',
        f'go() {{ python3 -m "$1"; }}; go {MODULE}',
        f"pgrep -f {MODULE} || {RUN}",
        f"while true; do {RUN}; sleep 5; done",
        f"python3 -c 'import os; os.system(\"{RUN}\")'",
        f'node -e \'require("child_process").exec("{RUN}")\'',
        f"systemd-run --user --unit ghost {RUN}",
        f"[ -x /bin/true ] && {RUN} || logger failed",
    ],
)
def test_commands_that_start_the_service(command: str) -> None:
    found = trail(command)
    assert found is not None
    assert found.link.kind is LinkKind.RUNS
    assert found.link.hops == ()
    assert found.confidence is CERTAIN


@pytest.mark.parametrize(
    "command",
    [
        f"echo '{RUN}'",
        f"# {RUN}",
        f"pgrep -f '{RUN}'",
        f"pkill -f '{RUN}'",
        f"kill $(pgrep -f {MODULE})",
        f"ps aux | grep '{RUN}'",
        f"grep -r '{RUN}' /etc/cron.d",
        f"logger 'restarting {RUN}'",
        f"cat > start.sh <<EOF\n{RUN}\nEOF",
        f"cp -r {DIRECTORY} /backup; tar czf b.tgz {DIRECTORY}/gpt_cursor_runner",
        f"mv {DIRECTORY}/logs/x.log {DIRECTORY}/logs/x.log.1",
        f"vim {DIRECTORY}/gpt_cursor_runner/main.py",
        f"tail -f {DIRECTORY}/logs/{MODULE}.log",
        f"cd /srv/other && {RUN}",
        f"ssh host '{RUN}'",
        f"docker exec c {RUN}",
        f"docker run image {RUN}",
        f"X='{RUN}'; echo \"$X\"",
        f"start() {{ {RUN}; }}; stop() {{ :; }}; stop",
        f"if false; then {RUN}; fi",
        f"(crontab -l; echo '* * * * * {RUN}') | crontab -",
        f"git commit -m '{RUN}'",
        "python3 -m gpt_cursor_runner.main2",
        "python3 -m pytest tests/test_gpt_cursor_runner.py",
        "python3 -c 'import gpt_cursor_runner.main'",
        "curl -sf http://localhost:5555/health || echo down",
        "",
        "'",
    ],
)
def test_commands_that_do_not(command: str) -> None:
    assert trail(command) is None


@pytest.mark.parametrize("program", ["echo", "log", "pkill -f", "git commit -m", "docker run"])
def test_a_pattern_that_matches_what_is_only_mentioned(program: str) -> None:
    service = structs.replace(SERVICE, module=None, match="gpt_cursor_runner")
    assert trail(f"{program} '{RUN}'", service=service) is None
    assert trail(RUN, service=service) is not None


WATCHDOG = """#!/bin/bash
cd "$(dirname "$0")/.."
while true; do
  if ! pgrep -f gpt_cursor_runner.main >/dev/null; then
    ./scripts/start.sh
  fi
  sleep 5
done
"""
START = f"""#!/bin/sh
cd "$(dirname "$0")/.." || exit 1
nohup {RUN} 5555 >>logs/ghost.log 2>&1 &
"""
SCRIPTS = {f"{DIRECTORY}/scripts/watchdog.sh": WATCHDOG, f"{DIRECTORY}/scripts/start.sh": START}


def hops(found: Trail | None) -> list[str]:
    assert found is not None
    return [str(hop) for hop in found.link.hops]


@pytest.mark.parametrize(
    "command",
    [
        f"{DIRECTORY}/scripts/watchdog.sh",
        "bash scripts/watchdog.sh",
        f"cd {DIRECTORY}/scripts; ./watchdog.sh &",
        f"nohup setsid /bin/bash {DIRECTORY}/scripts/watchdog.sh >/dev/null 2>&1 &",
        "sh -c 'exec scripts/watchdog.sh'",
    ],
)
def test_two_scripts_deep(command: str) -> None:
    found = trail(command, SCRIPTS)
    assert hops(found) == [f"{DIRECTORY}/scripts/watchdog.sh:5", f"{DIRECTORY}/scripts/start.sh:3"]
    assert found is not None
    assert found.link.kind is LinkKind.RUNS_SCRIPT
    assert found.link.hops[1].text == START.splitlines()[2]
    assert found.guard == "! pgrep -f gpt_cursor_runner.main >/dev/null"
    assert found.loop is not None
    assert (found.loop.line, found.loop.interval) == (3, 5.0)
    assert (found.guarded, found.loops, found.confidence) == (True, True, CERTAIN)
    assert found.output == f"{DIRECTORY}/logs/ghost.log"
    assert found.start[0] == "nohup"


def test_the_same_for_words() -> None:
    system = machine(SCRIPTS)
    found = follow_argv(system, SERVICE, ("/bin/bash", "scripts/watchdog.sh"), DIRECTORY)
    same = follow(system, SERVICE, "/bin/bash scripts/watchdog.sh", DIRECTORY)
    assert found is not None
    assert same is not None
    assert (found.link, found.loop, found.guard) == (same.link, same.loop, same.guard)
    assert follow_argv(system, SERVICE, (), DIRECTORY) is None
    assert follow_argv(system, SERVICE, ("python3", "-m", MODULE), "/elsewhere") is None


@pytest.mark.parametrize(
    ("command", "starts"),
    [("./ctl start", True), ("./ctl restart", True), ("./ctl stop", False), ("./ctl", False)],
)
def test_a_control_script_starts_only_when_it_is_told_to(command: str, starts: bool) -> None:
    ctl = (
        f"#!/bin/sh\nstart() {{ {RUN} & }}\nstop() {{ pkill -f {MODULE}; }}\n"
        'case "$1" in\n start) start;;\n stop) stop;;\n restart) stop; start;;\n *) echo usage;;\nesac\n'
    )
    assert (trail(command, {f"{DIRECTORY}/ctl": ctl}) is not None) is starts


@pytest.mark.parametrize(
    ("command", "name", "text"),
    [
        ("python3 w.py", "w.py", f"import subprocess\nsubprocess.run('{RUN}'.split())\n"),
        ("python3 -m tools.w", "tools/w.py", f"import os\nos.system('{RUN}')\n"),
        ("./w", "w", f"#!/usr/bin/env python3\nimport os; os.system('{RUN}')\n"),
        ("node w.js", "w.js", f"const cp = require('child_process');\ncp.exec('{RUN}');\n"),
        ("npm run ghost", "package.json", f'{{"scripts": {{\n"ghost": "{RUN}"}}}}'),
        (". ./env.sh", "env.sh", f"\n{RUN} &\n"),
    ],
)
def test_scripts_of_each_kind(command: str, name: str, text: str) -> None:
    assert hops(trail(command, {f"{DIRECTORY}/{name}": text})) == [f"{DIRECTORY}/{name}:2"]


def test_a_python_script_that_is_the_service_is_not_read() -> None:
    service = structs.replace(SERVICE, module=None, script="server.py")
    found = trail("python3 server.py", {f"{DIRECTORY}/server.py": "import os"}, service=service)
    assert found is not None
    assert found.link.kind is LinkKind.RUNS


def test_run_parts_takes_what_debian_and_others_take() -> None:
    system = machine({"/etc/cron.hourly/ghost.sh": f"#!/bin/sh\ncd {DIRECTORY}; {RUN} &\n"})
    assert follow(system, SERVICE, "run-parts /etc/cron.hourly", "/") is not None
    system.add_file("/etc/debian_version", b"12\n")
    assert follow(system, SERVICE, "run-parts /etc/cron.hourly", "/") is None
    system.add_file("/etc/cron.hourly/ghost", b"#!/bin/sh\n/etc/cron.hourly/ghost.sh\n", mode=0o755)
    assert follow(system, SERVICE, "cd / && run-parts --report /etc/cron.hourly", "/") is not None
    system.add_file("/etc/cron.hourly/ghost", b"#!/bin/sh\n/etc/cron.hourly/ghost.sh\n", mode=0o644)
    assert follow(system, SERVICE, "run-parts /etc/cron.hourly", "/") is None


@pytest.mark.parametrize(
    ("command", "confidence"),
    [
        (f"${{PYTHON:-python3}} -m {MODULE}", LIKELY),
        (f"$PYTHON -m {MODULE}", POSSIBLE),
        (f"{RUN} --port $PORT", LIKELY),
        (f"cd $SOMEWHERE && {RUN}", LIKELY),
        ("$HERE/scripts/start.sh", POSSIBLE),
        (f"D={DIRECTORY}; $D/scripts/start.sh", CERTAIN),
        ("~/start", LIKELY),
    ],
)
def test_how_sure_it_is(command: str, confidence: Confidence) -> None:
    system = machine(SCRIPTS)
    home = system.caller().home
    system.add_file(f"{home}/start", f"#!/bin/sh\n{DIRECTORY}/scripts/start.sh\n".encode(), mode=0o755)
    found = follow(system, SERVICE, command, DIRECTORY)
    assert found is not None
    assert found.confidence is confidence


def test_variables_that_are_given_are_used() -> None:
    given = (Variable("APP", DIRECTORY), Variable("HOME", "/home/ann"))
    system = machine(SCRIPTS)
    system.add_file("/home/ann/go", b"#!/bin/sh\n$APP/scripts/start.sh\n", mode=0o755)
    found = follow(system, SERVICE, "~/go", "/", given)
    assert hops(found) == ["/home/ann/go:2", f"{DIRECTORY}/scripts/start.sh:3"]


@pytest.mark.parametrize(
    ("manager", "command", "starts"),
    [
        ("systemd:ghost.service", "systemctl restart ghost", True),
        ("systemd:ghost.service", "systemctl --user start ghost.service", True),
        ("systemd:ghost.service", "service ghost restart", True),
        ("systemd:ghost.service", "/etc/init.d/ghost restart", True),
        ("systemd:ghost.service", "systemctl enable --now ghost", True),
        ("systemd:ghost.service", "systemctl enable ghost", False),
        ("systemd:ghost.service", "systemctl stop ghost", False),
        ("systemd:ghost.service", "systemctl is-active ghost", False),
        ("systemd:ghost.service", "systemctl restart ghost-backup", False),
        ("systemd:ghost.service", "echo systemctl restart ghost", False),
        ("launchd:com.x", "launchctl kickstart -k gui/501/com.x", True),
        ("launchd:com.x", "launchctl load ~/Library/LaunchAgents/com.x.plist", True),
        ("launchd:com.x", "launchctl bootout gui/501/com.x", False),
        ("supervisord:p", "supervisorctl -c /etc/s.conf restart p", False),
        ("supervisord:p", "supervisorctl restart p", True),
        ("supervisord:p", "supervisorctl restart p:*", True),
        ("supervisord:p", "supervisorctl restart all", True),
        ("pm2:p", "pm2 restart p --update-env", True),
        ("pm2:p", "pm2 describe p", False),
        ("runit:p", "sv restart /etc/service/p", True),
        ("none", "systemctl restart ghost", False),
    ],
)
def test_commands_to_the_profile_s_own_manager(manager: str, command: str, starts: bool) -> None:
    service = structs.replace(SERVICE, manager=manager)
    assert (trail(command, service=service) is not None) is starts


def test_scripts_that_call_each_other_end_and_loop() -> None:
    files = {
        f"{DIRECTORY}/a.sh": f"#!/bin/sh\n{RUN}\nsleep 1\n./b.sh\n",
        f"{DIRECTORY}/b.sh": "#!/bin/sh\nexec ./a.sh\n",
    }
    found = trail("./a.sh", files)
    assert hops(found) == [f"{DIRECTORY}/a.sh:2"]
    assert found is not None
    assert found.loops


def test_it_goes_six_scripts_deep_and_no_further() -> None:
    def chain(length: int) -> dict[str, str]:
        files = {f"{DIRECTORY}/s{n}": f"#!/bin/sh\n./s{n + 1}\n" for n in range(length - 1)}
        return files | {f"{DIRECTORY}/s{length - 1}": f"#!/bin/sh\n{RUN}\n"}

    assert len(hops(trail("./s0", chain(6)))) == 6
    assert trail("./s0", chain(9)) is None


def test_a_script_that_branches_without_end_is_bounded() -> None:
    files = {
        f"{DIRECTORY}/s{n}": "#!/bin/sh\n" + "".join(f"./s{n + 1} {each}\n" for each in range(30))
        for n in range(5)
    }
    assert trail("./s0", files) is None


def test_what_cannot_be_read_is_said() -> None:
    system = machine()
    system.add_file(f"{DIRECTORY}/secret.sh", b"", mode=0o700, unreadable=True)
    found = search(system, SERVICE, "./secret.sh; ./missing.sh", DIRECTORY)
    assert found.trail is None
    assert len(found.problems) == 1
    assert f"{DIRECTORY}/secret.sh" in found.problems[0]


def test_binaries_and_the_system_s_own_programs_are_not_read() -> None:
    system = machine({"/usr/bin/tool": f"#!/bin/sh\n{RUN}\n"})
    system.add_file(f"{DIRECTORY}/binary", b"\x7fELF\0\0" + RUN.encode(), mode=0o755)
    assert search(system, SERVICE, "tool; /usr/bin/tool; ./binary", DIRECTORY) == search(
        system, SERVICE, "true", DIRECTORY
    )


def test_the_surest_start_is_the_one_that_is_told() -> None:
    found = search(machine(), SERVICE, f"$X -m {MODULE}\nwhile :; do {RUN}; done\n{RUN}", DIRECTORY)
    assert found.trail is not None
    assert (found.trail.confidence, found.trail.loops) == (CERTAIN, True)


@pytest.mark.parametrize(
    ("text", "again"),
    [
        (f"{RUN} || {RUN} --safe", True),
        (f"{RUN}\nsleep 1\n{RUN}", True),
        (f"for i in 1 2 3; do {RUN}; done", True),
        (f"if [ $X ]; then {RUN} --a; else {RUN} --b; fi", False),
        (f"case $X in a) {RUN} --a;; *) {RUN} --b;; esac", False),
        (f"{RUN} &\n{RUN} &", False),
        (f"exec {RUN}\n{RUN}", False),
        (RUN, False),
    ],
)
def test_whether_a_second_start_follows_the_first(text: str, again: bool) -> None:
    assert search(machine(), SERVICE, text, DIRECTORY).again is again


def test_a_loop_of_its_own_is_told_from_one_further_down() -> None:
    system = machine(SCRIPTS)
    inner = search_argv(system, SERVICE, ("bash", "scripts/watchdog.sh"), DIRECTORY).trail
    outer = search_argv(system, SERVICE, ("sh", "-c", "scripts/watchdog.sh"), DIRECTORY).trail
    assert inner is not None
    assert outer is not None
    assert (inner.own_loop is None, outer.own_loop is None) == (False, True)
    assert outer.loops
