"""Values of JavaScript: what a configuration file says in so many words, each entry with its line.

Covers JSON, JSON with comments, JSON5 and what of a ``.config.js`` is constant: literals, names that are set
to them, paths that are joined from them. Nothing is run: what depends on more is ``Opaque``.
"""

from ghostfix.scripts.js_value import Entry, Literal, Opaque, Table


def read_literal(text: str, folder: str | None = None) -> Literal:
    """What a file exports: its one value, or what ``module.exports`` or ``export default`` is set to.

    ``folder`` is where the file lies, and where it is run. A file that exports nothing, or cannot be read as
    JavaScript, gives an ``Opaque``.
    """
    from ghostfix.scripts.node_export import exported  # loads the grammar, which few machines need

    return exported(text.removeprefix("\ufeff"), folder)


def plain(value: object) -> Literal:
    """What a JSON decoder gave, as a literal without lines."""
    if isinstance(value, dict):
        return Table(tuple(Entry(str(name), plain(each), 0) for name, each in value.items()))
    if isinstance(value, list):
        return tuple(plain(each) for each in value)
    return value if isinstance(value, str | int | float) or value is None else Opaque(str(value))
