"""A genuine systemd, as PID 1 of a throw-away machine."""

import sys
from collections.abc import Iterator

import pytest

from ghostfix.model.job import LinkKind
from ghostfix.model.reading import Confidence
from ghostfix.model.service import Service
from tests.real.restarter_bench import (
    ROOT,
    MachineBench,
    becomes,
    digest,
    end_instances,
    found,
    ghost,
    look,
    machine,
    no_systemd,
    put_through,
    sh,
    stays_away,
)

HOME = "/srv/ghost"
UNITS = "/etc/systemd/system"
RUN = f"ExecStart=/usr/bin/python3 {HOME}/ghost.py"


REASON = no_systemd()
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.skipif(REASON is not None, reason=REASON or "")]


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MachineBench]:
    with machine(tmp_path_factory.mktemp("systemd") / "machine") as bench:
        yield bench


@pytest.fixture
def bench(booted: MachineBench) -> Iterator[MachineBench]:
    """The machine, with all units of the test before taken away."""
    before = digest(booted, UNITS)
    yield booted
    sh(
        booted,
        # Twice: what upholds or triggers another one may start it again meanwhile.
        "systemctl stop 'ghost*'; systemctl stop 'ghost*'; "
        f"find {UNITS} -name '*ghost*' -prune -exec rm -rf {{}} +; rm -rf /run/systemd/transient/ghost*; "
        "systemctl daemon-reload; systemctl reset-failed; rm -rf /srv/ghost; "
        f"find {UNITS} -depth -mindepth 1 -type d -empty -delete",
    )
    for pid in booted.running(ghost(booted, HOME)):  # the copies that a test started by hand
        assert pid > 1
        sh(booted, f"kill -KILL {pid}; true")
    assert digest(booted, UNITS) == before


@pytest.fixture
def service(bench: MachineBench) -> Service:
    return ghost(bench, HOME)


def unit(bench: MachineBench, name: str, *lines: str) -> None:
    text = "\n".join(lines)
    path = f"{UNITS}/{name}"
    sh(bench, f"mkdir -p $(dirname {path}) && cat > {path} <<'END'\n{text}\nEND\nsystemctl daemon-reload")


def restarting(bench: MachineBench, *more: str) -> None:
    """ghost.service, restarted 0.2 s after it ends; enabled and running."""
    unit(
        bench,
        "ghost.service",
        "[Service]",
        "# what it runs",
        RUN,
        "Restart=always",
        "RestartSec=0.2",
        *more,
        "[Install]",
        "WantedBy=multi-user.target",
    )
    sh(bench, "systemctl enable --now ghost.service")


def test_a_unit_that_restarts_the_service(bench: MachineBench, service: Service) -> None:
    restarting(bench)
    becomes(lambda: len(bench.running(service)) == 1, "the unit starts the service")
    job = found(bench, "systemd", service, "ghost.service")
    assert (job.scope, str(job.where)) == ("system", f"{UNITS}/ghost.service:3")
    assert job.trigger == "when it ends, however it ends (Restart=always), at boot (multi-user.target)"
    assert (job.enabled, job.restarts_on_exit, job.link.kind) == (True, True, LinkKind.RUNS)
    assert job.confidence is Confidence.CERTAIN
    assert job.starts == bench.running(service)
    put_through(bench, service, job, 0.2, "/etc/systemd")
    assert found(bench, "systemd", service, "ghost.service").starts == bench.running(service)


def test_a_unit_that_is_edited_and_reloaded_between_plan_and_step(
    bench: MachineBench, service: Service
) -> None:
    """By then it runs somebody else's program, which must go on."""
    restarting(bench)
    becomes(lambda: len(bench.running(service)) == 1, "the unit starts the service")
    job = found(bench, "systemd", service, "ghost.service")
    sh(
        bench,
        f"sed -i 's|^ExecStart=.*|ExecStart=/bin/sleep 1000|' {UNITS}/ghost.service && "
        "systemctl daemon-reload && systemctl restart ghost.service",
    )
    with pytest.raises(AssertionError, match="have changed since the plan was made"):
        bench.hold(job)
    assert sh(bench, "systemctl is-active ghost.service").strip() == "active"
    assert sh(bench, "systemctl show -p DropInPaths --value ghost.service").strip() == ""
    assert found_none(bench, service)


def found_none(bench: MachineBench, service: Service) -> bool:
    return not any(job.id == "ghost.service" for job in look(bench, "systemd", service))


def test_a_hand_made_link_survives_the_hold(bench: MachineBench, service: Service) -> None:
    unit(bench, "ghost.service", "[Service]", RUN, "Restart=on-failure", "RestartSec=0.2")
    sh(
        bench,
        f"mkdir -p {UNITS}/multi-user.target.wants && "
        f"ln -s ../ghost.service {UNITS}/multi-user.target.wants/ghost.service && "
        "systemctl daemon-reload && systemctl start ghost",
    )
    job = found(bench, "systemd", service, "ghost.service")
    assert job.trigger == "when it fails (Restart=on-failure), at boot (multi-user.target)"
    put_through(bench, service, job, 0.2, "/etc/systemd")


def test_a_drop_in_overrules_the_file(bench: MachineBench, service: Service) -> None:
    unit(bench, "ghost.service", "[Service]", "ExecStart=/bin/false", "Restart=no")
    unit(
        bench,
        "ghost.service.d/50-run.conf",
        "[Service]",
        "ExecStart=",
        RUN,
        "Restart=always",
        "RestartSec=0.2",
    )
    sh(bench, "systemctl start ghost")
    job = found(bench, "systemd", service, "ghost.service")
    assert str(job.where) == f"{UNITS}/ghost.service.d/50-run.conf:3"
    assert job.trigger == "when it ends, however it ends (Restart=always)"
    put_through(bench, service, job, 0.2, "/etc/systemd")


def test_an_instance_of_a_template(bench: MachineBench, service: Service) -> None:
    lines = ("[Service]", f"WorkingDirectory={HOME}", "ExecStart=/usr/bin/python3 %i.py", "Restart=always")
    unit(bench, "ghost-runs@.service", *lines, "RestartSec=0.2", "[Install]", "WantedBy=multi-user.target")
    sh(bench, "systemctl enable --now ghost-runs@ghost.service ghost-runs@other.service")
    (job,) = look(bench, "systemd", service)
    assert (job.id, str(job.where)) == ("ghost-runs@ghost.service", f"{UNITS}/ghost-runs@.service:3")
    assert job.starts == bench.running(service)
    put_through(bench, service, job, 0.2, "/etc/systemd")


def test_a_unit_that_runs_a_script(bench: MachineBench, service: Service) -> None:
    sh(
        bench,
        f"printf '#!/bin/sh\\ncd %s\\nexec python3 ghost.py\\n' {HOME} > {HOME}/start.sh; "
        f"chmod 755 {HOME}/start.sh",
    )
    unit(
        bench,
        "ghost.service",
        "[Service]",
        "Environment=PLACE=/srv/ghost",
        "ExecStart=/bin/sh -c '${PLACE}/start.sh'",
        "Restart=always",
        "RestartSec=0.2",
    )
    sh(bench, "systemctl start ghost")
    becomes(lambda: len(bench.running(service)) == 1, "the script starts the service")
    job = found(bench, "systemd", service, "ghost.service")
    assert [str(hop) for hop in job.link.hops] == [f"{HOME}/start.sh:3"]
    assert job.starts == bench.running(service)


def test_a_timer(bench: MachineBench, service: Service) -> None:
    unit(bench, "ghost.service", "[Service]", RUN)
    unit(
        bench,
        "ghost.timer",
        "[Timer]",
        "OnActiveSec=0.1",
        "OnUnitInactiveSec=0.5",
        "AccuracySec=1ms",
        "[Install]",
        "WantedBy=timers.target",
    )
    sh(bench, "systemctl enable --now ghost.timer")
    becomes(lambda: len(bench.running(service)) == 1, "the timer starts the service")
    job = found(bench, "systemd", service, "ghost.timer")
    assert (job.enabled, job.restarts_on_exit) == (True, True)
    assert str(job.where) == f"{UNITS}/ghost.timer:2"
    assert job.trigger == "by its timer: OnActiveSec=0.1, OnUnitInactiveSec=0.5"
    started = found(bench, "systemd", service, "ghost.service")
    assert (started.enabled, started.starts) == (False, bench.running(service))
    put_through(bench, service, job, 0.5, "/etc/systemd")


def test_a_socket(bench: MachineBench, service: Service) -> None:
    unit(bench, "ghost.service", "[Service]", RUN, "Restart=always", "RestartSec=0.2")
    unit(bench, "ghost.socket", "[Socket]", "ListenStream=/run/ghost.socket")
    sh(bench, "systemctl start ghost.socket ghost.service")
    jobs = look(bench, "systemd", service)
    assert [(job.id, job.enabled) for job in jobs] == [("ghost.service", True), ("ghost.socket", True)]
    before = digest(bench, "/etc/systemd")
    acts = tuple(act for job in jobs for act in bench.hold(job))
    stays_away(bench, service, 1)
    knock = "python3 -c \"import socket; socket.socket(socket.AF_UNIX).connect('/run/ghost.socket')\""
    assert bench.run(knock).status != 0
    bench.release(acts)
    becomes(lambda: len(bench.running(service)) == 1, "released, it comes back")
    end_instances_and_see_it_back(bench, service)
    assert bench.run("systemctl is-active ghost.socket").output == "active\n"
    assert digest(bench, "/etc/systemd") == before


def end_instances_and_see_it_back(bench: MachineBench, service: Service) -> None:
    (pid,) = bench.running(service)
    sh(bench, f"kill -KILL {pid}")
    becomes(lambda: bench.running(service) not in ((), (pid,)), "it is restarted")


def test_a_path(bench: MachineBench, service: Service) -> None:
    unit(bench, "ghost.service", "[Service]", RUN)
    unit(bench, "ghost.path", "[Path]", f"PathExists={HOME}/ghost.py")
    sh(bench, "systemctl start ghost.path")
    becomes(lambda: len(bench.running(service)) == 1, "the path starts the service")
    job = found(bench, "systemd", service, "ghost.path")
    assert (job.enabled, job.restarts_on_exit) == (True, True)
    assert job.trigger == f"by its path: PathExists={HOME}/ghost.py"
    put_through(bench, service, job, 0.2, "/etc/systemd")


def test_a_unit_that_is_upheld(bench: MachineBench, service: Service) -> None:
    unit(bench, "ghost.service", "[Service]", RUN)
    unit(
        bench,
        "ghost-up.service",
        "[Unit]",
        "Upholds=ghost.service",
        "[Service]",
        "Type=oneshot",
        "RemainAfterExit=yes",
        "ExecStart=/bin/true",
    )
    sh(bench, "systemctl start ghost-up.service")
    becomes(lambda: len(bench.running(service)) == 1, "it is upheld")
    job = found(bench, "systemd", service, "ghost.service")
    assert job.trigger == "whenever it is down (upheld by ghost-up.service)"
    assert (job.enabled, job.restarts_on_exit) == (True, True)
    put_through(bench, service, job, 0.5, "/etc/systemd")


def test_a_transient_unit_is_put_back(bench: MachineBench, service: Service) -> None:
    sh(
        bench,
        "systemd-run --unit=ghost-run --property=Restart=always --property=RestartSec=0.2 "
        f"python3 {HOME}/ghost.py",
    )
    becomes(lambda: len(bench.running(service)) == 1, "systemd-run starts the service")
    job = found(bench, "systemd", service, "ghost-run.service")
    assert str(job.where) == "/run/systemd/transient/ghost-run.service:9"
    assert (job.enabled, job.starts) == (True, bench.running(service))
    put_through(bench, service, job, 0.2, "/etc/systemd", "/run/systemd/transient")


def test_a_transient_timer_is_put_back(bench: MachineBench, service: Service) -> None:
    sh(
        bench,
        "systemd-run --unit=ghost-run --on-active=0.1 --on-unit-inactive=0.3 "
        f"--timer-property=AccuracySec=1ms python3 {HOME}/ghost.py",
    )
    becomes(lambda: len(bench.running(service)) == 1, "the timer starts the service")
    job = found(bench, "systemd", service, "ghost-run.timer")
    put_through(bench, service, job, 0.5, "/etc/systemd", "/run/systemd/transient")


def test_a_process_that_outlives_its_unit(bench: MachineBench, service: Service) -> None:
    unit(
        bench,
        "ghost.service",
        "[Service]",
        f"ExecStart=/bin/sh -c 'cd {HOME}; python3 ghost.py & sleep 1000'",
        "KillMode=process",
        "Restart=always",
        "RestartSec=0.2",
    )
    sh(bench, "systemctl start ghost.service")
    becomes(lambda: len(bench.running(service)) == 1, "it is started")
    job = found(bench, "systemd", service, "ghost.service")
    assert job.starts == bench.running(service)
    sh(bench, "systemctl stop ghost.service")
    job = found(bench, "systemd", service, "ghost.service")
    assert (job.enabled, job.starts) == (False, bench.running(service))
    end_instances(bench, service)


def test_a_start_limit_that_was_hit_is_told(bench: MachineBench, service: Service) -> None:
    sh(bench, f"echo 'raise SystemExit(1)' > {HOME}/ghost.py")
    unit(bench, "ghost.service", "[Service]", RUN, "Restart=always", "RestartSec=0.01")
    sh(bench, "systemctl start ghost.service")
    becomes(lambda: "failed" in bench.run("systemctl is-failed ghost").output, "systemd gives up")
    job = found(bench, "systemd", service, "ghost.service")
    assert "restarted 5 times so far" in job.trigger
    assert "start limit hit: systemd has given up for now" in job.trigger
    assert not job.enabled


def test_a_masked_unit_is_not_armed(bench: MachineBench, service: Service) -> None:
    name = "ghost-packaged.service"
    sh(
        bench,
        f"printf '[Service]\\n{RUN}\\nRestart=always\\n' > /lib/systemd/system/{name}; "
        f"systemctl daemon-reload; systemctl start {name}; systemctl mask {name}",
    )
    try:
        becomes(lambda: len(bench.running(service)) == 1, "it runs")
        job = found(bench, "systemd", service, name)
        assert (job.enabled, job.starts) == (False, bench.running(service))
        assert job.trigger.endswith("; masked")
    finally:
        sh(bench, f"systemctl unmask {name}; systemctl stop {name}; rm /lib/systemd/system/{name}")


def test_a_unit_that_a_generator_made(bench: MachineBench, service: Service) -> None:
    """An init script: systemd makes a unit of it, and a link that starts it at boot."""
    script = "#!/bin/sh\n### BEGIN INIT INFO\n# Provides: ghost-old\n# Required-Start:\n# Required-Stop:\n"
    script += "# Default-Start: 2 3 4 5\n# Default-Stop: 0 1 6\n### END INIT INFO\n"
    script += f'case "$1" in start) cd {HOME}; python3 ghost.py & ;; esac\n'
    sh(
        bench,
        f"cat > /etc/init.d/ghost-old <<'END'\n{script}END\nchmod 755 /etc/init.d/ghost-old; "
        "mkdir -p /etc/rc2.d; ln -s ../init.d/ghost-old /etc/rc2.d/S01ghost-old; "
        "systemctl daemon-reload; systemctl start ghost-old",
    )
    try:
        becomes(lambda: len(bench.running(service)) == 1, "it is started")
        job = found(bench, "systemd", service, "ghost-old.service")
        assert (job.enabled, job.restarts_on_exit) == (True, False)
        assert job.trigger == "at boot (multi-user.target)"
        assert job.where is not None
        assert job.where.file == "/run/systemd/generator.late/ghost-old.service"
        assert job.starts == bench.running(service)
        put_through(bench, service, job, 0.5, "/etc/systemd")
    finally:
        sh(bench, "systemctl stop ghost-old; rm /etc/init.d/ghost-old; rm -r /etc/rc2.d")
        end_instances(bench, service)


def test_a_unit_that_is_not_enabled_is_known(bench: MachineBench, service: Service) -> None:
    unit(bench, "ghost.service", "[Service]", RUN, "Restart=always")
    job = found(bench, "systemd", service, "ghost.service")
    assert (job.enabled, job.restarts_on_exit) == (False, True)


def test_what_runs_in_the_group_of_another_unit_is_not_its_own(bench: MachineBench, service: Service) -> None:
    """As after a line of cron: the daemon that ran it is not what starts the service again."""
    unit(
        bench,
        "ghost-host.service",
        "[Service]",
        f"ExecStart=/usr/bin/python3 -c \"import runpy; runpy.run_path('{HOME}/host')\"",
        "Restart=always",
    )
    sh(
        bench,
        f'printf \'import subprocess, time\\nsubprocess.Popen(["python3", "{HOME}/ghost.py"])\\n'
        f"time.sleep(999)\\n' > {HOME}/host; systemctl start ghost-host",
    )
    becomes(lambda: len(bench.running(service)) == 1, "it is started")
    for job in look(bench, "systemd", service):
        assert (job.id, job.confidence) == ("ghost-host.service", Confidence.POSSIBLE)


def test_what_stops_with_the_unit_comes_back_with_it(bench: MachineBench, service: Service) -> None:
    restarting(bench)
    unit(
        bench,
        "ghost-worker.service",
        "[Unit]",
        "Requires=ghost.service",
        "[Service]",
        "ExecStart=/bin/sleep 999",
    )
    sh(bench, "systemctl start ghost-worker")
    job = found(bench, "systemd", service, "ghost.service")
    acts = bench.hold(job)
    assert bench.run("systemctl is-active ghost-worker").output == "inactive\n"
    bench.release(acts)
    becomes(lambda: bench.run("systemctl is-active ghost-worker").output == "active\n", "it is started, too")


def test_a_systemd_that_does_not_answer_is_told(bench: MachineBench, service: Service) -> None:
    restarting(bench)
    sh(bench, "mv /run/systemd/private /run/systemd/away; mv /run/dbus /run/dbus-away")
    try:
        reading = bench.look("systemd", service)
    finally:
        sh(bench, "mv /run/systemd/away /run/systemd/private; mv /run/dbus-away /run/dbus")
    assert (reading.complete, reading.value) == (False, ())
    assert (reading.problem or "").startswith("systemctl did not answer for system: ")


PROFILE = f"""[services.ghost]
directory = "{HOME}"
script = "ghost.py"
manager = "systemd:ghost.service"
start = ["/usr/bin/python3", "{HOME}/ghost.py"]
"""


def ghostfix(bench: MachineBench, arguments: str) -> str:
    """Runs the program in the service's folder of the machine."""
    answer = bench.run(
        f"cd {HOME} && COLUMNS=120 PYTHONPATH={ROOT} HOME=/root {sys.executable} -m ghostfix {arguments}"
    )
    return f"{answer.output}\n=> {answer.status}"


def test_repair_stops_the_copy_and_leaves_the_units_own_instance(
    bench: MachineBench, service: Service
) -> None:
    restarting(bench)
    sh(bench, f"cat > {HOME}/ghostfix.toml <<'END'\n{PROFILE}END")
    (own,) = found(bench, "systemd", service, "ghost.service").starts
    sh(bench, f"cd {HOME}; setsid /usr/bin/python3 {HOME}/ghost.py > /dev/null 2>&1 &")
    becomes(lambda: len(bench.running(service)) == 2, "a copy is started by hand")
    told = ghostfix(bench, "repair --yes --hold-for 1s")
    assert "=> 0" in told, told
    assert bench.running(service) == (own,)
    assert "zz-ghostfix" not in digest(bench, "/etc/systemd")
    assert found(bench, "systemd", service, "ghost.service").enabled


def test_repair_starts_what_is_down_through_its_unit(bench: MachineBench, service: Service) -> None:
    restarting(bench)
    sh(bench, f"cat > {HOME}/ghostfix.toml <<'END'\n{PROFILE}END\nsystemctl stop ghost.service")
    sh(bench, f"cd {HOME}; setsid /usr/bin/python3 {HOME}/ghost.py > /dev/null 2>&1 &")
    sh(bench, f"cd {HOME}; setsid /usr/bin/python3 {HOME}/ghost.py > /dev/null 2>&1 &")
    becomes(lambda: len(bench.running(service)) == 2, "two copies are started by hand")
    told = ghostfix(bench, "repair --yes --hold-for 1s")
    assert "=> 0" in told, told
    job = found(bench, "systemd", service, "ghost.service")
    assert len(job.starts) == 1
    assert job.starts == bench.running(service)
    assert "restart systemd unit ghost.service" in told


def test_repair_and_undo_of_a_unit_that_the_profile_does_not_name(
    bench: MachineBench, service: Service
) -> None:
    restarting(bench)
    profile = PROFILE.replace('manager = "systemd:ghost.service"\n', "")
    sh(bench, f"cat > {HOME}/ghostfix.toml <<'END'\n{profile}END")
    sh(bench, f"cd {HOME}; setsid /usr/bin/python3 {HOME}/ghost.py > /dev/null 2>&1 &")
    becomes(lambda: len(bench.running(service)) == 2, "a copy is started by hand")
    before = digest(bench, "/etc/systemd")
    told = ghostfix(bench, "repair --yes --hold-for 1s")
    assert "=> 0" in told, told
    assert len(bench.running(service)) == 1
    held = found(bench, "systemd", service, "ghost.service")
    assert (held.enabled, held.starts) == (False, ())
    told = ghostfix(bench, "undo --yes")
    assert "=> 0" in told, told
    becomes(
        lambda: len(found(bench, "systemd", service, "ghost.service").starts) == 1,
        "the unit runs the service again, beside the copy that stayed",
    )
    assert len(bench.running(service)) == 2
    assert digest(bench, "/etc/systemd") == before


def test_a_look_does_not_start_what_sleeps_behind_a_socket(bench: MachineBench) -> None:
    """Its start would fail, and so often that systemd gives the socket up: looking must not connect."""
    sh(
        bench,
        f"mkdir -p {HOME} && touch {HOME}/ghost.py && cat > {HOME}/ghostfix.toml <<'END'\n"
        "[services.ghost]\n"
        'script = "ghost.py"\n'
        "ports = [18404]\n"
        'manager = "systemd:ghost.service"\n'
        'health = { url = "http://127.0.0.1:18404/", timeout = 2 }\n'
        'webhook = { url = "http://127.0.0.1:18404/hook", timeout = 2 }\n'
        "END",
    )
    unit(bench, "ghost.socket", "[Socket]", "ListenStream=127.0.0.1:18404")
    unit(bench, "ghost.service", "[Unit]", "ConditionPathExists=/etc/no-such.conf", "[Service]", RUN)
    sh(bench, "systemctl start ghost.socket")
    look = f"cd {HOME} && {sys.executable} -m ghostfix diagnose --probe-webhook --format json; true"
    said = sh(bench, look)
    assert sh(bench, "systemctl show ghost.socket -p ActiveState --value").strip() == "active"
    tried = sh(bench, "systemctl show ghost.service -p ConditionTimestamp --value")
    assert tried.strip() == ""  # systemd was never asked to start it
    assert '"verdict": "healthy"' in said, said[:2000]
    assert "it sleeps until its first connection, and to ask would be one" in said
