"""Shell scripts: the commands that they run, with what surrounds each, read from the grammar's tree.

The reader walks the script as the shell would, into every branch that is not ruled out: variables and
``cd`` are followed, functions are read where they are called, sourced files where they are sourced.
A script that the shell would refuse is read as far as it makes sense, and what it gives is a guess.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import IntEnum
from fnmatch import fnmatchcase

import tree_sitter_bash
from msgspec import Struct, structs
from tree_sitter import Language, Node, Parser

from ghostfix.job import Place
from ghostfix.process import Variable
from ghostfix.reading import Confidence
from ghostfix.script import SIZE_LIMIT, Command, Loop, Opener, Scene, Script, seconds, worst
from ghostfix.shell_checks import decided, is_check, nodes_within
from ghostfix.shell_words import ShellState, Word, expand_all, expand_one, text_of

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
_LANGUAGE = Language(tree_sitter_bash.language())
_STEPS = 8_000
_DEPTH = 120
_SHOWN = 400
_PARTS = 100
_WORDS = 500
# The grammar takes time that grows with the square of their number.
_DOCUMENTS = 1000
_CALLS = 12
_ROUNDS = 30
_FEEDS_FOR_EVER = re.compile(
    r"\b(tail\b.*-[a-zA-Z]*[fF]|inotifywait\b.*(-m|--monitor)|fswatch\b|journalctl\b.*-f)"
)
_CLOSING = frozenset({"fi", "done", "esac", "then", "else", "elif", "do"})
_STATEMENTS = frozenset(
    (
        "command",
        "redirected_statement",
        "list",
        "pipeline",
        "negated_command",
        "if_statement",
        "while_statement",
        "for_statement",
        "c_style_for_statement",
        "case_statement",
        "subshell",
        "compound_statement",
        "do_group",
        "function_definition",
        "variable_assignment",
        "variable_assignments",
        "declaration_command",
        "unset_command",
        "test_command",
        "program",
        "ERROR",
    )
)


class Scope(IntEnum):
    """What a statement ends."""

    NOTHING = 0
    ROUND = 1
    FUNCTION = 2
    SCRIPT = 3


class Flow(Struct, frozen=True):
    """How it goes on after a statement: what it ends, and which check decides what comes after it."""

    ends: Scope = Scope.NOTHING
    guard: str = ""
    guarded: Scope = Scope.NOTHING
    """How far the guard reaches."""

    def leaving(self, scope: Scope) -> "Flow":
        """What is left of it outside a loop, a function or a script."""
        ends = self.ends if self.ends > scope else Scope.NOTHING
        return Flow(ends, self.guard, self.guarded) if self.guarded > scope else Flow(ends)


class Around(Struct, frozen=True, kw_only=True):
    """What surrounds a statement."""

    loop: Loop | None = None
    guard: str = ""
    background: bool = False
    output: str | None = None
    stdin: str | None = None
    sure: Confidence = CERTAIN
    depth: int = 0
    branches: tuple[tuple[int, int], ...] = ()

    def within(self, choice: Node, branch: int) -> "Around":
        return structs.replace(self, branches=(*self.branches, (choice.id, branch)))


GOES_ON = Flow()


def read_shell(source: bytes, scene: Scene, opener: Opener) -> Script:
    """The commands of a script, in the order of the text; ``opener`` gives the files that it sources."""
    problem = None if len(source) <= SIZE_LIMIT else f"only its first {SIZE_LIMIT} bytes were read"
    reader = _Reader(opener)
    state = ShellState.at_start(scene)
    reader.text(_bounded(source), state, Around())
    sure = LIKELY if reader.refused else CERTAIN
    commands = (
        structs.replace(command, confidence=worst(sure, command.confidence)) for command in reader.commands
    )
    return Script(commands=tuple(commands), problem=problem or reader.problem)


def _bounded(source: bytes) -> bytes:
    """A text's beginning, as much as can be read in a moment."""
    source = source[:SIZE_LIMIT]
    parts = source.split(b"<<", _DOCUMENTS)
    return source if len(parts) <= _DOCUMENTS else source[: -len(parts[-1])]


class _Reader:
    def __init__(self, opener: Opener) -> None:
        self.commands: list[Command] = []
        self.problem: str | None = None
        self.refused = False
        self._opener = opener
        self._steps = 0
        self._assigned: Counter[str] = Counter()
        self._lines: list[str] = []
        self._line_offset = 0
        self._via: tuple[Place, ...] = ()
        self._calls: list[tuple[str, int]] = []
        self._sourced: list[str] = []
        self._last_check = ""
        self._substituting = 0
        self._around = Around()

    def refuse(self) -> None:
        """Notes that the shell itself would not run it as it is: all that is read of it is a guess."""
        self.refused = True
        self.problem = self.problem or "the shell would refuse part of it"

    # texts

    def text(self, source: bytes, state: ShellState, around: Around, row: int | None = None) -> Flow:
        """Reads a whole text; ``row`` counts the lines above ``eval``, None for a file."""
        # Without its last line end the grammar makes less of a text that breaks off.
        source = source.replace(b"\r\n", b"\n") + b"\n"
        root = Parser(_LANGUAGE).parse(source).root_node
        self._count_assignments(root)
        before = self._lines, self._line_offset
        if row is None:
            lines = source.decode(errors="backslashreplace").split("\n")
            self._lines, self._line_offset = [line[:_SHOWN].strip() for line in lines], 0
        else:
            self._line_offset = row
        if root.has_error:
            self.refuse()
        flow = self._statements(root, state, around)
        self._lines, self._line_offset = before
        return flow

    def _count_assignments(self, root: Node) -> None:
        """How often each variable is given a value: one that is given several is a guess."""
        own: set[int] = set()
        for node in nodes_within(root, functions=True):
            if node.type == "declaration_command" and node.children[0].type == "local":
                # A function's own variables are given anew by each call of it.
                own.update(child.id for child in node.named_children)
            elif node.type == "variable_assignment" and node.id not in own:
                name = node.child_by_field_name("name")
                if name is not None:
                    self._assigned[text_of(name)] += 1

    # statements

    def _statements(self, node: Node, state: ShellState, around: Around) -> Flow:
        """The statements that are a node's children, one after the other."""
        guard = Flow()
        children = node.children
        for index, child in enumerate(children):
            if not child.is_named or (child.type not in _STATEMENTS and child.type != "heredoc_redirect"):
                continue
            if node.field_name_for_child(index) in ("condition", "value", "variable", "name"):
                continue
            background = index + 1 < len(children) and children[index + 1].type == "&"
            here = structs.replace(
                around, guard=around.guard or guard.guard, background=around.background or background
            )
            inner = state.copy() if background else state
            flow = self._statement(child, inner, here)
            if flow.ends and not background:
                return Flow(flow.ends, guard.guard, guard.guarded)
            if flow.guard and not background:
                guard = Flow(Scope.NOTHING, flow.guard, max(flow.guarded, guard.guarded))
        return guard

    def _statement(self, node: Node, state: ShellState, around: Around) -> Flow:
        self._steps += 1
        if self._steps > _STEPS or around.depth > _DEPTH:
            self.problem = "it is too long or too deeply nested to be read to its end"
            return Flow(Scope.SCRIPT)
        around = structs.replace(around, depth=around.depth + 1)
        self._around = around
        kind = node.type
        if kind == "command":
            return self._command(node, state, around)
        if kind == "redirected_statement":
            return self._redirected(node, state, around)
        if kind == "list":
            return self._list(node, state, around)
        if kind == "pipeline":
            return self._pipeline(node.named_children, state, around)
        if kind == "if_statement":
            return self._if(node, state, around)
        if kind == "while_statement":
            return self._while(node, state, around)
        if kind in ("for_statement", "c_style_for_statement"):
            return self._for(node, state, around)
        if kind == "case_statement":
            return self._case(node, state, around)
        if kind == "subshell":
            self._statements(node, state.copy(), around)
            return GOES_ON
        if kind == "function_definition":
            name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
            if name is not None and body is not None:
                state.functions[text_of(name)] = (body, state.file)
            return GOES_ON
        if kind in ("variable_assignment", "variable_assignments", "declaration_command", "unset_command"):
            self._assignments(node, state, around)
            return GOES_ON
        if kind == "test_command":
            self._last_check = text_of(node) if is_check(node, state, self._last_check) else ""
            return GOES_ON
        return self._statements(node, state, around)

    def _redirected(self, node: Node, state: ShellState, around: Around) -> Flow:
        body = node.child_by_field_name("body")
        for redirect in node.children_by_field_name("redirect"):
            around = self._redirect(redirect, state, around)
        flow = GOES_ON if body is None else self._statement(body, state, around)
        for redirect in node.children_by_field_name("redirect"):
            if redirect.type == "heredoc_redirect":
                # What follows ``<<EOF`` on its line hangs below the here-document in the grammar's tree.
                followers = [child for child in redirect.named_children if child.type in _STATEMENTS]
                for follower in followers:
                    fed = structs.replace(around, stdin=self._heredoc(redirect, state))
                    self._statement(follower, state.copy(), fed if _is_cat(body) else around)
        return flow

    def _redirect(self, node: Node, state: ShellState, around: Around) -> Around:
        if node.type == "heredoc_redirect":
            nested = [child for child in node.named_children if child.type == "file_redirect"]
            for child in nested:
                around = self._redirect(child, state, around)
            return structs.replace(around, stdin=self._heredoc(node, state))
        if node.type == "herestring_redirect":
            words = [self._one(child, state) for child in node.named_children]
            return structs.replace(around, stdin=words[0].text if words else None)
        descriptor = node.child_by_field_name("descriptor")
        destination = node.child_by_field_name("destination")
        written = {child.type for child in node.children if not child.is_named}
        if destination is None or not written & {">", ">>", "&>", "&>>", ">|"}:
            return around
        if descriptor is not None and text_of(descriptor) != "1":
            return around
        target = self._one(destination, state)
        return structs.replace(
            around, output=None if target.confidence is POSSIBLE else state.path(target.text)
        )

    def _heredoc(self, node: Node, state: ShellState) -> str:
        bodies = [child for child in node.named_children if child.type == "heredoc_body"]
        starts = [child for child in node.named_children if child.type == "heredoc_start"]
        literal = any(text_of(start)[:1] in ("'", '"', "\\") for start in starts)
        return "".join(text_of(body) if literal else self._one(body, state).text for body in bodies)

    def _list(self, node: Node, state: ShellState, around: Around) -> Flow:
        """``a && b``, ``a || b``: what is on the right is decided by the left."""
        sides = [child for child in node.named_children if child.type in _STATEMENTS]
        if len(sides) != 2:
            return self._statements(node, state, around)
        left, right = sides
        is_and = any(child.type == "&&" for child in node.children)
        truth = decided(left, state, self._substitute)
        first = self._statement(left, state, around)
        if first.ends:
            return first
        check = text_of(left) if is_check(left, state, self._last_check) else first.guard
        if truth is not None and truth is not is_and:
            return first
        second = self._statement(right, state, structs.replace(around, guard=around.guard or check))
        if second.ends and truth is not None:
            return second
        if second.ends and check:
            return Flow(Scope.NOTHING, check, second.ends)
        return Flow(Scope.NOTHING, first.guard or second.guard, max(first.guarded, second.guarded))

    def _pipeline(self, nodes: Sequence[Node], state: ShellState, around: Around) -> Flow:
        stdin = around.stdin
        parts = [node for node in nodes if node.type in _STATEMENTS][:_PARTS]
        for index, part in enumerate(parts):
            here = structs.replace(around, stdin=stdin)
            fed = part.type == "while_statement" and any(
                _FEEDS_FOR_EVER.search(text_of(feeder)) for feeder in parts[:index]
            )
            if fed:
                here = structs.replace(here, loop=self._loop(part, state, None))
            self._statement(part, state.copy(), here)
            stdin = self._written(part, state, stdin)
        self._last_check = next((text_of(part) for part in parts if is_check(part, state)), "")
        return GOES_ON

    def _written(self, node: Node, state: ShellState, stdin: str | None) -> str | None:
        """The text that a part of a pipeline gives to the next one, when it is plain."""
        if node.type == "redirected_statement" and _is_cat(node.child_by_field_name("body")):
            documents = [
                child for child in node.children_by_field_name("redirect") if child.type == "heredoc_redirect"
            ]
            return self._heredoc(documents[0], state) if documents else None
        if node.type != "command":
            return None
        words = self._words(node, state)
        if not words or words[0].text not in ("echo", "printf"):
            return stdin if words and words[0].text == "cat" and len(words) == 1 else None
        said = [word for word in words[1:] if not re.fullmatch(r"-[neE]+", word.text)]
        return " ".join(word.text for word in said).replace("\\n", "\n")

    # choices

    def _if(self, node: Node, state: ShellState, around: Around) -> Flow:
        conditions = [child for child in node.children_by_field_name("condition") if child.is_named]
        taken = self._branch_condition(conditions, state, around)
        flows: list[Flow] = []
        truth, check = taken
        here = structs.replace(around, guard=around.guard or check)
        if truth is not False:
            flows.append(self._then(node, conditions, state, here.within(node, 0)))
        for branch, clause in enumerate(node.named_children, start=1):
            if truth is True or clause.type not in ("elif_clause", "else_clause"):
                continue
            if clause.type == "elif_clause":
                first = next((child for child in clause.named_children if child.type in _STATEMENTS), None)
                own = [first] if first is not None else []
                truth, also = self._branch_condition(own, state, here)
                check = check or also
                here = structs.replace(here, guard=here.guard or also)
                if truth is not False:
                    flows.append(self._then(clause, own, state, here.within(node, branch)))
            else:
                flows.append(self._statements(clause, state, here.within(node, branch)))
                truth = True
        return _joined_flow(flows, check, complete=truth is True)

    def _branch_condition(
        self, conditions: Sequence[Node], state: ShellState, around: Around
    ) -> tuple[bool | None, str]:
        check = next((text_of(node) for node in conditions if is_check(node, state, self._last_check)), "")
        check = self._last_check if "$?" in check and self._last_check else check
        truth = decided(conditions[-1], state, self._substitute) if conditions else None
        for condition in conditions:
            following = condition.next_sibling
            background = following is not None and following.type == "&"
            here = structs.replace(around, background=around.background or background)
            self._statement(condition, state, here)
        return truth, check

    def _then(self, node: Node, conditions: Sequence[Node], state: ShellState, around: Around) -> Flow:
        """The statements of a branch: the children of the clause that are no condition and no clause."""
        skipped = {condition.id for condition in conditions}
        guard = Flow()
        children = node.children
        for index, child in enumerate(children):
            if child.id in skipped or child.type not in _STATEMENTS:
                continue
            background = index + 1 < len(children) and children[index + 1].type == "&"
            here = structs.replace(
                around, guard=around.guard or guard.guard, background=around.background or background
            )
            flow = self._statement(child, state.copy() if background else state, here)
            if flow.ends and not background:
                return flow
            if flow.guard:
                guard = flow
        return guard

    def _case(self, node: Node, state: ShellState, around: Around) -> Flow:
        subject = node.child_by_field_name("value")
        word = Word("", POSSIBLE) if subject is None else self._one(subject, state)
        check = word.check or (text_of(subject) if subject is not None and is_check(subject, state) else "")
        here = structs.replace(around, guard=around.guard or check)
        flows: list[Flow] = []
        certain = word.confidence is CERTAIN
        for branch, item in enumerate(node.named_children):
            if item.type != "case_item":
                continue
            patterns = [self._one(value, state).text for value in item.children_by_field_name("value")]
            if certain and not any(fnmatchcase(word.text, pattern) for pattern in patterns):
                continue
            flows.append(self._statements(item, state, here.within(node, branch)))
            if certain:
                break
        return _joined_flow(flows, check, complete=certain and bool(flows))

    # loops

    def _while(self, node: Node, state: ShellState, around: Around) -> Flow:
        until = node.children[0].type == "until"
        conditions = [child for child in node.children_by_field_name("condition") if child.is_named]
        body = node.child_by_field_name("body")
        truth = decided(conditions[-1], state, self._substitute) if conditions else None
        if truth is until and truth is not None:
            return GOES_ON
        endless = truth is not None or any(_is_constant(condition) for condition in conditions)
        loop = self._loop(node, state, conditions) if self._comes_round(conditions, body, endless) else None
        here = structs.replace(around, loop=loop or around.loop)
        check = ""
        for condition in conditions:
            check = check or (text_of(condition) if is_check(condition, state, self._last_check) else "")
            self._statement(condition, state, here)
        here = structs.replace(here, guard=here.guard or check)
        flow = GOES_ON if body is None else self._statements(body, state, here)
        if flow.ends is Scope.SCRIPT and endless:
            return Flow(Scope.SCRIPT)
        after = flow.leaving(Scope.ROUND)
        return Flow(Scope.NOTHING, check, Scope.SCRIPT) if check else after

    def _comes_round(self, conditions: Sequence[Node], body: Node | None, endless: bool) -> bool:
        reads = any(text_of(condition).lstrip().startswith(("read ", "IFS=")) for condition in conditions)
        if reads:
            return False
        sleeps = any(_sleeps(part) for part in (*conditions, *([body] if body is not None else [])))
        return endless or sleeps

    def _for(self, node: Node, state: ShellState, around: Around) -> Flow:
        body = node.child_by_field_name("body")
        if body is None:
            return GOES_ON
        endless = node.type == "c_style_for_statement" and node.child_by_field_name("condition") is None
        if endless or _sleeps(body):
            around = structs.replace(around, loop=self._loop(node, state, None))
        variable = node.child_by_field_name("variable")
        if node.type == "c_style_for_statement" or variable is None:
            return self._statements(body, state, around).leaving(Scope.ROUND)
        values = node.children_by_field_name("value")
        words = expand_all(values, state, self._substitute) if values else list(state.positionals or [])
        flow = GOES_ON
        for word in words[:_ROUNDS] or [Word(f"${text_of(variable)}", POSSIBLE)]:
            known = word if not any(mark in word.text for mark in "*?[{") else Word(word.text, POSSIBLE)
            state.variables[text_of(variable)] = known
            flow = self._statements(body, state, around).leaving(Scope.ROUND)
        return flow

    def _loop(self, node: Node, state: ShellState, conditions: Sequence[Node] | None) -> Loop:
        body = node.child_by_field_name("body")
        parts = [*(conditions or ()), *([body] if body is not None else [])]
        pauses = [pause for part in parts for pause in nodes_within(part) if _is_sleep(pause)]
        # The loop's own last pause is its period; those of inner loops wait for something.
        own = [pause for pause in pauses if not _in_inner_loop(pause, node)] or pauses
        own = [pause for pause in own if pause.parent is not None and pause.parent == body] or own
        interval = None
        if own:
            arguments = own[-1].children_by_field_name("argument")
            word = self._one(arguments[0], state) if arguments else Word("")
            interval = seconds(word.text)
        return Loop(line=self._line(node), text=self._line_text(node), interval=interval)

    # commands

    def _command(self, node: Node, state: ShellState, around: Around) -> Flow:
        own = self._own_assignments(node, state)
        for redirect in node.children_by_field_name("redirect"):
            around = self._redirect(redirect, state, around)
        words = self._words(node, state)
        self._last_check = text_of(node) if is_check(node, state) else ""
        if not words:
            return GOES_ON
        name, arguments = words[0].text, words[1:]
        if name in _CLOSING:
            # The grammar reads a lone ``fi`` as a command; the shell refuses it.
            self.refuse()
            return GOES_ON
        if name in state.functions:
            return self._call(name, arguments, state, around)
        if name in ("command", "builtin") and len(words) > 1 and not words[1].text.startswith("-"):
            words, name, arguments = words[1:], words[1].text, words[2:]
        if name == "eval":
            text = " ".join(word.text for word in arguments)
            sure = worst(around.sure, *(word.confidence for word in arguments))
            return self.text(text.encode(), state, structs.replace(around, sure=sure), self._line(node) - 1)
        if name in (".", "source") and arguments:
            return self._source(node, arguments, state, around)
        self._emit(node, words, own, state, around)
        return self._builtin(name, arguments, state, around, self._line(node) - 1)

    def _builtin(
        self, name: str, arguments: Sequence[Word], state: ShellState, around: Around, line: int
    ) -> Flow:
        if name in ("cd", "pushd"):
            if name == "pushd":
                state.folders.append(state.cwd)
            folders = [word for word in arguments if not re.fullmatch(r"-[LPe@]+|--", word.text)]
            state.go(folders[0] if folders else None)
        elif name == "popd" and state.folders:
            state.cwd = state.folders.pop()
        elif name == "shift" and state.positionals:
            count = int(arguments[0].text) if arguments and arguments[0].text.isdecimal() else 1
            del state.positionals[:count]
        elif name == "set" and arguments and arguments[0].text == "--":
            state.positionals = list(arguments[1:])
        elif name == "read":
            for word in arguments:
                state.variables.pop(word.text, None)
        elif name == "exec" and arguments:
            if state.file and state.file in (state.path(arguments[-1].text), arguments[0].text):
                self._again(0, Loop(line=1, text="the script starts itself again"))
            return Flow(Scope.SCRIPT)
        elif name == "trap" and len(arguments) > 1 and arguments[0].text not in ("", "-"):
            # What a trap runs, the script runs at its end or at a signal: when, is a guess.
            self.text(arguments[0].text.encode(), state.copy(), structs.replace(around, sure=LIKELY), line)
        elif name == "exec":
            state.output = around.output or state.output
        elif name == "exit":
            return Flow(Scope.SCRIPT)
        elif name == "return":
            return Flow(Scope.FUNCTION)
        elif name in ("continue", "break"):
            return Flow(Scope.ROUND)
        return GOES_ON

    def _call(self, name: str, arguments: list[Word], state: ShellState, around: Around) -> Flow:
        """Reads a function's body where it is called, with its arguments."""
        active = [call for call, _ in self._calls]
        if name in active:
            start = self._calls[active.index(name)][1]
            self._again(start, Loop(line=0, text=f"{name} calls itself"))
            return GOES_ON
        if len(self._calls) >= _CALLS:
            return GOES_ON
        body, file = state.functions[name]
        checks = is_check(body, state)
        outer, outer_file = state.positionals, state.file
        state.positionals, state.file = arguments, file
        self._calls.append((name, len(self.commands)))
        if body.type == "compound_statement":
            flow = self._statements(body, state, around)
        else:
            flow = self._statement(body, state, around)
        self._calls.pop()
        state.positionals, state.file = outer, outer_file
        self._last_check = name if checks else ""
        return flow.leaving(Scope.FUNCTION)

    def _again(self, start: int, loop: Loop) -> None:
        """What ran since ``start`` comes round again: a function calls itself, a script runs itself."""
        for index in range(start, len(self.commands)):
            if self.commands[index].loop is None:
                self.commands[index] = structs.replace(self.commands[index], loop=loop)

    def _source(self, node: Node, arguments: list[Word], state: ShellState, around: Around) -> Flow:
        path = state.path(arguments[0].text)
        if path is None or path in self._sourced or len(self._sourced) >= _CALLS:
            return GOES_ON
        content = self._opener(path)
        if content is None:
            return GOES_ON
        place = Place(state.file, self._line(node), self._line_text(node))
        before, file = self._via, state.file
        self._via, state.file = (*before, place), path
        self._sourced.append(path)
        if arguments[1:]:
            state.positionals = arguments[1:]
        flow = self.text(_bounded(content), state, around)
        self._sourced.pop()
        self._via, state.file = before, file
        return flow.leaving(Scope.FUNCTION)

    def _emit(
        self, node: Node, words: list[Word], own: dict[str, Word], state: ShellState, around: Around
    ) -> None:
        if any(word.text == "" for word in words[:1]):
            return
        given = tuple(
            Variable(name, word.text) for name, word in own.items() if word.confidence is not POSSIBLE
        )
        self.commands.append(
            Command(
                words=tuple(word.text for word in words),
                line=self._line(node),
                text=self._line_text(node),
                file=state.file,
                confidence=worst(around.sure, *(word.confidence for word in words)),
                cwd=state.cwd,
                via=self._via,
                loop=around.loop,
                guard=_one_line(around.guard),
                background=around.background,
                output=around.output or state.output,
                stdin=around.stdin,
                variables=(*state.environment(), *given),
                branches=around.branches,
            )
        )

    # words

    def _words(self, node: Node, state: ShellState) -> list[Word]:
        nodes = []
        name = node.child_by_field_name("name")
        if name is not None:
            nodes.extend(name.named_children or [name])
        nodes.extend(node.children_by_field_name("argument"))
        return expand_all(nodes[:_WORDS], state, self._substitute)

    def _one(self, node: Node, state: ShellState) -> Word:
        return expand_one(node, state, self._substitute)

    def _own_assignments(self, node: Node, state: ShellState) -> dict[str, Word]:
        """``A=1 command``: the variables of this command alone; they stay when there is no command."""
        own = {}
        for child in node.named_children:
            if child.type == "variable_assignment":
                name, value = child.child_by_field_name("name"), child.child_by_field_name("value")
                if name is not None and value is not None:
                    own[text_of(name)] = self._one(value, state)
        return own

    def _assignments(self, node: Node, state: ShellState, around: Around) -> None:
        if node.type == "unset_command":
            for child in node.named_children:
                state.variables.pop(text_of(child), None)
            return
        exports = node.children[0].type == "export" or "-x" in text_of(node).split()[:2]
        parts = node.named_children if node.type != "variable_assignment" else [node]
        for child in parts:
            if child.type == "variable_assignment":
                self._assign(child, state, around)
                child = child.child_by_field_name("name") or child
            if exports and child.type == "variable_name":
                state.exported.add(text_of(child))

    def _assign(self, node: Node, state: ShellState, around: Around) -> None:
        name_node, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name_node is None:
            return
        name = text_of(name_node)
        if value is not None and value.type == "array":
            words = tuple(expand_all(value.named_children, state, self._substitute))
            adds = any(child.type == "+=" for child in node.children)
            state.arrays[name] = (*state.arrays.get(name, ()), *words) if adds else words
            return
        word = Word("") if value is None else self._one(value, state)
        check = word.check
        if value is not None and not check and is_check(value, state):
            check = _one_line(text_of(value))
        if any(child.type == "+=" for child in node.children) and name in state.variables:
            word = Word(state.variables[name].text + word.text, worst(LIKELY, word.confidence))
        if word.confidence is POSSIBLE and not check and "$(" in word.text:
            # Unknown by name, so that what stands in a command is ``$NAME``, not what it was made by.
            state.variables[name] = Word(f"${name}", POSSIBLE)
            return
        sure = word.confidence if self._assigned[name] <= 1 and around.sure is CERTAIN else LIKELY
        state.variables[name] = Word(word.text, worst(word.confidence, sure), check)

    def _substitute(self, node: Node, state: ShellState) -> Word:
        """What ``$(...)`` gives: paths that the script works out of its own place; else unknown."""
        unknown = Word(text_of(node), POSSIBLE)
        if self._substituting > 4:
            return unknown
        self._substituting += 1
        try:
            inner = state.copy()
            start = len(self.commands)
            outer = self._around
            here = structs.replace(outer, background=False, output=None, stdin=None)
            self._statements(node, inner, here)
            self._around = outer
            ran = self.commands[start:]
        finally:
            self._substituting -= 1
        gives = ran[-1] if ran else None
        plain = gives is not None and _is_pure(ran)
        if plain:
            del self.commands[start:]
        text = _output_of(gives, inner) if gives is not None and plain else None
        if text is None or gives is None:
            check = _one_line(text_of(node)) if is_check(node, state) else ""
            return Word(text_of(node), POSSIBLE, check)
        looked_up = gives.words[0] in ("which", "command", "type", "realpath", "readlink")
        return Word(text, worst(gives.confidence, LIKELY if looked_up or len(ran) > 2 else CERTAIN))

    # places

    def _line(self, node: Node) -> int:
        return node.start_point.row + 1 + self._line_offset

    def _line_text(self, node: Node) -> str:
        row = self._line(node) - 1
        return self._lines[row] if row < len(self._lines) else _one_line(text_of(node))


_PURE = frozenset(
    {"pwd", "dirname", "basename", "realpath", "readlink", "echo", "cd", "which", "command", "type", "printf"}
)


def _is_pure(commands: Iterable[Command]) -> bool:
    return all(command.words[0] in _PURE for command in commands)


def _output_of(command: Command, state: ShellState) -> str | None:
    """What a command prints that only works with paths; None when that is not known."""
    name, *rest = command.words
    arguments = [word for word in rest if not word.startswith("-")]
    if command.confidence is POSSIBLE:
        return None
    if name == "pwd":
        return state.cwd
    if name == "echo" or (name == "printf" and len(arguments) == 1):
        return " ".join(arguments)
    if not arguments:
        return None
    if name == "dirname":
        return posixpath.dirname(arguments[0]) or "."
    if name == "basename":
        base = posixpath.basename(arguments[0])
        return base.removesuffix(arguments[1]) if len(arguments) > 1 else base
    if name in ("realpath", "readlink"):
        return state.path(arguments[-1])
    return arguments[-1] if name in ("which", "command", "type") else None


def _joined_flow(flows: Sequence[Flow], check: str, *, complete: bool) -> Flow:
    """After a choice: it ends when every branch does, and is decided by the check when one does."""
    if complete and flows and all(flow.ends for flow in flows):
        return Flow(min(flow.ends for flow in flows))
    ending = max((flow.ends for flow in flows), default=Scope.NOTHING)
    if ending and check:
        return Flow(Scope.NOTHING, check, ending)
    return next((Flow(Scope.NOTHING, flow.guard, flow.guarded) for flow in flows if flow.guard), GOES_ON)


def _is_cat(node: Node | None) -> bool:
    return node is not None and text_of(node).strip() == "cat"


def _is_sleep(node: Node) -> bool:
    name = node.child_by_field_name("name") if node.type == "command" else None
    return name is not None and posixpath.basename(text_of(name)) in ("sleep", "usleep")


def _sleeps(node: Node) -> bool:
    return any(_is_sleep(inner) for inner in nodes_within(node))


def _is_constant(node: Node) -> bool:
    return (
        re.fullmatch(r"true|:|\[+ *(1|true) *\]+|\(\( *1 *\)\)|sleep .*", text_of(node).strip()) is not None
    )


def _in_inner_loop(node: Node, loop: Node) -> bool:
    parent = node.parent
    while parent is not None and parent != loop:
        if parent.type in ("while_statement", "for_statement", "c_style_for_statement"):
            return True
        parent = parent.parent
    return False


def _one_line(text: str) -> str:
    return " ".join(text[:_SHOWN].split())
