import json

import pytest

from ghostfix.managers.pm2.app import Pm2App, Pm2Config, read_config, read_dump, read_list, schedule_in_words


def app(**keys: object) -> Pm2App:
    (found,) = read_config(
        json.dumps({"apps": [{"name": "ghost", "script": "ghost.js", **keys}]}), "/srv"
    ).apps
    return found


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, ("node", "ghost.js")),
        ({"script": "ghost.py"}, ("python3", "ghost.py")),
        ({"script": "ghost"}, ("ghost",)),
        ({"interpreter": "none", "script": "ghost.js"}, ("ghost.js",)),
        ({"interpreter": "bun", "exec_interpreter": "deno"}, ("deno", "ghost.js")),
        ({"args": ["--port", 80]}, ("node", "ghost.js", "--port", "80")),
        ({"args": "--port 80"}, ("node", "ghost.js", "--port", "80")),
    ],
)
def test_what_it_runs(keys: dict[str, object], words: tuple[str, ...]) -> None:
    assert app(**keys).words == words


@pytest.mark.parametrize(
    ("keys", "restarts"), [({}, True), ({"autorestart": False}, False), ({"autorestart": True}, True)]
)
def test_it_restarts_unless_told(keys: dict[str, object], restarts: bool) -> None:
    assert app(**keys).autorestart is restarts


def test_forms_of_a_configuration() -> None:
    assert [each.name for each in read_config('{"script": "a/b.js"}', "/").apps] == ["b"]
    assert [each.name for each in read_config('[{"script": "a.js"}, {"script": "b.js"}]', "/").apps] == [
        "a",
        "b",
    ]
    assert read_config('{"lines": 100, "env": {}}', "/") == Pm2Config(())
    assert read_config("", "/") == Pm2Config(())


def test_lines_are_those_of_the_names() -> None:
    text = (
        "module.exports = {\n apps: [\n {\n name: 'a', script: 'a.js' },\n { name: 'b',\n script: 'b.js' }] }"
    )
    assert [each.line for each in read_config(text, "/").apps] == [4, 5]


def config(app: str) -> Pm2Config:
    names = "const path = require('path');\nconst base = { cwd: '/srv/web', autorestart: false };\n"
    return read_config(f"{names}module.exports = {{ apps: [{app}] }}", "/srv")


def test_paths_are_joined_from_constants() -> None:
    (found,) = config("{ ...base, name: 'x', script: path.resolve(__dirname, 'src', 'x.js') }").apps
    assert (found.script, found.cwd, found.autorestart) == ("/srv/src/x.js", "/srv/web", False)
    assert (found.line, found.guessed) == (3, False)


def test_a_default_is_taken_as_a_guess() -> None:
    (found,) = config("{ script: process.env.APP || 'x.js', args: ['--port', process.env.PORT || 80] }").apps
    assert (found.words, found.guessed) == (("node", "x.js", "--port", "80"), True)


@pytest.mark.parametrize(
    ("app", "unfollowed"),
    [
        ("{ name: 'x', script: find('x') }", ("the script of x: find('x')",)),
        ("...names.map(make)", ("...names.map(make)",)),
        ("make('x')", ("make('x')",)),
        ("{ name: 'x', script: 'x.js', env: read('.env') }", ()),
    ],
)
def test_what_is_worked_out_later_could_not_be_followed(app: str, unfollowed: tuple[str, ...]) -> None:
    assert config(app).unfollowed == unfollowed


@pytest.mark.parametrize(
    "before",
    [b"", b"\xef\xbb\xbf", b"\n[PM2] Spawning\n[PM2][WARN] [old]\n", b">>>> In-memory PM2 is out-of-date\n"],
)
def test_a_list_behind_a_banner(before: bytes) -> None:
    entry = {
        "pid": 0,
        "name": "ghost",
        "pm_id": 3,
        "pm2_env": {"pm_exec_path": "/srv/g.js", "status": "errored"},
    }
    found = read_list(before + json.dumps([entry]).encode() + b"\n")
    assert found is not None
    assert [(each.name, each.pid, each.pm_id, each.status) for each in found] == [
        ("ghost", None, 3, "errored")
    ]


def test_what_is_no_list() -> None:
    assert read_list(b"") is None
    assert read_list(b"[PM2] nothing\n{}") is None
    assert read_list(b"[]") == ()


def test_a_dump() -> None:
    (found,) = read_dump(
        '[\n  {\n    "name": "ghost",\n    "pm_exec_path": "/srv/g.py", "cron_restart": "@daily"}\n]'
    )
    assert (found.line, found.script, found.cron_restart, found.armed) == (3, "/srv/g.py", "@daily", True)


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("* * * * * *", "every second"),
        ("*/8 * * * * *", "every 8 seconds"),
        ("0 */5 * * * *", "every 5 minutes"),
        ("5 4 * * * *", "5 4 * * * * (the first field is seconds)"),
        ("*/5 * * * *", "every 5 minutes"),
    ],
)
def test_six_fields_have_the_seconds_first(schedule: str, words: str) -> None:
    assert schedule_in_words(schedule) == words
