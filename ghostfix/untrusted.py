"""Text that came from the machine: secrets hidden, control characters written out.

Command lines, URLs, log lines and file names are written by whoever wrote the program that left them.
They carry secrets, and characters that move the cursor, recolour the screen or reverse the reading
direction. Nothing of that may reach a terminal, a ticket or a journal; so all text passes through
``shown`` or ``shown_argv`` on its way out.

Hiding is generous: everything that follows a secret's name is hidden. Every pattern here is linear in
the length of the text (possessive quantifiers, starts only at the beginning of a word).
"""

import re
from collections.abc import Sequence

from ghostfix.pattern import Pattern

MASK = "***"
_CUT = "…"
# What is read of a text beyond what is shown, so that the end of a long secret is still seen.
_READ_AHEAD = 65_536

# Invisible although ``str.isprintable`` says otherwise: joiners, fillers and variation selectors.
_INVISIBLE = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800),
        (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)  # fmt: skip
_NOT_PLAIN = Pattern(r"[^\x20-\x7e]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# Names of secrets. The strong ones say it wherever they stand in a name; the others as a word of it.
_STRONG = Pattern(
    r"passw(?:or)?d|passphrase|passcode|secret|token|credential|authorization|cookie|session[-_.]?id"
    r"|(?:api|access|private|secret|signing|encryption|auth|account|licen[cs]e)[-_.]?key",
    re.IGNORECASE,
)
_WEAK = Pattern(r"(?:^|[-_.])(?i:pass|pwd|pw|otp|pin)$|PASS$|PWD$|[a-z](?:Pass|Pwd)$")
_HEADERS = Pattern(r"(?:authorization|cookie)$", re.IGNORECASE)
_WORKING_FOLDERS = frozenset({"PWD", "OLDPWD", "pwd"})
# A name with one of these at its end is about a secret, and holds none.
_ABOUT = Pattern(
    r"(?:[-_.](?:file|path|dir|folder|name|ttl|length|expiry|timeout|count|type|parallelism|policy|stdin)"
    r"|(?<=n)s|izers?)$",
    re.IGNORECASE,
)

_BOUNDARY = r"(?:(?<![\w.\-])|(?<=\\[nrt])|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4}))"
_GAP = r"(?:\s|\\[nrt])"
_QUOTED = r"""\\++["'][^"'\\]*+(?:\\++["'])?|"(?:[^"\\]|\\.)*+"?|'[^']*+'?"""
# What is masked already is a value of its own, so that hiding twice takes nothing of what follows it.
_VALUE = rf"""(?:\*\*\*(?=[),.:;]*+(?:\s|$))|{_QUOTED}|[^\s&"']++)"""
_VALUE_HERE = Pattern(rf"(?P<value>{_VALUE})")

_ASSIGNED = Pattern(
    rf"""{_BOUNDARY}(?P<name>[-\w.]++)(?P<link>(?:\\*+["'])?{_GAP}{{0,64}}+(?::|=>?){_GAP}{{0,64}}+)"""
)
_OPTION = Pattern(rf"{_BOUNDARY}(?P<name>--?[A-Za-z][-\w.]*+)(?P<link>{_GAP}{{1,64}}+)(?!-)")
_SCHEMES = ("bearer", "basic", "digest", "negotiate", "token", "apikey")
_HEADER = Pattern(
    rf"""(?i){_BOUNDARY}(?P<link>(?:[-\w.]{{0,64}}?)(?:authorization|cookie)(?:\\*+["'])?\s{{0,64}}+[:=]"""
    rf"""\s{{0,64}}+(?:\\*+["'])?(?:(?:{"|".join(_SCHEMES)})\s{{1,64}}+)?)"""
    r"""(?P<value>(?:[^"'\\]|\\(?![nr"'])){1,8192}+)"""
)
_BEARER = Pattern(r"(?i)(?P<link>\bbearer\s{1,64}+)(?P<value>[\w.~+/=-]{8,})")
_USERINFO = Pattern(r"(?P<link>://[^\s/?#:@\"']*+:)(?P<value>[^\s/\"']*)(?=@)")
_CUT_USERINFO = Pattern(r"(?P<link>://[^\s/?#:@\"']*+:)(?P<value>[^\s/\"'@]*)(?=[\"']?…)")
_QUERY = Pattern(
    r"(?i)(?P<link>[?&](?:key|sig|signature|x-amz-signature|auth|sid|code|state)=)(?P<value>[^&\s\"'#]++)"
)
# Programs that take a secret after a short option; at most twenty words before it.
_SHORT_OPTION = Pattern(
    r"(?P<link>\b(?:"
    r"(?:mysql\w{0,12}|mariadb(?:-\w{1,12})?)(?:\s++[^\s|;&]++){0,20}?\s++-p"
    r"|(?:sshpass|mongo\w{0,10}|(?:docker|podman)\s++login)(?:\s++[^\s|;&]++){0,20}?\s++-p\s*+"
    r"|(?:redis-cli)(?:\s++[^\s|;&]++){0,20}?\s++-a\s++"
    r"|(?:ldap\w{1,10})(?:\s++[^\s|;&]++){0,20}?\s++-w\s*+"
    r"|(?:curl|wget)(?:\s++[^\s|;&]++){0,20}?\s++(?:-u|--user|--proxy-user)[\s=]*+[\"']?[^\s:\"']++:"
    rf"))(?P<value>{_VALUE})"
)
_SHAPES = Pattern(
    r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[abeprs]-[\w-]{10,}"
    r"|\bsk-[\w-]{20,}|\b[srp]k_(?:live|test)_\w{10,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}|\bAIza[\w-]{30,}"
    r"|\bnpm_\w{30,}|\bpypi-[\w-]{30,}|(?<![\w-])eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+)?"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)",
    re.DOTALL,
)
# A word right before the place where a text was cut, and the beginning of such a secret in it.
_CUT_WORD = Pattern(r"(?<![\w.-])[\w.-]++(?=[\"']?…)")
_CUT_SHAPE = Pattern(
    r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|[srp]k_(?:live|test)_|AKIA|ASIA|AIza|npm_|pypi-|eyJ)"
    r"[\w.-]++"
)
_NEEDS_QUOTES = Pattern(r"[^\w@%+=:,./\-]", re.ASCII)
_SPECIAL_IN_QUOTES = Pattern(r'[\\"$`]')
# The part of a word before its value, which stays outside the quotes: ``--name=``, ``NAME=``, ``-p``.
_BEFORE_VALUE = Pattern(r"-{0,2}[A-Za-z_][-\w.]*+=|-[A-Za-z]", re.ASCII)


def shown(text: str, limit: int = 500, *, reveal: bool = False) -> str:
    r"""Text safe to print anywhere: redacted, one line, no control marks, at most ``limit`` long.

    Control characters, direction marks and invisible ones are written as escapes (``\x1b``, ``\n``,
    ``\u202e``). ``reveal`` shows secrets, and nothing else changes. Giving its answer to it again
    changes nothing.
    """
    plain = written_out(text[: limit + _READ_AHEAD])
    safe = plain if reveal else without_secrets(plain)
    return safe if len(safe) <= limit else safe[: max(limit - 1, 0)] + _CUT[:limit]


def shown_argv(argv: Sequence[str], limit: int = 500, *, reveal: bool = False) -> str:
    """A command line safe to print, its words quoted as a shell would need them; empty for no words."""
    words = _within(argv, limit + _READ_AHEAD)
    if not reveal:
        words = _words_without_secrets(words)
    return shown(" ".join(_quoted(word) for word in words), limit, reveal=reveal)


def as_typed(argv: Sequence[str], limit: int = 300) -> str:
    """A command line in a shell's quotes, secrets and all, cut at about ``limit`` characters.

    It is for text that passes through ``shown`` later: the quotes keep each word in one piece, so that
    ``shown`` hides the whole of a secret that has blanks or marks in it.
    """
    words = _within(argv, limit)
    cut = "…" if sum(map(len, words)) < sum(map(len, argv)) else ""
    return " ".join(map(_quoted, words)) + cut


def written_out(text: str) -> str:
    """The same text on one line, with every control, direction and invisible character as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return _NOT_PLAIN.sub(lambda match: _visible(match.group()), text)


def without_secrets(text: str) -> str:
    """The same text with each secret in it replaced by ``***``."""
    safe = _CUT_WORD.sub(lambda word: _CUT_SHAPE.sub(MASK, word.group()), _SHAPES.sub(MASK, text))
    safe = _HEADER.sub(_hide_header, safe)
    safe = _BEARER.sub(_hide, safe)
    safe = _CUT_USERINFO.sub(_hide, _USERINFO.sub(_hide, safe))
    safe = _SHORT_OPTION.sub(_hide, safe)
    safe = _QUERY.sub(_hide, safe)
    safe = _hide_named(_OPTION, safe)
    return _hide_named(_ASSIGNED, safe)


def argv_without_secrets(argv: Sequence[str]) -> tuple[str, ...]:
    """The same words with each secret in them replaced by ``***``, also where a word names the next one."""
    return tuple(without_secrets(word) for word in _words_without_secrets(argv))


def names_secret(name: str) -> bool:
    """Whether what is called so is a secret: ``DB_PASSWORD``, ``--api-key``."""
    return _names_secret(name)


def _visible(character: str) -> str:
    if character.isprintable() and character not in _INVISIBLE:
        return character
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _names_secret(name: str) -> bool:
    bare = name.lstrip("-")
    if bare in _WORKING_FOLDERS or _ABOUT.search(bare):
        return False
    return _STRONG.search(bare) is not None or _WEAK.search(bare) is not None


def _hide(match: re.Match[str]) -> str:
    return match["link"] + _masked(match["value"])


def _hide_header(match: re.Match[str]) -> str:
    """Hides a header's value; the name of its scheme, cut short by ``shown``, is no value."""
    value = match["value"].strip().lower()
    if value.endswith(_CUT) and any(scheme.startswith(value[:-1]) for scheme in _SCHEMES):
        return match.group()
    return _hide(match)


def _hide_named(pattern: Pattern[str], text: str) -> str:
    """Hides the value after every name of a secret; what follows another name is looked at as well."""
    parts: list[str] = []
    done = 0
    match = pattern.search(text)
    while match is not None:
        value = _VALUE_HERE.match(text, match.end()) if _introduces_secret(match) else None
        if value is not None:
            parts += text[done : match.end()], _masked(value["value"])
            done = value.end()
        match = pattern.search(text, match.end() if value is None else done)
    return "".join((*parts, text[done:]))


def _introduces_secret(match: re.Match[str]) -> bool:
    name, link = match["name"], match["link"]
    if not _names_secret(name):
        return False
    if ":" in link or "=" in link:
        # Headers have more than one word and were seen to; "3 pass: 4 fail" is about no password.
        return not _HEADERS.search(name) and ("=" in link or _STRONG.search(name) is not None)
    return True


def _masked(value: str) -> str:
    """The mask, in the quotes of the value; what is masked already, or cut right after, stays."""
    if not value.strip(f"*{_CUT}\"'\\ "):
        return value
    quote = re.match(r"""\\*["']""", value)
    if quote is None:
        return MASK
    closed = len(value) >= 2 * quote.end() and value.endswith(quote.group())
    return f"{quote.group()}{MASK}{quote.group() if closed else ''}"


def _within(words: Sequence[str], length: int) -> list[str]:
    """As many words as make up ``length`` characters, the last one cut."""
    kept: list[str] = []
    for word in words:
        if length <= 0:
            break
        kept.append(word[:length])
        length -= len(word) + 1
    return kept


def _words_without_secrets(words: Sequence[str]) -> list[str]:
    """Hides whole words, which text alone could not tell apart: ``--password 'a b&c'``."""
    safe: list[str] = []
    follows = False
    for word in words:
        name, equals, value = word.partition("=")
        named = re.fullmatch(r"-{0,2}[A-Za-z_][-\w.]*", name) is not None and _names_secret(name)
        if follows and not word.startswith("-"):
            safe.append(MASK)
        elif named and equals and value:
            safe.append(f"{name}={MASK}")
        else:
            safe.append(word)
        follows = named and word.startswith("-") and not equals
    return safe


def _quoted(word: str) -> str:
    """The word as a shell would need it; the mask itself needs no quotes."""
    bare = word.replace(MASK, "")
    if word and not _NEEDS_QUOTES.search(bare):
        return word
    before = _BEFORE_VALUE.match(word)
    start = before.group() if before else ""
    rest = word[len(start) :]
    if "'" not in rest:
        return f"{start}'{rest}'"
    return start + '"' + _SPECIAL_IN_QUOTES.sub(r"\\\g<0>", rest) + '"'
