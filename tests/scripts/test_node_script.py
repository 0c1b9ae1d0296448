"""What Node scripts start, by whatever name they call it."""

import pytest

from ghostfix.model.process import Variable
from ghostfix.model.reading import Confidence
from ghostfix.scripts.node_script import read_node
from ghostfix.scripts.script import Command, Scene, Script

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
SCENE = Scene(
    file="/srv/app/w.js",
    cwd="/srv",
    arguments=("up", "web"),
    variables=(Variable("PORT", "80"),),
    home="/home/ann",
)
CP = "const cp = require('child_process');\n"
SPAWN = "const { spawn } = require('child_process');\n"


def script(text: str) -> Script:
    return read_node(text.encode(), SCENE)


def node(text: str) -> list[Command]:
    return list(script(text).commands)


def only(text: str) -> Command:
    (command,) = node(text)
    return command


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("spawn('a', ['b', \"c d\"])", ("a", "b", "c d")),
        (f"{CP}cp.exec('a b', () => {{}})", ("/bin/sh", "-c", "a b")),
        ("const C = 'a'; const R = ['b'];\nspawn(C, R)", ("a", "b")),
        ("fork('./x.js')", ("node", "./x.js")),
        ("execFileSync(path.join(__dirname, 'x.sh'), [])", ("/srv/app/x.sh",)),
        ("const P = 5;\nexecSync(`a --p=${'x'}`)", ("/bin/sh", "-c", "a --p=x")),
        ("spawn('a b', { shell: true })", ("/bin/sh", "-c", "a b")),
        ("// spawn('z')\n/* exec('y') */\nspawn('a')", ("a",)),
        ("console.log(\"spawn('z')\"); /x/.exec('y'); re.exec('z'); spawn('a')", ("a",)),
    ],
)
def test_commands(text: str, words: tuple[str, ...]) -> None:
    assert only(text).words == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import { spawn as begin } from 'node:child_process';\nbegin('a', ['b'])", ("a", "b")),
        ("import cp from 'child_process';\ncp.spawn('a')", ("a",)),
        ("import * as cp from 'child_process';\ncp.spawn('a')", ("a",)),
        ("const { spawn: begin } = require('node:child_process');\nbegin('a')", ("a",)),
        ("require('child_process').spawnSync('a')", ("a",)),
        ("const { spawn } = await import('node:child_process');\nspawn('a')", ("a",)),
        ("import('child_process').then(({ spawn: go }) => go('a'))", ("a",)),
        ("import('child_process').then(cp => cp.spawn('a'))", ("a",)),
        (f"{CP}const go = cp.spawn;\ngo('a')", ("a",)),
        (f"{CP}cp['spawn']('a')", ("a",)),
        (f"{CP}(0, cp.spawn)('a')", ("a",)),
        (f"{CP}cp.spawn?.('a')", ("a",)),
        ("var _cp = require('child_process'), spawn = _cp.spawn;\nspawn('a')", ("a",)),
        ("let cp;\ncp = require('child_process');\ncp.spawn('a')", ("a",)),
        (
            "const u = require('util');\nconst run = u.promisify(require('child_process').exec);\nrun('a b')",
            ("/bin/sh", "-c", "a b"),
        ),
        (
            "import u from 'util';\nimport { execFile as e } from 'child_process';\nu.promisify(e)('a', [1])",
            ("a", "1"),
        ),
        ("import { execa } from 'execa';\nawait execa('a', ['b'])", ("a", "b")),
        ("const execa = require('execa');\nexeca('a', ['b'])", ("a", "b")),
        ("const execa = require('execa');\nexeca.command('a b')", ("/bin/sh", "-c", "a b")),
        ("import { execaCommand as run } from 'execa';\nrun('a b')", ("/bin/sh", "-c", "a b")),
        ("import { execaNode } from 'execa';\nexecaNode('x.mjs', ['b'])", ("node", "x.mjs", "b")),
        ("import { $ } from 'execa';\nawait $`a ${'b c'} d`", ("/bin/sh", "-c", "a 'b c' d")),
        ("import { $ } from 'zx';\nconst f = ['b', 'c'];\nawait $`a ${f}`", ("/bin/sh", "-c", "a b c")),
        ("#!/usr/bin/env zx\nawait $`a b`", ("/bin/sh", "-c", "a b")),
        ("import { $ } from 'execa';\nawait $({ cwd: '/x' })`a`", ("/bin/sh", "-c", "a")),
        ("const spawn = require('cross-spawn');\nspawn('a', ['b'])", ("a", "b")),
        ("import spawn from 'cross-spawn';\nspawn.sync('a')", ("a",)),
        ("const shell = require('shelljs');\nshell.exec('a b')", ("/bin/sh", "-c", "a b")),
        ("const proc = Bun.spawn(['a', 'b'], { cwd: '.' })", ("a", "b")),
        ("new Deno.Command('a', { args: ['b'] }).spawn()", ("a", "b")),
        ("const { fork } = require('child_process');\nfork('x.js', ['b'])", ("node", "x.js", "b")),
        (
            "import cluster from 'node:cluster';\ncluster.setupPrimary({ exec: 'x.js' });\ncluster.fork()",
            ("node", "x.js"),
        ),
        (
            "const pm2 = require('pm2');\npm2.start({ script: 'x.js', name: 'x' })",
            ("pm2", "start", "x.js", "--name", "x"),
        ),
        ("child_process.spawn('a')", ("a",)),
    ],
)
def test_by_whatever_name_it_is_called(text: str, words: tuple[str, ...]) -> None:
    assert only(text).words == words
    assert script(text).problem is None


@pytest.mark.parametrize(
    "text",
    [
        "const spawn = name => console.log(name);\nspawn('a')",
        f"{CP}const m = /a/.exec('b'); db.exec('c'); this.exec('d'); query.fork('e')",
        f"{CP}const s = \"cp.spawn('a')\"; const r = /cp.spawn('a')/;",
        f"{SPAWN}function never() {{ spawn('a') }}",
        "import { exec } from './database.js';\nexec('DELETE')",
        "$('#button').on('click', () => {})",
    ],
)
def test_what_is_no_start(text: str) -> None:
    assert node(text) == []


@pytest.mark.parametrize(
    ("expression", "text", "sure"),
    [
        ("'it\\'s \\u0041'", "it's A", CERTAIN),
        ("path.join(\n  __dirname,\n  '..',\n  'bin', // here\n  'x.js',\n)", "/srv/bin/x.js", CERTAIN),
        ("path.resolve(__dirname, 'src', 'x.js')", "/srv/app/src/x.js", CERTAIN),
        ("path.resolve('x.js')", "/srv/x.js", CERTAIN),
        ("path.resolve('/a', '/b', 'c')", "/b/c", CERTAIN),
        ("path.join(process.cwd(), 'x')", "/srv/x", CERTAIN),
        ("path.join(import.meta.dirname, 'x')", "/srv/app/x", CERTAIN),
        ("path.dirname(__filename) + '/x'", "/srv/app/x", CERTAIN),
        ("fileURLToPath(new URL('./x.js', import.meta.url))", "/srv/app/x.js", CERTAIN),
        ("require.resolve('./x')", "/srv/app/x", CERTAIN),
        ("`${__dirname}/${'x'}.js`", "/srv/app/x.js", CERTAIN),
        ("['a', 'b'].join('/')", "a/b", CERTAIN),
        ("process.execPath", "node", CERTAIN),
        ("process.argv[3]", "web", CERTAIN),
        ("process.argv.slice(2)[0]", "up", CERTAIN),
        ("config.bin", "a.sh", CERTAIN),
        ("({ ...config, bin: 'b.sh' }).bin", "b.sh", CERTAIN),
        ("bin()", "/srv/app/c.sh", CERTAIN),
        ("process.env.PORT", "80", LIKELY),
        ("process.env.BIN || 'a'", "a", LIKELY),
        ("process.env.BIN ?? 'a'", "a", LIKELY),
        ("process.platform === 'win32' ? 'a.cmd' : 'a'", "a.cmd", LIKELY),
        ("either", "two", LIKELY),
        ("path.join(os.homedir(), 'x')", "/home/ann/x", LIKELY),
        ("process.env.BIN", "$process.env.BIN", POSSIBLE),
        ("path.join(process.env.ROOT, 'x.js')", "$process.env.ROOT/x.js", POSSIBLE),
        ("`${name}/x`", "$name/x", POSSIBLE),
    ],
)
def test_what_an_expression_comes_to(expression: str, text: str, sure: Confidence) -> None:
    names = (
        "import path from 'node:path';\nimport os from 'os';\nimport { fileURLToPath } from 'url';\n"
        "import { spawn } from 'child_process';\nconst config = { bin: 'a.sh' };\n"
        "const bin = () => path.join(__dirname, 'c.sh');\nlet either = 'one'; if (x) either = 'two';\n"
    )
    command = only(f"{names}spawn({expression}, []);")
    assert (command.words, command.confidence) == ((text,), sure)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "function go(name, args = ['z']) { spawn(name, args) }\ngo('a'); go('b', ['c'])",
            [("a", "z"), ("b", "c")],
        ),
        ("const go = (...words) => spawn('a', words);\ngo('b', 'c')", [("a", "b", "c")]),
        ("for (const n of ['b', 'c']) spawn('a', [n])", [("a", "b"), ("a", "c")]),
        ("['b', 'c'].forEach(n => spawn('a', [n]))", [("a", "b"), ("a", "c")]),
        (
            "const all = [{ cmd: 'a', args: ['b'] }];\nfor (const { cmd, args } of all) spawn(cmd, args)",
            [("a", "b")],
        ),
        (
            "const all = { x: { c: 'a' } };\nObject.entries(all).forEach(([n, { c }]) => spawn(c, [n]))",
            [("a", "x")],
        ),
        ("class A { constructor() { this.cmd = 'a' } go() { spawn(this.cmd) } }\nnew A().go()", [("a",)]),
        ("const args = ['b'];\nargs.push('c');\nspawn('a', args)", [("a", "b", "c")]),
        ("const run = { go(cmd) { spawn(cmd) } };\nrun.go('a')", [("a",)]),
        ("spawn('a', [...['b'], 'c'])", [("a", "b", "c")]),
        ("function go(list) { spawn(...list) }\ngo(x)", [("$list",)]),
    ],
)
def test_a_function_is_read_with_the_arguments_of_its_calls(text: str, words: list[tuple[str, ...]]) -> None:
    assert [command.words for command in node(SPAWN + text)] == words


def test_what_a_command_is_given() -> None:
    command = only(
        "import fs from 'fs';\nimport { spawn } from 'child_process';\n\n"
        "const out = fs.openSync('./x.log', 'a');\n"
        "spawn('a', [], { cwd: 'web', env: { ...process.env, MODE: 'live' }, stdio: ['ignore', out, out] })"
    )
    assert (command.cwd, command.output, command.line) == ("/srv/web", "/srv/x.log", 5)
    assert {each.name: each.value for each in command.variables} == {"PORT": "80", "MODE": "live"}


@pytest.mark.parametrize(
    ("text", "cwd"),
    [
        ("spawn('a', [], { cwd: __dirname })", "/srv/app"),
        ("spawn('a', { cwd: '/x' })", "/x"),
        ("spawn('a', { cwd: process.env.X })", None),
        ("process.chdir('y');\nspawn('a')", "/srv/y"),
        ("spawn('a', { cwd: undefined })", "/srv"),
    ],
)
def test_working_directories(text: str, cwd: str | None) -> None:
    assert only(SPAWN + text).cwd == cwd


@pytest.mark.parametrize(
    ("text", "loop"),
    [
        ("setInterval(() => { spawn('a') }, 30 * 1000)", (2, 30.0)),
        ("const EVERY = 5_000;\nfunction go() { spawn('a') }\nsetInterval(go, EVERY)", (4, 5.0)),
        ("function go() {\n const c = spawn('a');\n c.on('exit', () => go());\n}\ngo()", (4, None)),
        ("function go() {\n spawn('a').on('close', () => setTimeout(go, 2000)) }\ngo()", (3, 2.0)),
        ("const go = () => {\n const c = spawn('a');\n c.once('exit', go);\n};\ngo()", (4, None)),
        ("while (true) {\n spawn('a');\n await sleep(5000);\n}", (2, 5.0)),
        ("for (;;) { spawn('a') }", (2, None)),
        ("while (running) {\n spawn('a'); await new Promise(r => setTimeout(r, 1000)) }", (2, 1.0)),
        ("for await (const _ of setInterval(4000)) { spawn('a') }", (2, 4.0)),
        ("async function look() {\n spawn('a');\n setTimeout(look, 1000)\n}\nlook()", (4, 1.0)),
        ("cluster.on('exit', () => spawn('a'))", (2, None)),
        ("cron.schedule('* * * * *', () => spawn('a'))", (2, None)),
        ("spawn('a')", None),
        ("c.on('exit', () => log()); spawn('a')", None),
        ("process.on('exit', () => spawn('a'))", None),
        ("for (const x of ['b', 'c']) { spawn('a') }", None),
        ("for (let i = 0; i < 3; i++) { spawn('a') }", None),
        ("function go(n) { spawn('a'); if (n) go(n - 1) }\ngo(3)", None),
        ("setTimeout(() => spawn('a'), 5000)", None),
    ],
)
def test_loops(text: str, loop: tuple[int, float | None] | None) -> None:
    found = only(SPAWN + text).loop
    assert (None if found is None else (found.line, found.interval)) == loop


@pytest.mark.parametrize(
    ("text", "guard"),
    [
        ("if (!isRunning()) spawn('a')", "if (!isRunning())"),
        ("if (isRunning()) { log() } else { spawn('a') }", "if (isRunning())"),
        ("if (await alive(x)) return;\nspawn('a')", "if (await alive(x))"),
        ("isRunning() || spawn('a')", "isRunning()"),
        ("const out = execSync('pgrep -f a');\nif (!out) spawn('a')", "if (!out)"),
        ("fetch(URL).catch(() => spawn('a'))", "fetch(URL).catch(() => spawn('a'))"),
        (
            "exec('pgrep -f a', (err) => { if (err) { spawn('a') } })",
            "exec('pgrep -f a', (err) => { if (err) { spawn('a') } })",
        ),
        ("function go() { spawn('a') }\nif (!healthy()) go()", "if (!healthy())"),
        ("if (colour === 'blue') spawn('a')", ""),
        ("spawn('a')", ""),
    ],
)
def test_checks_that_come_first(text: str, guard: str) -> None:
    head = "const { spawn, exec, execSync } = require('child_process');\n"
    (command,) = [
        each for each in node(f"{head}async function main() {{\n{text}\n}}\nmain()") if each.words == ("a",)
    ]
    assert command.guard == guard


@pytest.mark.parametrize(
    ("text", "background"),
    [("spawn('a')", True), ("spawnSync('a')", False), ("await execa('a')", False), ("execa('a')", True)],
)
def test_whether_it_waits(text: str, background: bool) -> None:
    head = "const { spawn, spawnSync } = require('child_process');\nimport { execa } from 'execa';\n"
    assert only(head + text).background is background


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{SPAWN}wrap(spawn)", 2),
        (f"{CP}module.exports = {{ run: cp.exec }}", 2),
        (f"{SPAWN}module.exports = {{ spawn }}", 2),
        (f"{CP}this.spawn = cp.spawn", 2),
        (f"{CP}cp[name]('a')", 2),
        ("export { spawn } from 'child_process'", 1),
        ("module.exports = require('child_process')", 1),
        ("wrapAll(require('child_process'))", 1),
        (f"{CP}return_(cp)", 2),
        (f"{CP}spawn_.apply(null, [cp.spawn, 'a'])", 2),
    ],
)
def test_what_is_handed_on_could_not_be_followed(text: str, line: int) -> None:
    found = script(text)
    assert found.problem is not None
    assert found.problem.startswith(f"could not follow what line {line} starts: ")


@pytest.mark.parametrize(
    "text",
    [
        f"{CP}x instanceof cp.ChildProcess; typeof cp.spawn; if (cp.spawn) f()",
        f"{CP}cp.spawn('a').on('exit', () => {{}})",
        "const { ChildProcess } = require('child_process');\nwrap(ChildProcess)",
        "import { spawn } from 'child_process'",
    ],
)
def test_what_is_only_mentioned_is_no_problem(text: str) -> None:
    assert script(text).problem is None


def test_typescript_is_read_and_less_believed() -> None:
    command = only(
        "import { spawn, type ChildProcess } from 'node:child_process';\n"
        "const FILE: string = './x.js';\nlet child: ChildProcess | null = null;\n"
        "function go(delay: number): void {\n"
        "  child = spawn('node', [FILE as string]); child.on('exit', () => go(1)) }\n"
        "go(0);"
    )
    assert command.words[:2] == ("node", "./x.js")
    assert command.confidence is LIKELY
    assert command.loop is not None


@pytest.mark.parametrize("piece", ["{a:", "(", "[", "()=>{", "a?", "`${"])
def test_a_text_without_end_ends(piece: str) -> None:
    text = f"{SPAWN}{piece * (400_000 // len(piece))}"
    assert script(text).commands == ()


def _crowd(count: int) -> str:
    """Functions of which each calls each, and one that starts something."""
    every = "; ".join(f"f{index}()" for index in range(count))
    return "".join(f"function f{index}() {{ {every}; spawn('a') }}\n" for index in range(count))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        _crowd(40),
        "let a = 1;\n" + "a = a + a;\n" * 5_000 + "spawn(a)",
        "let a;\n" + "a = b; b = a;\n" * 5_000 + "a('x')",
        "process.chdir('/x');\n" * 2_000 + "spawn('a');\n" * 2_000,
        "const all = [" + "'a'," * 5_000 + "];\nall.forEach(a => all.forEach(b => spawn(a, [b])))",
        "x => " * 1_500 + "spawn('a')",
        "f(" * 1_500 + "spawn('a')" + ")" * 1_500,
    ],
    ids=["crowd", "growth", "circle", "folders", "product", "arrows", "calls"],
)
def test_no_program_takes_long(text: str) -> None:
    assert script(SPAWN + text) == script(SPAWN + text)
