"""Shell scripts: the commands that they run, with what surrounds each, read from the grammar's tree.

The reader walks the script as the shell would, into every branch that is not ruled out: variables and
``cd`` are followed, functions are read where they are called, sourced files where they are sourced.
A script that the shell would refuse is read as far as it makes sense, and what it gives is a guess.
"""

from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase

from msgspec import structs
from tree_sitter import Node

from ghostfix.model.reading import Confidence
from ghostfix.scripts.script import SIZE_LIMIT, Loop, Opener, Scene, Script, seconds, worst
from ghostfix.scripts.shell_builtins import builtin, printed
from ghostfix.scripts.shell_flow import GOES_ON, Around, Exit, Flow, joined
from ghostfix.scripts.shell_guards import decided, is_check
from ghostfix.scripts.shell_loops import comes_round, conditions_of, feeds_for_ever, is_constant, pause_of
from ghostfix.scripts.shell_record import ShellRecord, one_line
from ghostfix.scripts.shell_streams import document, is_cat, redirected, written
from ghostfix.scripts.shell_tree import shell_tree
from ghostfix.scripts.shell_variables import assign, count_assignments, own_assignments
from ghostfix.scripts.shell_words import ShellState, Word, expand_all, expand_one
from ghostfix.scripts.syntax_tree import text_of

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
_STEPS = 8_000
_DEPTH = 120
_PARTS = 100
_WORDS = 500
_CALLS = 12
_ROUNDS = 30
_SUBSTITUTIONS = 4
# The grammar takes time that grows with the square of their number.
_DOCUMENTS = 1000
_CLOSING = frozenset({"fi", "done", "esac", "then", "else", "elif", "do"})
_ASSIGNMENTS = frozenset(
    {"variable_assignment", "variable_assignments", "declaration_command", "unset_command"}
)
_STATEMENTS = _ASSIGNMENTS | {
    "command", "redirected_statement", "list", "pipeline", "negated_command", "if_statement",
    "while_statement", "for_statement", "c_style_for_statement", "case_statement", "subshell",
    "compound_statement", "do_group", "function_definition", "test_command", "program", "ERROR",
}  # fmt: skip


def read_shell(source: bytes, scene: Scene, opener: Opener) -> Script:
    """The commands of a script, in the order of the text; ``opener`` gives the files that it sources."""
    problem = None if len(source) <= SIZE_LIMIT else f"only its first {SIZE_LIMIT} bytes were read"
    reader = _Reader(opener)
    reader.text(source, ShellState.at_start(scene), Around())
    sure = LIKELY if reader.refused else CERTAIN
    commands = (
        structs.replace(command, confidence=worst(sure, command.confidence))
        for command in reader.record.commands
    )
    return Script(commands=tuple(commands), problem=problem or reader.problem)


class _Reader:
    def __init__(self, opener: Opener) -> None:
        self.record = ShellRecord()
        self.problem: str | None = None
        self.refused = False
        self._opener = opener
        self._steps = 0
        self._assigned: Counter[str] = Counter()
        self._calls: list[tuple[str, int]] = []
        self._sourced: list[str] = []
        self._last_check = ""
        self._substituting = 0
        self._around = Around()

    # texts

    def text(self, source: bytes, state: ShellState, around: Around, above: int | None = None) -> Flow:
        """Reads a whole text; ``above`` counts the lines above one that stands in a script's line."""
        # Without its last line end the grammar makes less of a text that breaks off.
        source = _bounded(source).replace(b"\r\n", b"\n") + b"\n"
        root = shell_tree(source)
        if root is None:
            self.problem = self.problem or "it could not be understood in reasonable time"
            return Flow()
        if root.has_error:
            self._refuse()
        self._assigned += count_assignments(root)
        if above is None:
            self.record.open(state.file, source)
        outer, self.record.above = self.record.above, above or 0
        flow = self._statements(root, state, around)
        self.record.above = outer
        return flow

    def _refuse(self) -> None:
        """Notes that the shell itself would not run it as it is: all that is read of it is a guess."""
        self.refused = True
        self.problem = self.problem or "the shell would refuse part of it"

    # statements

    def _statements(
        self, node: Node, state: ShellState, around: Around, without: Sequence[Node] = ()
    ) -> Flow:
        """The statements that are a node's children, one after the other, clauses and conditions excepted."""
        before = Flow()
        skipped = {each.id for each in without}
        children = node.children
        for index, child in enumerate(children):
            if child.type not in _STATEMENTS or child.id in skipped:
                continue
            if node.field_name_for_child(index) in ("condition", "value", "variable", "name"):
                continue
            background = index + 1 < len(children) and children[index + 1].type == "&"
            here = around.after(before, background=background)
            flow = self._statement(child, state.copy() if background else state, here)
            if background:
                continue
            if flow.ends:
                return Flow(flow.ends, before.guard, before.guarded)
            if flow.guard:
                before = Flow(Exit.NOTHING, flow.guard, max(flow.guarded, before.guarded))
        return before

    def _statement(self, node: Node, state: ShellState, around: Around) -> Flow:
        self._steps += 1
        if self._steps > _STEPS or around.depth > _DEPTH:
            self.problem = "it is too long or too deeply nested to be read to its end"
            return Flow(Exit.SCRIPT)
        around = structs.replace(around, depth=around.depth + 1)
        self._around = around
        compound = {
            "command": self._command,
            "redirected_statement": self._redirected,
            "list": self._list,
            "pipeline": self._pipeline,
            "if_statement": self._if,
            "while_statement": self._while,
            "for_statement": self._for,
            "c_style_for_statement": self._for,
            "case_statement": self._case,
        }.get(node.type)
        return self._simple(node, state, around) if compound is None else compound(node, state, around)

    def _simple(self, node: Node, state: ShellState, around: Around) -> Flow:
        if node.type == "subshell":
            self._statements(node, state.copy(), around)
        elif node.type == "function_definition":
            name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
            if name is not None and body is not None:
                state.functions[text_of(name)] = (body, state.file)
        elif node.type in _ASSIGNMENTS:
            assign(node, state, self._substitute, self._assigned, around.sure)
        elif node.type == "test_command":
            self._last_check = text_of(node) if is_check(node, state, self._last_check) else ""
        else:
            return self._statements(node, state, around)
        return GOES_ON

    def _redirected(self, node: Node, state: ShellState, around: Around) -> Flow:
        body = node.child_by_field_name("body")
        redirects = node.children_by_field_name("redirect")
        flow = GOES_ON if body is None else self._into(body, redirects, state, around)
        for redirect in redirects:
            around = redirected(redirect, state, around, self._substitute)
        for redirect in redirects:
            # What follows ``<<EOF`` on its line hangs below the here-document in the grammar's tree.
            for follower in redirect.named_children if redirect.type == "heredoc_redirect" else ():
                if follower.type in _STATEMENTS:
                    text = document(redirect, state, self._substitute)
                    fed = structs.replace(around, stdin=text) if is_cat(body) else around
                    self._statement(follower, state.copy(), fed)
        return flow

    def _into(self, body: Node, redirects: Sequence[Node], state: ShellState, around: Around) -> Flow:
        """A statement with its redirections. Those behind a list are its last command's, and so wait for
        its ``cd``, though the grammar has them around the whole.
        """
        if body.type == "list":
            return self._list(body, state, around, redirects)
        for redirect in redirects:
            around = redirected(redirect, state, around, self._substitute)
        return self._statement(body, state, around)

    def _list(self, node: Node, state: ShellState, around: Around, redirects: Sequence[Node] = ()) -> Flow:
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
        last = structs.replace(around, guard=around.guard or check)
        second = self._into(right, redirects, state, last)
        if second.ends and truth is not None:
            return second
        if second.ends and check:
            return Flow(Exit.NOTHING, check, second.ends)
        return Flow(Exit.NOTHING, first.guard or second.guard, max(first.guarded, second.guarded))

    def _pipeline(self, node: Node, state: ShellState, around: Around) -> Flow:
        stdin = around.stdin
        parts = [child for child in node.named_children if child.type in _STATEMENTS][:_PARTS]
        for index, part in enumerate(parts):
            here = structs.replace(around, stdin=stdin)
            if part.type == "while_statement" and feeds_for_ever(parts[:index]):
                here = structs.replace(here, loop=self._loop(part, state))
            self._statement(part, state.copy(), here)
            stdin = written(part, state, stdin, self._substitute)
        self._last_check = next((text_of(part) for part in parts if is_check(part, state)), "")
        return GOES_ON

    # choices

    def _if(self, node: Node, state: ShellState, around: Around) -> Flow:
        flows: list[Flow] = []
        checks: list[str] = []
        truth: bool | None = None
        clauses = [child for child in node.named_children if child.type in ("elif_clause", "else_clause")]
        for branch, clause in enumerate((node, *clauses)):
            conditions = _conditions(clause)
            if conditions:
                truth, check = self._condition(conditions, state, around)
                checks.append(check)
                around = structs.replace(around, guard=around.guard or check)
            if truth is not False or not conditions:
                without = (*conditions, *clauses)
                flows.append(self._statements(clause, state, around.within(node, branch), without))
            if truth is True or not conditions:
                truth = True
                break
        return joined(flows, next(filter(None, checks), ""), complete=truth is True)

    def _condition(
        self, conditions: Sequence[Node], state: ShellState, around: Around
    ) -> tuple[bool | None, str]:
        """What a condition comes to when that is known, and the check in it."""
        check = next((text_of(node) for node in conditions if is_check(node, state, self._last_check)), "")
        check = self._last_check if "$?" in check and self._last_check else check
        truth = decided(conditions[-1], state, self._substitute)
        for condition in conditions:
            following = condition.next_sibling
            background = following is not None and following.type == "&"
            self._statement(condition, state, around.after(GOES_ON, background=background))
        return truth, check

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
        return joined(flows, check, complete=certain and bool(flows))

    # loops

    def _while(self, node: Node, state: ShellState, around: Around) -> Flow:
        conditions, body = conditions_of(node), node.child_by_field_name("body")
        truth = decided(conditions[-1], state, self._substitute) if conditions else None
        if truth is (node.children[0].type == "until"):
            return GOES_ON
        endless = truth is not None or any(is_constant(condition) for condition in conditions)
        if comes_round(node, endless=endless):
            around = structs.replace(around, loop=self._loop(node, state))
        check = ""
        if conditions:
            _, check = self._condition(conditions, state, around)
        around = structs.replace(around, guard=around.guard or check)
        flow = GOES_ON if body is None else self._statements(body, state, around)
        if flow.ends is Exit.SCRIPT and endless:
            return Flow(Exit.SCRIPT)
        return Flow(Exit.NOTHING, check, Exit.SCRIPT) if check else flow.leaving(Exit.ROUND)

    def _for(self, node: Node, state: ShellState, around: Around) -> Flow:
        body, variable = node.child_by_field_name("body"), node.child_by_field_name("variable")
        if body is None:
            return GOES_ON
        endless = node.type == "c_style_for_statement" and node.child_by_field_name("condition") is None
        if comes_round(node, endless=endless):
            around = structs.replace(around, loop=self._loop(node, state))
        if variable is None:
            return self._statements(body, state, around).leaving(Exit.ROUND)
        values = node.children_by_field_name("value")
        words = expand_all(values, state, self._substitute) if values else list(state.positionals or [])
        flow = GOES_ON
        for word in words[:_ROUNDS] or [Word(f"${text_of(variable)}", POSSIBLE)]:
            known = word if not any(mark in word.text for mark in "*?[{") else Word(word.text, POSSIBLE)
            state.variables[text_of(variable)] = known
            flow = self._statements(body, state, around).leaving(Exit.ROUND)
        return flow

    def _loop(self, node: Node, state: ShellState) -> Loop:
        pause = pause_of(node)
        interval = None if pause is None else seconds(self._one(pause, state).text)
        place = self.record.place(node, state)
        return Loop(line=self.record.line(node), text=place.text, interval=interval)

    # commands

    def _command(self, node: Node, state: ShellState, around: Around) -> Flow:
        own = own_assignments(node, state, self._substitute)
        for redirect in node.children_by_field_name("redirect"):
            around = redirected(redirect, state, around, self._substitute)
        words = self._words(node, state)
        self._last_check = text_of(node) if is_check(node, state) else ""
        if len(words) > 1 and words[0].text in ("command", "builtin") and words[1].text[:1] != "-":
            words = words[1:]
        if not words or not words[0].text:
            return GOES_ON
        name, arguments = words[0].text, words[1:]
        if name in _CLOSING:
            # The grammar reads a lone ``fi`` as a command; the shell refuses it.
            self._refuse()
            return GOES_ON
        if name in state.functions:
            return self._call(node, name, arguments, state, around)
        if name == "eval":
            return self._inline(node, arguments, state, around)
        if name in (".", "source") and arguments:
            return self._source(node, arguments, state, around)
        self.record.add(node, words, own, state, around)
        if name == "trap" and len(arguments) > 1 and arguments[0].text not in ("", "-"):
            # What a trap runs, the script runs at its end or at a signal: when, is a guess.
            self._inline(node, arguments[:1], state.copy(), structs.replace(around, sure=LIKELY))
            return GOES_ON
        if name == "exec" and arguments and _names_itself(arguments, state):
            self.record.again(0, Loop(line=1, text="the script starts itself again"))
        return builtin(name, arguments, state, around.output)

    def _inline(self, node: Node, words: Sequence[Word], state: ShellState, around: Around) -> Flow:
        """Reads a text that stands in words, as ``eval`` does."""
        sure = worst(around.sure, *(word.confidence for word in words))
        text = " ".join(word.text for word in words)
        above = self.record.line(node) - 1
        return self.text(text.encode(), state, structs.replace(around, sure=sure), above)

    def _call(self, node: Node, name: str, arguments: list[Word], state: ShellState, around: Around) -> Flow:
        """Reads a function's body where it is called, with its arguments."""
        active = [call for call, _ in self._calls]
        if name in active:
            start = self._calls[active.index(name)][1]
            self.record.again(start, Loop(line=self.record.line(node), text=f"{name} calls itself"))
            return GOES_ON
        if len(self._calls) >= _CALLS:
            return GOES_ON
        body, file = state.functions[name]
        checks = is_check(body, state)
        outer = state.positionals, state.file
        record = self.record.via, self.record.above
        if file != state.file:
            self.record.via = (*self.record.via, self.record.place(node, state))
        self.record.above = 0
        state.positionals, state.file = arguments, file
        self._calls.append((name, len(self.record.commands)))
        flow = self._statement(body, state, around)
        self._calls.pop()
        state.positionals, state.file = outer
        self.record.via, self.record.above = record
        self._last_check = name if checks else ""
        return flow.leaving(Exit.FUNCTION)

    def _source(self, node: Node, arguments: list[Word], state: ShellState, around: Around) -> Flow:
        path = state.path(arguments[0].text)
        if path is None or path in self._sourced or len(self._sourced) >= _CALLS:
            return GOES_ON
        content = self._opener(path)
        if content is None:
            return GOES_ON
        before, file = self.record.via, state.file
        self.record.via = (*before, self.record.place(node, state))
        state.file = path
        self._sourced.append(path)
        if arguments[1:]:
            state.positionals = arguments[1:]
        flow = self.text(content, state, around)
        self._sourced.pop()
        self.record.via, state.file = before, file
        return flow.leaving(Exit.FUNCTION)

    # words

    def _words(self, node: Node, state: ShellState) -> list[Word]:
        name = node.child_by_field_name("name")
        nodes = [] if name is None else name.named_children or [name]
        nodes = [*nodes, *node.children_by_field_name("argument")]
        return expand_all(nodes[:_WORDS], state, self._substitute)

    def _one(self, node: Node, state: ShellState) -> Word:
        return expand_one(node, state, self._substitute)

    def _substitute(self, node: Node, state: ShellState) -> Word:
        """What ``$(...)`` gives: paths that the script works out of its own place; else unknown."""
        unknown = Word(text_of(node), POSSIBLE)
        if self._substituting > _SUBSTITUTIONS:
            return unknown
        self._substituting += 1
        outer, start, inner = self._around, len(self.record.commands), state.copy()
        self._statements(node, inner, structs.replace(outer, background=False, output=None, stdin=None))
        self._around = outer
        self._substituting -= 1
        ran = self.record.commands[start:]
        word = printed(ran, inner)
        if word is None:
            return structs.replace(unknown, check=one_line(text_of(node)) if is_check(node, state) else "")
        del self.record.commands[start:]
        return word


def _bounded(source: bytes) -> bytes:
    """A text's beginning, as much as can be read in a moment."""
    source = source[:SIZE_LIMIT]
    parts = source.split(b"<<", _DOCUMENTS)
    return source if len(parts) <= _DOCUMENTS else source[: -len(parts[-1])]


def _conditions(clause: Node) -> list[Node]:
    """The condition of an ``if`` or of one of its clauses; empty for ``else``."""
    if clause.type == "elif_clause":
        # The grammar names no field here: the first statement is the condition.
        return [child for child in clause.named_children if child.type in _STATEMENTS][:1]
    return conditions_of(clause) if clause.type == "if_statement" else []


def _names_itself(arguments: Sequence[Word], state: ShellState) -> bool:
    return bool(state.file) and any(state.path(word.text) == state.file for word in arguments)
