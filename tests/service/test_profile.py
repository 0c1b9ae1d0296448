from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfix.model.errors import ExitCode, ProfileError
from ghostfix.model.machine import Caller, Signal
from ghostfix.model.service import Limits, Service
from ghostfix.service.profile import built_in_names, load, trust
from tests.fake_system import FakeSystem

MINIMAL = '[services.web]\nmodule = "web.main"\n'
FOLDER = "/srv/shop/app"


def machine(path: str = "", text: str = "", cwd: str = FOLDER, uid: int | None = None) -> FakeSystem:
    """A machine with one file on it; ghostfix is called in ``cwd``."""
    plain = FakeSystem().caller()
    caller = Caller(
        uid=plain.uid if uid is None else uid,
        gid=plain.gid if uid is None else uid,
        user=plain.user,
        home=plain.home,
        cwd=cwd,
        pid=plain.pid,
        ancestors=plain.ancestors,
    )
    system = FakeSystem(caller=caller)
    system.add_folder(cwd)
    if path:
        system.add_file(path, text.encode())
    return system


def refused(text: str, config: str | None = None, name: str | None = None) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        load(machine(f"{FOLDER}/ghostfix.toml", text), name, config)
    assert caught.value.exit_code == ExitCode.USAGE
    return caught.value


# where it is found


def test_without_any_file_the_built_in_ghost_runner_is_used() -> None:
    (service,) = load(machine(), None, None)
    assert (service.name, service.profile, service.directory) == (
        "ghost-runner",
        "built-in ghost-runner",
        FOLDER,
    )
    assert service.module == "gpt_cursor_runner.main"
    assert (service.limits.processes, service.ports) == (300, (5555,))
    assert service.health is not None
    assert service.health.expect == {"components.ghost_runner": "up"}
    assert service.webhook is not None
    assert service.webhook.expect_status == (200, 202)


@pytest.mark.parametrize("name", built_in_names())
def test_every_built_in_profile_is_valid(name: str) -> None:
    (service,) = load(machine(), name, None)
    assert service.name == name


def test_the_nearest_file_above_is_used_and_relative_folders_start_beside_it() -> None:
    system = machine("/srv/shop/ghostfix.toml", MINIMAL + 'directory = "app/../back"\n')
    system.add_file("/srv/ghostfix.toml", b"this would be an error")
    (service,) = load(system, None, None)
    assert (service.profile, service.directory) == ("/srv/shop/ghostfix.toml", "/srv/shop/back")


def test_pyproject_counts_when_it_has_a_table_for_ghostfix() -> None:
    system = machine(f"{FOLDER}/pyproject.toml", '[project]\nname = "ghostfix"\n')
    system.add_file("/srv/shop/pyproject.toml", b'[tool.ghostfix.services.web]\nscript = "web.py"\n')
    (service,) = load(system, None, None)
    assert (service.profile, service.script) == ("/srv/shop/pyproject.toml", "web.py")


def test_somebody_elses_broken_pyproject_is_none_of_our_business() -> None:
    (service,) = load(machine(f"{FOLDER}/pyproject.toml", "[broken"), None, None)
    assert service.profile == "built-in ghost-runner"


def test_a_ghostfix_toml_comes_before_a_pyproject_beside_it() -> None:
    system = machine(f"{FOLDER}/pyproject.toml", '[tool.ghostfix.services.web]\nscript = "web.py"\n')
    system.add_file(f"{FOLDER}/ghostfix.toml", MINIMAL.encode())
    assert load(system, None, None)[0].profile == f"{FOLDER}/ghostfix.toml"


@pytest.mark.parametrize("base", ["", "/etc/own", "relative/is/ignored"])
def test_the_users_own_folder_comes_next_and_its_paths_start_at_home(base: str) -> None:
    system = machine()
    home = system.caller().home
    if base:
        system.variables["XDG_CONFIG_HOME"] = base
    folder = base if base.startswith("/") else f"{home}/.config"
    system.add_file(f"{folder}/ghostfix/ghostfix.toml", MINIMAL.encode())
    (service,) = load(system, None, None)
    assert (service.profile, service.directory) == (f"{folder}/ghostfix/ghostfix.toml", home)


def test_the_named_file_is_used_and_nothing_else() -> None:
    system = machine(f"{FOLDER}/ghostfix.toml", "broken = [")
    system.add_file(f"{FOLDER}/other/own.toml", MINIMAL.encode())
    (service,) = load(system, None, "other/own.toml")
    assert (service.profile, service.directory) == (f"{FOLDER}/other/own.toml", f"{FOLDER}/other")
    with pytest.raises(
        ProfileError, match=r"no service called `ghost-runner` in /srv/shop/app/other/own\.toml"
    ):
        load(system, "ghost-runner", "other/own.toml")


def test_a_named_pyproject_is_read_as_one() -> None:
    system = machine(f"{FOLDER}/x/pyproject.toml", '[tool.ghostfix.services.web]\nscript = "web.py"\n')
    assert load(system, None, "x/pyproject.toml")[0].script == "web.py"


def test_several_services_and_one_of_them() -> None:
    system = machine(f"{FOLDER}/ghostfix.toml", MINIMAL + '[services.job]\nscript = "job.py"\n')
    assert [service.name for service in load(system, None, None)] == ["web", "job"]
    assert [service.name for service in load(system, "job", None)] == ["job"]


def test_a_fault_of_another_service_does_not_hinder_the_one_that_is_named() -> None:
    system = machine(f"{FOLDER}/ghostfix.toml", MINIMAL + "[services.job]\nports = 1\n")
    assert [service.name for service in load(system, "web", None)] == ["web"]


def test_a_name_that_is_built_in_is_found_beside_a_file_that_has_it_not() -> None:
    system = machine(f"{FOLDER}/ghostfix.toml", MINIMAL)
    assert load(system, "ghost-runner", None)[0].profile == "built-in ghost-runner"


def test_a_name_that_does_not_exist_gets_the_nearest_one() -> None:
    error = refused(MINIMAL, name="wbe")
    assert "no service called `wbe`" in error.message
    assert error.hint == "did you mean `web`?"
    assert "ghost-runner" in refused(MINIMAL, name="zzz").hint


def test_home_is_filled_in() -> None:
    text = """
        [services.web]
        directory = "~/web"
        script = "$HOME/bin/web.py"
        pidfiles = ["${HOME}/run/*.pid", "pids/~x.pid"]
        logs = ["~/logs/web.log"]
        environment = { venv = "~/venv" }
    """
    system = machine(f"{FOLDER}/ghostfix.toml", text)
    home = system.caller().home
    (service,) = load(system, None, None)
    assert service.directory == f"{home}/web"
    assert service.script == f"{home}/bin/web.py"
    assert service.pidfiles == (f"{home}/run/*.pid", "pids/~x.pid")
    assert service.logs == (f"{home}/logs/web.log",)
    assert service.environment.venv == f"{home}/venv"


def test_nested_expectations_equal_dotted_keys() -> None:
    nested = 'expect = { components = { ghost_runner = "up", "deep.er" = { n = 1 } }, ok = true }'
    text = f'{MINIMAL}health = {{ url = "http://localhost/h", {nested} }}\n'
    (service,) = load(machine(f"{FOLDER}/ghostfix.toml", text), None, None)
    assert service.health is not None
    assert service.health.expect == {"components.ghost_runner": "up", "components.deep.er.n": 1, "ok": True}


def test_everything_else_is_taken_as_it_stands() -> None:
    text = MINIMAL + 'instances = 0\nmanager = "systemd:web.service"\nstop = { signal = "INT", grace = 0 }\n'
    (service,) = load(machine(f"{FOLDER}/ghostfix.toml", text), None, None)
    assert (service.instances, service.manager) == (0, "systemd:web.service")
    assert (service.stop.signal, service.stop.grace) == (Signal.INT, 0.0)


# what is wrong with it


@pytest.mark.parametrize(
    ("lines", "line", "key", "expected"),
    [
        ('instances = "two"', 3, "instances", 'expected a whole number, found the text "two"'),
        ("instances = -1", 3, "instances", "expected a whole number from 0 to 10000, found the number -1"),
        ("instances = true", 3, "instances", "expected a whole number, found true"),
        ("ports = 5555", 3, "ports", "expected a list in [brackets], found the number 5555"),
        ("ports = [\n  80,\n  99999,\n]", 3, "ports[1]", "expected a port from 1 to 65535"),
        ("ports = [0]", 3, "ports[0]", "from 1 to 65535"),
        ('pidfiles = "x.pid"', 3, "pidfiles", 'expected a list in [brackets], found the text "x.pid"'),
        ('pidfiles = [""]', 3, "pidfiles[0]", "expected a path"),
        ("limits = { processes = 0 }", 3, "limits.processes", "expected a number above 0"),
        ("[services.web.limits]\nzombies = 1\nprocesses = 'x'", 5, "limits.processes", "a whole number"),
        ("limits = { memory_percent = 140 }", 3, "limits.memory_percent", "expected a percentage up to 100"),
        ("limits = { load_per_cpu = nan }", 3, "limits.load_per_cpu", "expected a number above 0"),
        ('limits = { service_memory = "lots" }', 3, "limits.service_memory", "expected a size of 1M or more"),
        ('limits = { service_memory = "512m" }', 3, "limits.service_memory", 'such as "512M" or "2G"'),
        ('limits = { service_memory = "1K" }', 3, "limits.service_memory", "expected a size of 1M or more"),
        ("limits = { service_memory = 512 }", 3, "limits.service_memory", 'text in "quotes"'),
        ("limits = { service_open_files = 0 }", 3, "limits.service_open_files", "a number above 0"),
        ("limits = { service_processes = 1.5 }", 3, "limits.service_processes", "a whole number"),
        ('limits = "many"', 3, "limits", 'expected a table, found the text "many"'),
        ('health = { url = "ftp://x/" }', 3, "health.url", "expected an http:// or https:// URL with a host"),
        ('health = { url = "http://" }', 3, "health.url", "with a host"),
        ('health = { url = "http://[::1" }', 3, "health.url", "with a host"),
        ('health = { url = "http://h:99999/" }', 3, "health.url", "with a host"),
        ('health = { url = "http://h/a b" }', 3, "health.url", "with a host"),
        ("health = { timeout = 2 }", 3, "health", "url is missing"),
        ('health = { url = "http://h/", timeout = 0 }', 3, "health.timeout", "expected seconds"),
        ('health = { url = "http://h/", timeout = inf }', 3, "health.timeout", "expected seconds"),
        (
            'health = { url = "http://h/", expect = { a = { b = [1] } } }',
            3,
            "health.expect.a.b",
            "expected text, a number, true or false, found a list",
        ),
        ('webhook = { url = "http://h/", expect_status = [20] }', 3, "webhook.expect_status[0]", "to 599"),
        ('webhook = { url = "http://h/", expect_status = [] }', 3, "webhook.expect_status", "at least one"),
        ('manager = "systemd"', 3, "manager", 'expected "none", "cron" or "KIND:ID"'),
        ('environment = { requires = ["--index-url=x"] }', 3, "environment.requires[0]", "a distribution"),
        ('environment = { venv = "" }', 3, "environment.venv", "expected a folder"),
        ('stop = { signal = "SIGTREM" }', 3, "stop.signal", "expected one of TERM, KILL"),
        ('stop = { signal = "STOP" }', 3, "stop.signal", "expected one of TERM, KILL"),
        ("stop = { grace = 1e9 }", 3, "stop.grace", "expected seconds"),
        ('directory = "~bob/x"', 3, "directory", "only ~ for your own home folder"),
        ('directory = "a\\u0000b"', 3, "directory", "without NUL"),
        ('script = "x.py"', 2, "module", "expected only one of"),
        ('start = [""]', 3, "start[0]", "expected a program's name"),
    ],
)  # fmt: skip
def test_says_where_and_what_was_expected(lines: str, line: int, key: str, expected: str) -> None:
    error = refused(f"{MINIMAL}{lines}\n")
    where = error.message.removeprefix(f"{FOLDER}/ghostfix.toml:")
    if key == "module":
        assert where.startswith("3: services.web.script: ")
    else:
        assert where.startswith(f"{line}: services.web.{key}: ")
    assert expected in error.message


@pytest.mark.parametrize(
    ("lines", "key", "hint"),
    [
        ("port = [80]", "services.web.port", "did you mean `ports`?"),
        (
            "limits = { service_procs = 3 }",
            "services.web.limits.service_procs",
            "did you mean `service_processes`?",
        ),
        ("limits = { proceses = 3 }", "services.web.limits.proceses", "did you mean `processes`?"),
        ('stop = { signal = "SIGTERM" }', "services.web.stop.signal", "did you mean `TERM`?"),
        ('[servces.x]\nmodule = "x"', "servces", "did you mean `services`?"),
        ("zzzzzz = 1", "services.web.zzzzzz", "there are: directory, module"),
    ],
)
def test_gives_the_nearest_right_name(lines: str, key: str, hint: str) -> None:
    error = refused(f"{MINIMAL}{lines}\n")
    assert f": {key}: " in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[services.web]\nmodule = \n", "ghostfix.toml:2:10: is not valid TOML: Invalid value"),
        ("[services.web\n", "ghostfix.toml:1:14: is not valid TOML"),
        ('[services.web]\nmodule = "x', "is not valid TOML"),
        ("a = 1\na = 2\n", "ghostfix.toml:2:6: is not valid TOML: Cannot overwrite a value"),
        ("a = " + "[" * 5000, "nested too deeply"),
        ("a = " + "9" * 5000, "is not valid TOML"),
        ("", "names no service"),
        ("services = 3", "names no service"),
        ("[services.web]\n", "ghostfix.toml:1: services.web: nothing says how to recognise an instance"),
        ("[services]\nweb = 3\n", "ghostfix.toml:2: services.web: expected a table, found the number 3"),
        ('[services."a b"]\nmodule = "x"\n', 'services."a b": a service\'s name has letters'),
        ('[services.web]\nmodule = ""\n', "expected a dotted module name"),
        ('[services.web]\nscript = ""\n', "expected text that is not empty"),
        ('[services.web]\nmodule = "a b"\n', "expected a dotted module name"),
        ('[services.web]\nmatch = "("\n', "is not a regular expression"),
        ("[services.web]\ncommand = [1]\n", "services.web.command[0]: expected text"),
        ('[services.web]\ncommand = ["", "x"]\n', "expected a program's name"),
    ],
)
def test_says_what_is_wrong_with_the_document(text: str, message: str) -> None:
    assert message in refused(text).message


def test_text_in_several_lines_does_not_mislead_the_line_number() -> None:
    text = '[services.web]\ncommand = ["""\nports = 1\n""", "x"]\nports = "none"\n'
    assert refused(text).message.startswith(f"{FOLDER}/ghostfix.toml:5: services.web.ports: ")


def test_a_hostile_value_cannot_forge_a_line() -> None:
    error = refused(f'{MINIMAL}manager = "\\u001b[2Jx\\nghostfix: all is well"\n')
    assert "\x1b" not in error.message
    assert "\n" not in error.message


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda system, path: system.add_file(path, b"[services]\n\xff = 1"),
            ":2: is not UTF-8 text (byte 0xff)",
        ),
        (lambda system, path: system.add_folder(path), "is a folder"),
        (lambda system, path: system.add_fifo(path), "is not a regular file"),
        (lambda system, path: system.add_file(path, MINIMAL.encode(), unreadable=True), "Permission denied"),
        (lambda system, path: system.add_file(path, b"# \n" * 400_000), "is larger than 1 MiB"),
        (lambda system, path: system.add_symlink(path, "/nowhere"), "No such file"),
    ],
)
def test_says_why_a_file_cannot_be_used(spoil: Callable[[FakeSystem, str], object], message: str) -> None:
    system = machine()
    path = f"{FOLDER}/ghostfix.toml"
    spoil(system, path)
    for config in (None, path):
        with pytest.raises(ProfileError) as caught:
            load(system, None, config)
        assert caught.value.message.startswith(path)
        assert message in caught.value.message
        assert caught.value.hint or "UTF-8" in message


def test_a_named_file_that_is_not_there() -> None:
    with pytest.raises(ProfileError, match=r"/srv/shop/app/none\.toml: there is no such file"):
        load(machine(), None, "none.toml")


@settings(max_examples=200)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
        st.tuples(
            st.sampled_from(
                ["ports", "limits", "health", "stop", "start", "match", "environment", "instances", "x"]
            ),
            st.recursive(
                st.sampled_from(
                    ['"a"', "1", "-1", "1.5", "nan", "true", "1979-05-27", '""', '"http://h/"', '"\\u0000"']
                ),
                lambda inner: st.one_of(
                    st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
                    st.dictionaries(
                        st.sampled_from(
                            ["url", "expect", "signal", "grace", "venv", "processes", "timeout", "zz"]
                        ),
                        inner,
                        max_size=3,
                    ).map(
                        lambda table: f"{{ {', '.join(f'{key} = {value}' for key, value in table.items())} }}"
                    ),
                ),
                max_leaves=6,
            ),
        ).map(lambda pair: f"{MINIMAL}{pair[0]} = {pair[1]}\n".encode()),
    )
)
def test_any_bytes_are_a_profile_or_an_error(content: bytes) -> None:
    system = machine()
    system.add_file(f"{FOLDER}/ghostfix.toml", content)
    try:
        answer = load(system, None, None)[0].name
    except ProfileError as error:
        answer = error.message
    assert answer.isprintable()


# whether it is to be trusted


def trusted(mode: int = 0o644, owner: int = 1000, caller: int = 1000, folder_mode: int = 0o755) -> str | None:
    system = machine(uid=caller)
    system.add_folder(FOLDER, folder_mode, owner)
    file = system.add_file(f"{FOLDER}/ghostfix.toml", MINIMAL.encode(), mode, owner)
    file.gid = owner
    system.files[FOLDER].gid = owner
    refusal = trust(system, Service(name="web", profile=f"{FOLDER}/ghostfix.toml", directory=FOLDER))
    return None if refusal is None else refusal.reason


def test_a_profile_of_ones_own_is_trusted() -> None:
    assert trusted() is None
    assert trusted(owner=0, caller=0) is None
    assert trusted(owner=0, caller=1000) is None
    assert trusted(mode=0o664) is None
    assert trusted(folder_mode=0o1777) is None


def test_the_built_in_profile_is_trusted() -> None:
    system = machine()
    assert trust(system, load(system, None, None)[0]) is None


def test_what_others_may_write_is_not_trusted() -> None:
    assert "written by everybody" in (trusted(mode=0o666) or "")
    assert "written by everybody" in (trusted(folder_mode=0o777) or "")


def test_somebody_elses_profile_is_not_trusted_by_root_nor_by_another_user() -> None:
    assert "another user (uid 1000)" in (trusted(owner=1000, caller=0) or "")
    assert "another user (uid 1001)" in (trusted(owner=1001, caller=1000) or "")


@pytest.mark.parametrize(
    ("mode", "owner", "caller", "config"),
    [
        (0o644, 1000, 0, None),
        (0o644, 1000, 0, f"{FOLDER}/ghostfix.toml"),
        (0o666, 0, 0, None),
        (0o644, 1001, 1000, None),
    ],
)
def test_a_profile_that_others_wrote_is_not_even_looked_with(
    mode: int, owner: int, caller: int, config: str | None
) -> None:
    system = machine(uid=caller)
    system.add_folder(FOLDER, 0o755, owner)
    system.add_file(f"{FOLDER}/ghostfix.toml", MINIMAL.encode(), mode, owner)
    with pytest.raises(ProfileError, match="looking runs what the profile names") as refused:
        load(system, None, config)
    assert "--config" in refused.value.hint
    assert system.asked == []


def test_who_names_somebody_elses_profile_wants_it() -> None:
    system = machine(uid=1000)
    system.add_file(f"{FOLDER}/ghostfix.toml", MINIMAL.encode(), 0o644, 1001)
    assert load(system, None, f"{FOLDER}/ghostfix.toml")[0].name


def test_a_foreign_group_that_may_write_is_not_trusted() -> None:
    system = machine(f"{FOLDER}/ghostfix.toml", MINIMAL)
    service = load(system, None, None)[0]
    file = system.files[f"{FOLDER}/ghostfix.toml"]
    file.uid = system.files[FOLDER].uid = system.caller().uid
    file.mode, file.gid = 0o664, 4242
    refusal = trust(system, service)
    assert refusal is not None
    assert "its group (gid 4242)" in refusal.reason


def test_a_profile_that_is_gone_by_now_is_not_trusted() -> None:
    system = machine(f"{FOLDER}/ghostfix.toml", MINIMAL)
    service = load(system, None, None)[0]
    system.remove_path(f"{FOLDER}/ghostfix.toml")
    refusal = trust(system, service)
    assert refusal is not None
    assert "it is gone" in refusal.reason


def test_the_profile_for_all_users_of_a_machine_comes_before_the_built_in_one() -> None:
    system = machine("/etc/ghostfix/ghostfix.toml", MINIMAL)
    (service,) = load(system, None, None)
    assert (service.profile, service.directory) == ("/etc/ghostfix/ghostfix.toml", system.caller().home)
    own = f"{system.caller().home}/.config/ghostfix/ghostfix.toml"
    system.add_file(own, MINIMAL.encode())
    assert load(system, "web", None)[0].profile == own


@pytest.mark.parametrize(
    ("text", "size"),
    [("512M", 512 << 20), ("2G", 2 << 30), ("1.5G", 3 << 29), ("2048K", 2 << 20), ("1T", 1 << 40)],
)
def test_the_service_s_own_memory_is_read_in_powers_of_1024(text: str, size: int) -> None:
    assert Limits(service_memory=text).service_memory_bytes == size
    assert Limits().service_memory_bytes is None
