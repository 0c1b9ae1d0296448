"""The calls by which a JavaScript program starts another program, and the words that each runs."""

import shlex
from collections.abc import Callable, Sequence
from enum import Enum

from msgspec import Struct, structs
from tree_sitter import Node

from ghostfix.model.reading import Confidence
from ghostfix.scripts.js_value import Literal, Table
from ghostfix.scripts.node_call import resolved
from ghostfix.scripts.node_text import as_text, settled, unknown
from ghostfix.scripts.node_tree import arguments_of, fragments
from ghostfix.scripts.script import worst

CERTAIN, POSSIBLE = Confidence.CERTAIN, Confidence.POSSIBLE
Evaluate = Callable[[Node | None], Literal]


class Form(Enum):
    """How a function takes the command that it runs."""

    ARGV = "program, list of arguments, options"
    SHELL = "text for the shell, options"
    SCRIPT = "script for Node, list of arguments, options"
    WORDS = "list of words, options"
    TEMPLATE = "template, which a shell runs"
    COMMAND = "program, options with `args`"
    PM2 = "script or application, for pm2 to keep alive"
    WORKER = "options with `exec`: what the workers of a cluster run"


PROGRAMS: dict[str, Form] = {
    "child_process.spawn": Form.ARGV, "child_process.spawnSync": Form.ARGV,
    "child_process.execFile": Form.ARGV, "child_process.execFileSync": Form.ARGV,
    "child_process.exec": Form.SHELL, "child_process.execSync": Form.SHELL,
    "child_process.fork": Form.SCRIPT,
    "cross-spawn": Form.ARGV, "cross-spawn.spawn": Form.ARGV, "cross-spawn.sync": Form.ARGV,
    "execa": Form.ARGV, "execa.execa": Form.ARGV, "execa.execaSync": Form.ARGV, "execa.sync": Form.ARGV,
    "execa.execaCommand": Form.SHELL, "execa.execaCommandSync": Form.SHELL,
    "execa.command": Form.SHELL, "execa.commandSync": Form.SHELL, "execa.shell": Form.SHELL,
    "execa.execaNode": Form.SCRIPT, "execa.node": Form.SCRIPT,
    "execa.$": Form.TEMPLATE, "execa.$.sync": Form.TEMPLATE,
    "zx.$": Form.TEMPLATE, "zx.$.sync": Form.TEMPLATE, "zx/core.$": Form.TEMPLATE,
    "bun.$": Form.TEMPLATE, "Bun.$": Form.TEMPLATE,
    "shelljs.exec": Form.SHELL,
    "tinyexec.x": Form.ARGV, "tinyexec.exec": Form.ARGV, "nano-spawn": Form.ARGV,
    "Bun.spawn": Form.WORDS, "Bun.spawnSync": Form.WORDS,
    "bun.spawn": Form.WORDS, "bun.spawnSync": Form.WORDS,
    "Deno.Command": Form.COMMAND, "Deno.run": Form.WORDS,
    "pm2.start": Form.PM2,
    "cluster.setupPrimary": Form.WORKER, "cluster.setupMaster": Form.WORKER,
}  # fmt: skip
"""What a program may call, by module and name, as the documentation of each has it."""

HANDED_ON = frozenset(name for name in PROGRAMS if name.startswith("child_process."))
"""What a program may also hand on to others, who then run what cannot be seen here."""


class Run(Struct, frozen=True):
    """One command: its words, how sure they are, and the options that it is given."""

    words: tuple[str, ...]
    confidence: Confidence
    options: Table


def run_of(call: Node, form: Form, evaluate: Evaluate) -> Run | None:
    """What a call runs; None when it is given nothing."""
    nodes = arguments_of(call)
    if not nodes:
        return None
    if nodes[0].type == "template_string" and nodes[0] == call.child_by_field_name("arguments"):
        return structs.replace(_template(nodes[0], evaluate), options=_configured(call, evaluate))
    values = _handed(nodes, evaluate)
    options = next((table for value in values if isinstance(table := settled(value)[0], Table)), Table(()))
    if form is Form.TEMPLATE or (form is Form.ARGV and settled(values[0])[0] is options):
        return None  # options for the template that follows
    if form is Form.PM2:
        return _pm2(values[0], options)
    if form is Form.WORKER:
        return _worker(options)
    words, sure = _words(form, values, options)
    shell = settled(options.get("shell"))[0]
    if form is Form.SHELL or shell is True or (isinstance(shell, str) and shell):
        return Run(("/bin/sh", "-c", " ".join(words)), sure, options)
    return Run(words, sure, options)


def _handed(nodes: Sequence[Node], evaluate: Evaluate) -> list[Literal]:
    """The values of arguments, ``...list`` among them."""
    values: list[Literal] = []
    for node in nodes:
        if node.type != "spread_element":
            values.append(evaluate(node))
            continue
        inner = settled(evaluate(node.named_children[0]))[0] if node.named_children else None
        values += (
            inner
            if isinstance(inner, tuple)
            else [unknown(node.named_children[0] if node.named_children else None)]
        )
    return values or [unknown(None)]


def _configured(call: Node, evaluate: Evaluate) -> Table:
    """The options of ``$({ cwd: "/srv" })`...` ``."""
    function = call.child_by_field_name("function")
    given = [] if function is None or function.type != "call_expression" else arguments_of(function)
    plain = settled(evaluate(given[0]))[0] if given else None
    return plain if isinstance(plain, Table) else Table(())


def folder_of(run: Run, cwd: str | None, node: Node) -> str | None:
    """The working directory that a command is given; None when it is not known."""
    if run.options.entry("cwd") is None:
        return cwd
    given, plain = run.options.get("cwd"), settled(run.options.get("cwd"))[0]
    if plain is None:
        return cwd
    text, sure = as_text(resolved((given,), node, cwd))
    return None if sure is POSSIBLE else text.removeprefix("file://")


def _words(form: Form, values: Sequence[Literal], options: Table) -> tuple[tuple[str, ...], Confidence]:
    if form is Form.WORDS:
        listed = options.get("cmd") if isinstance(settled(values[0])[0], Table) else values[0]
        return _listed(listed)
    program, sure = as_text(values[0])
    if form is Form.SHELL:
        return (program,), sure
    given: Literal = values[1] if len(values) > 1 else ()
    if form is Form.COMMAND:
        given = options.get("args")
    rest, also = _listed(given)
    if form is Form.SCRIPT:
        interpreter = as_text(options.get("execPath"))[0] if options.entry("execPath") is not None else "node"
        return (interpreter, program, *rest), worst(sure, also)
    return (program, *rest), worst(sure, also)


def _listed(value: Literal) -> tuple[tuple[str, ...], Confidence]:
    """A list of words; an object, or nothing, in its place is none."""
    plain, sure = settled(value)
    if isinstance(plain, tuple):
        texts = [as_text(each) for each in plain]
        return tuple(text for text, _ in texts), worst(sure, *(each for _, each in texts))
    if isinstance(plain, Table) or plain is None:
        return (), CERTAIN
    return (), POSSIBLE


def _template(template: Node, evaluate: Evaluate) -> Run:
    """What ``$`...` `` runs: a value stands for one word, a list for several."""
    text, sure = "", CERTAIN
    for part in fragments(template):
        if isinstance(part, str):
            text += part
            continue
        value = settled(evaluate(part))[0]
        words, also = (
            _listed(value) if isinstance(value, tuple) else ((as_text(value)[0],), as_text(value)[1])
        )
        text += " ".join(words if also is POSSIBLE else map(shlex.quote, words))
        sure = worst(sure, also)
    return Run(("/bin/sh", "-c", text), sure, Table(()))


def _pm2(value: Literal, options: Table) -> Run:
    """``pm2.start("x.js")`` and ``pm2.start({ script: "x.js", name: "x" })`` as the command line has them."""
    plain = settled(value)[0]
    script, sure = as_text(plain.get("script") if isinstance(plain, Table) else value)
    name = options.get("name")
    named = ("--name", as_text(name)[0]) if name is not None else ()
    rest, also = _listed(options.get("args"))
    return Run(("pm2", "start", script, *named, *(("--", *rest) if rest else ())), worst(sure, also), options)


def _worker(options: Table) -> Run | None:
    """Without a script of its own a worker runs the program that makes it, which is read already."""
    if options.entry("exec") is None:
        return None
    script, sure = as_text(options.get("exec"))
    rest, also = _listed(options.get("args"))
    return Run(("node", script, *rest), worst(sure, also), options)
