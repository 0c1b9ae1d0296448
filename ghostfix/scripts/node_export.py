"""What a JavaScript file exports: the value of a configuration file."""

from tree_sitter import Node

from ghostfix.scripts.js_value import Entry, Literal, Opaque, Table
from ghostfix.scripts.node_names import Names
from ghostfix.scripts.node_tree import line_of, node_tree
from ghostfix.scripts.node_value import Values
from ghostfix.scripts.script import Scene
from ghostfix.scripts.syntax_tree import text_of


def exported(text: str, folder: str | None) -> Literal:
    """Its one value, or what ``module.exports`` or ``export default`` is set to; else an ``Opaque``."""
    is_value = text.lstrip().startswith(("{", "["))
    # As an expression: a line that begins with ``{`` is a block otherwise.
    source = f"({text}\n)" if is_value else text
    root = node_tree(source.encode(errors="replace"))
    if root is None:
        return Opaque("")
    file = "" if folder is None else f"{folder.rstrip('/')}/ecosystem.config.js"
    values = Values(Names(root), Scene(file=file, cwd=folder))
    if is_value:
        first = root.named_children[0] if root.named_children else None
        return values.value(first.named_children[0] if first is not None and first.named_children else None)
    found: Literal = Opaque("")
    for statement in root.named_children:
        value = _export(statement)
        if value is not None:
            target, node = value
            found = values.value(node)
            if target.endswith(".apps"):
                found = Table((Entry("apps", found, line_of(statement)),), line_of(statement))
    return found


def _export(statement: Node) -> tuple[str, Node] | None:
    """What a statement of the file exports, and as what."""
    if statement.type == "export_statement":
        value = statement.child_by_field_name("value")
        return None if value is None else ("default", value)
    inner = statement.named_children[0] if statement.named_children else None
    if statement.type != "expression_statement" or inner is None or inner.type != "assignment_expression":
        return None
    left, right = inner.child_by_field_name("left"), inner.child_by_field_name("right")
    names = ("module.exports", "module.exports.apps", "exports.apps", "exports.default")
    if left is None or right is None or text_of(left) not in names:
        return None
    return text_of(left), right
