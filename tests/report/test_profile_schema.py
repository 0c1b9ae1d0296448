"""The JSON Schema of the profile: it refuses what the loader refuses, value by value."""

import json
import tomllib
from pathlib import Path

import jsonschema
import msgspec
import pytest

from ghostfix.model.errors import ProfileError
from ghostfix.report.profile_schema import profile_schema
from ghostfix.service.profile import load
from ghostfix.service.profile_table import limits_of
from tests.fake_system import FakeSystem

PAGE = Path(__file__).parents[2] / "docs" / "profile.schema.json"
PROFILES = Path(__file__).parents[2] / "ghostfix" / "service" / "built_in"
SCHEMA = json.loads(profile_schema())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
MINIMAL = '[services.web]\nmodule = "web.main"\n'
HEALTH = 'url = "http://localhost/"'


def loads(text: str) -> str:
    """Empty when the loader takes it, else its complaint."""
    system = FakeSystem()
    system.add_file(f"{system.caller().cwd}/ghostfix.toml", text.encode())
    try:
        load(system, None, None)
    except ProfileError as error:
        return error.message
    return ""


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == profile_schema(), (
        "ghostfix schema profile > docs/profile.schema.json"
    )


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_built_in_profiles_are_valid(path: Path) -> None:
    VALIDATOR.validate(tomllib.loads(path.read_text()))


@pytest.mark.parametrize(
    "lines",
    [
        "instances = -1", "instances = 10001", "instances = 1.5", "instances = true",
        "ports = [0]", "ports = [65536]", "ports = [-1]", 'ports = ["80"]', "ports = 80",
        'pidfiles = [""]', 'logs = [""]', 'logs = ["a\\u0000"]', 'pidfiles = "x.pid"',
        'directory = ""', 'directory = "~bob/x"', 'directory = "a\\u0000b"',
        'start = [""]', 'start = ["a", "b\\u0000"]', "start = [1]",
        'manager = "systemd"', 'manager = "systemd:"', 'manager = "Cron"', 'manager = "systemd: x"',
        'manager = "cron\\n"', 'manager = ""', 'manager = "systemd:x\\u0000"',
        "limits = { processes = 0 }", "limits = { zombies = -3 }", "limits = { processes = 2147483648 }",
        "limits = { load_per_cpu = 0.0 }", "limits = { load_per_cpu = 3e9 }",
        "limits = { memory_percent = 100.5 }", "limits = { disk_percent = 0 }",
        "limits = { open_files_percent = -1.0 }",
        "limits = { service_open_files = 0 }", "limits = { service_processes = 0 }",
        'limits = { service_memory = "1023K" }', 'limits = { service_memory = "0.5M" }',
        'limits = { service_memory = "0G" }', 'limits = { service_memory = "512m" }',
        'limits = { service_memory = "lots" }', 'limits = { service_memory = "1G\\n" }',
        "limits = { other = 1 }",
        'health = { url = "ftp://x/" }', 'health = { url = "http://" }', 'health = { url = "http://[::1" }',
        'health = { url = "http://h:99999/" }', 'health = { url = "http://h:0/" }',
        'health = { url = "http://h/a b" }', "health = { timeout = 2 }",
        f"health = {{ {HEALTH}, timeout = 0 }}", f"health = {{ {HEALTH}, timeout = 601 }}",
        f"health = {{ {HEALTH}, expect = {{ a = [1] }} }}", f"health = {{ {HEALTH}, expect = 3 }}",
        f"webhook = {{ {HEALTH}, expect_status = [] }}", f"webhook = {{ {HEALTH}, expect_status = [99] }}",
        f"webhook = {{ {HEALTH}, expect_status = [600] }}", f"webhook = {{ {HEALTH}, timeout = 0.0 }}",
        'environment = { venv = "" }', 'environment = { requires = ["--index-url=x"] }',
        'environment = { requires = ["a b"] }', 'environment = { requires = [""] }',
        'stop = { signal = "STOP" }', 'stop = { signal = "CONT" }', 'stop = { signal = "SIGTERM" }',
        "stop = { grace = -1 }", "stop = { grace = 600.5 }",
        'script = "web.py"', "port = [80]",
    ],
)  # fmt: skip
def test_both_refuse_each_bad_value(lines: str) -> None:
    text = f"{MINIMAL}{lines}\n"
    key = lines.partition(" ")[0]
    assert not VALIDATOR.is_valid(tomllib.loads(text))
    assert f"services.web.{key}" in loads(text)


@pytest.mark.parametrize(
    "text",
    [
        '[services.web]\nmodule = ""\n', '[services.web]\nmodule = "a b"\n',
        '[services.web]\nmodule = "a."\n',
        '[services.web]\nscript = ""\n', '[services.web]\nmatch = ""\n', '[services.web]\nmatch = "("\n',
        '[services.web]\ncommand = [""]\n', "[services.web]\n", '[services."a b"]\nmodule = "x"\n',
        f"[services.{'x' * 65}]\nmodule = 'x'\n", "[services]\n", "", f"{MINIMAL}[other]\n",
    ],
)  # fmt: skip
def test_both_refuse_each_bad_service(text: str) -> None:
    assert not VALIDATOR.is_valid(tomllib.loads(text))
    assert loads(text)


@pytest.mark.parametrize(
    "lines",
    [
        "instances = 0", "instances = 10000", "ports = [1, 65535]", 'manager = "cron"', 'manager = "pm2:a b"',
        'directory = "~/x"', 'directory = "~"', 'start = ["a", ""]', "stop = { signal = 'KILL', grace = 0 }",
        "limits = { memory_percent = 100, load_per_cpu = 0.1, processes = 2147483647 }",
        'limits = { service_memory = "1024K" }', 'limits = { service_memory = "0.5G" }',
        'limits = { service_memory = "1.5M" }', 'limits = { service_memory = "10M" }',
        'health = { url = "https://u:p@[::1]:8080/h?x=1#y", expect = { a = { b = true }, "c.d" = 1.5 } }',
        'health = { url = "HTTP://localhost" }',
        'webhook = { url = "http://h/", payload = { a = [1, { b = 2 }] } }',
        'environment = { venv = ".venv", requires = ["psutil", "Flask[async]>=3", "x @ https://h/x.whl"] }',
    ],
)  # fmt: skip
def test_both_take_each_good_value(lines: str) -> None:
    text = f"{MINIMAL}{lines}\n"
    assert loads(text) == ""
    VALIDATOR.validate(tomllib.loads(text))


def test_the_words_of_a_complaint_are_those_of_the_schema() -> None:
    limits = limits_of(("ports", 0))
    assert limits is not None
    ports = SCHEMA["$defs"]["ServiceProfile"]["properties"]["ports"]
    assert ports["items"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 65535,
        "description": limits.description,
    }
    assert f"expected {limits.description}" in loads(f"{MINIMAL}ports = [0]\n")
    assert limits_of(("webhook", "payload", "x")) is None
    assert isinstance(limits_of(("limits", "service_memory")), msgspec.Meta)
