"""Frames of stack traces: the file and line that each names, and how likely that is the user's own code."""

from msgspec import Struct

from ghostfix.model.pattern import Pattern

LIBRARY, ELSEWHERE, OWN = 0, 1, 2
"""How much a place is the user's own: a library's, some other file, one in the service's folder."""
PYTHON_FRAME = Pattern(r'^(?:\s*|> ?)File "([^"]{1,1024})", line (\d{1,9})(?:, in (.*))?')
_LIBRARY = Pattern(
    r"^node:|^internal/|^\.\./|^/rustc/|^library/|^/usr/(?:local/)?(?:lib(?:32|64|exec)?|share|go)/"
    r"|(?:^|/)(?:site-packages|dist-packages|node_modules|bower_components|gems|vendor|rustlib|libsanitizer)/"
    r"|/lib(?:64)?/(?:python|pypy|ruby)\d|/Python\.framework/|/go/pkg/mod/|/\.cargo/registry/"
)
_BUILT_IN = ("<frozen ", "<internal:", "node:", "internal/")
_FRAMEWORKS = (
    "java.",
    "javax.",
    "jakarta.",
    "jdk.",
    "sun.",
    "com.sun.",
    "kotlin.",
    "scala.",
    "org.springframework.",
)
_AT = Pattern(r"^\s+at (.{1,2000})$")
_JVM = Pattern(r"^([\w.$/@<>-]{1,600})\(([\w$-]{1,200}\.\w{1,8}):(\d{1,9})\)")
_DOT_NET = Pattern(r" in ([^()]{1,1024}):line (\d{1,9})$")
_NODE = Pattern(r"(?:^|[( ])([^() ]{1,1024}):(\d{1,9}):\d{1,9}\)?(?: \{)?\s*$")
_OTHERS = (
    Pattern(r"^\t(/[^\t\n]{1,1024}?\.(?:go|s)):(\d{1,9})(?: \+0x[0-9a-f]{1,16})?$"),  # Go
    Pattern(r"^\s+(?:\d{1,5}: )?from ([^\t\n]{1,1024}?):(\d{1,9})(?::in .*)?$"),  # Ruby
    Pattern(r"^#\d{1,5} ([^()\n]{1,1024})\((\d{1,9})\): "),  # PHP
    Pattern(r"^\s+#\d{1,5} 0x[0-9a-f]{1,16} (?:in .{0,600} )?(/[^\s:]{1,1024}):(\d{1,9})(?::\d{1,9})?$"),
)
_NODE_POSITION = Pattern(r"^(?:file://)?(/[^\s:]{1,1024}):(\d{1,9})$")


class Frame(Struct, frozen=True):
    """One level of a stack trace. Without a ``file`` it is one whose place is not written."""

    file: str = ""
    line: int = 0
    library: bool = False

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def openable(self) -> bool:
        """Whether it is a file that a reader can open: not of what is built into an interpreter."""
        return bool(self.file) and not self.file.startswith(_BUILT_IN)

    def rank(self, folder: str) -> int:
        """How much it is the user's own code, whose service lies in this folder (empty: not known)."""
        if self.library or _LIBRARY.search(self.file):
            return LIBRARY
        own = not self.file.startswith("/") or (folder and self.file.startswith(folder.rstrip("/") + "/"))
        return OWN if own else ELSEWHERE


def python_frame(body: str) -> Frame | None:
    """``File "a.py", line 3, in f``."""
    found = PYTHON_FRAME.match(body)
    return None if found is None else Frame(found[1], int(found[2]))


def frame_below(body: str) -> Frame | None:
    """A frame of the languages that write theirs below the error, the innermost first: all but Python."""
    at = _AT.match(body)
    if at is not None:
        return _at(at[1])
    for pattern in _OTHERS:
        found = pattern.match(body)
        if found is not None:
            return Frame(found[1], int(found[2]))
    return None


def _at(text: str) -> Frame:
    """Of the JVM, .NET, Node and Rust, whose frames all begin with ``at``."""
    jvm = _JVM.match(text)
    if jvm is not None:
        method = jvm[1].rpartition("/")
        foreign = method[0].startswith(("java.", "jdk.")) or method[2].startswith(_FRAMEWORKS)
        return Frame(jvm[2], int(jvm[3]), library=foreign)
    found = _DOT_NET.search(text) or _NODE.search(text)
    if found is None:
        return Frame()
    file = found[1].removeprefix("file://")
    # The old Node names its own files without a folder.
    return Frame(file, int(found[2]), library="/" not in file and file.endswith(".js"))


def node_position(body: str) -> Frame | None:
    """The line above the source that Node quotes before an error: ``/srv/a.js:3``."""
    found = _NODE_POSITION.match(body)
    return None if found is None else Frame(found[1], int(found[2]))
