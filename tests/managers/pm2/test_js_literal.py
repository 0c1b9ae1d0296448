import pytest
from hypothesis import given, strategies

from ghostfix.managers.pm2.js_literal import plain, read_literal
from ghostfix.scripts.js_value import Guess, Literal, Opaque, Table


def table(text: str) -> Table:
    value = read_literal(text)
    assert isinstance(value, Table), value
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, -2.5, 0x10, 1_000]", (1, -2.5, 16, 1000)),
        ("['a', \"b\\n\", `c`, 'it\\'s', '\\u0041\\x42']", ("a", "b\n", "c", "it's", "AB")),
        ("[true, false, null, undefined]", (True, False, None, None)),
        ("[1, /* two */ 2, // three\n 3,]", (1, 2, 3)),
        ("[('a')]", ("a",)),
    ],
)
def test_what_is_written_out(text: str, value: Literal) -> None:
    assert read_literal(text) == value


@pytest.mark.parametrize(
    "text",
    ["process.env.X", "f(1, {a: 2})", "`${x}`", "x => ({ a })", "a ? b : c", "a < 1", "path.join(x, 'y')"],
)
def test_what_is_worked_out_is_opaque_and_ends_where_it_ends(text: str) -> None:
    found = table(f"{{ a: {text}, b: 'after' }}")
    assert isinstance(found.get("a"), Opaque)
    assert found.get("b") == "after"


def test_entries_know_their_lines_and_the_last_counts() -> None:
    found = table(
        "{\n  name: 'a',\n  'name': 'b',\n  run() { return { name: 'c' } },\n  ...rest,\n  [x]: 1\n}"
    )
    assert [(entry.name, entry.line) for entry in found.entries] == [("name", 2), ("name", 3)]
    assert (found.get("name"), found.get("nothing")) == ("b", None)


@pytest.mark.parametrize(
    "text",
    [
        "module.exports = { apps: [{ name: 'ghost' }] }",
        "export default { apps: [{ name: 'ghost' }] };",
        "'use strict'\nconst apps = [{ name: 'ghost' }]\nmodule.exports = { apps }\n",
        "const config = { apps: [{ name: 'ghost' }] };\nmodule.exports = config;",
        "module.exports.apps = [{ name: 'ghost' }]",
        "function f() { module.exports = 1 }\nmodule.exports = {apps: [{name: 'ghost'}]}",
        '\ufeff{"apps": [{"name": "ghost"}]}',
    ],
)
def test_what_a_file_exports(text: str) -> None:
    apps = table(text).get("apps")
    assert isinstance(apps, tuple)
    assert isinstance(apps[0], Table)
    assert apps[0].get("name") == "ghost"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("__dirname", "/srv"),
        ("path.resolve(__dirname, 'src', 'x.js')", "/srv/src/x.js"),
        ("path.join(\n __dirname, // here\n '..',\n 'x')", "/x"),
        ("join(__dirname, 'x')", "/srv/x"),
        ("`${__dirname}/${NAME}.js`", "/srv/web.js"),
        ("NAME + '.js'", "web.js"),
        ("2 * 1024", 2048),
        ("common.name", "base"),
    ],
)
def test_what_is_constant_is_worked_out(text: str, value: Literal) -> None:
    names = (
        "const path = require('path');\nconst { join } = require('node:path');\nconst NAME = 'web';\n"
        "const common = { name: 'base' };\n"
    )
    found = read_literal(f"{names}module.exports = {{ a: {text} }}", "/srv")
    assert isinstance(found, Table)
    assert found.get("a") == value


@pytest.mark.parametrize("text", ["process.env.X || 'a'", "process.env.X ?? 'a'", "dev ? 'a' : 'b'"])
def test_a_default_is_a_guess(text: str) -> None:
    assert table(f"{{ a: {text} }}").get("a") == Guess("a")


def test_what_is_spread_into_an_object_is_its_own() -> None:
    found = read_literal("const base = { a: 1, b: 2 };\nmodule.exports = { ...base, b: 3, ...more() }")
    assert isinstance(found, Table)
    assert (found.get("a"), found.get("b")) == (1, 3)


def test_a_file_that_exports_nothing_is_opaque() -> None:
    assert isinstance(read_literal("console.log('hello')"), Opaque)
    assert isinstance(read_literal(""), Opaque)


def test_depth_has_an_end() -> None:
    assert isinstance(read_literal("[" * 3000), Opaque)
    assert read_literal("[" * 20 + "]" * 20) != Opaque("")


@given(strategies.text("{}[](),:;'\"`\\/*$.=a1 \nmodule.exports", max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    read_literal(text)
    read_literal("{" + text)


def test_json_without_lines() -> None:
    found = plain({"a": [1, None, "b"], "c": {"d": True}})
    assert isinstance(found, Table)
    assert found.get("a") == (1, None, "b")
    assert found.entries[1].line == 0
