r"""Secrets in text: where they stand, whatever the text is, and the text without them (pure).

A secret is known by a name before it (``secret_names``), by the program that takes it (``secret_clients``), by
its own shape (``ghp_...``), or by the form of what it stands in: an address, a header, SQL, a sentence. Hiding is
generous. Every pattern is linear in the length of the text: possessive or bounded repetitions, starts only at the
beginning of a word. A pattern is compiled when the first of its cues occurs in a text, which most never do.

The words of a command line are joined by ``\x1f``, which is a blank to every pattern and never inside a value; so
one word's secret is found by the word before it, and what comes back is split into the same words.
"""

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from ghostfix.secret_clients import client_secrets
from ghostfix.secret_names import FOREIGN, STRONG, is_strong, names_secret

MASK = "***"
CUT = "…"
_BETWEEN = "\x1f"

_BOUNDARY = r"(?:(?<![\w.\-])|(?<=\\[nrt])|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4}))"
_GAP = r"(?:\s|\\[nrt])"
_QUOTED = (
    r"""(?:\\++["'][^"'\\\x1f]*+(?:\\++["'])?|"(?:[^"\\\x1f]|\\[^\x1f])*+"?|'[^'\x1f]*+'?"""
    r"""|[“«„‘`][^”»“’`\x1f]{0,2000}+[”»“’`]?)"""
)
# What is masked already is a value of its own, so that hiding twice takes nothing of what follows it.
_VALUE = (
    rf"""(?:\*\*\*(?=[),.:;]*+(?:\s|$))|[bfru]{{1,2}}(?=["']){_QUOTED}|{_QUOTED}"""
    r"""|\[[^\]\s&"'][^\]\x1f]{0,500}+\]|(?:[^\s&"']|&(?![\w.\[\]-]{1,64}+=))++)"""
)
_SCHEMES = ("bearer", "basic", "digest", "negotiate", "token", "apikey")

_TOKENS = (
    "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- glcbt- glptt- glsoat- glft- gloas- xoxa- xoxb- xoxe- xoxp-"
    " xoxr- xoxs- xapp- sk- sk_live_ sk_test_ rk_live_ rk_test_ pk_live_ pk_test_ whsec_ ya29. gocspx- npm_ pypi- hf_ hvs."
    " hvb. hvr. dop_v1_ doo_v1_ dor_v1_ shpat_ shpss_ shpca_ shppa_ sq0atp- sq0csp- dckr_pat_ dckr_oat_ lin_api_ ntn_ figd_"
    " figo_ pmak- rubygems_ atatt3 atctt3 r8_ gsk_ pplx- tskey- nvapi- xai- glsa_ glc_ sntrys_ sntryu_ dapi pul- age-secret-key-"
    " aiza akia asia abia acca cfpat- ops_ey vercel_ sbp_ sb_secret_ phc_ phx_ nrak- nfp_ tvly- bkua_ dp.st. dp.pt."
    " pscale_tkn_ pscale_pw_"
).split()
_SHAPE = (
    rf"(?<![\w.-])(?i:{'|'.join(map(re.escape, sorted(_TOKENS, key=len, reverse=True)))})"
    r"(?:(?=[\w.~/-]{0,200}?(?:\d|[A-Z]{2}))[\w.~/+-]{10,}|[A-Za-z0-9]{20,})=*"
)
_CUT_TOKEN = rf"(?i)\b(?:{'|'.join(map(re.escape, _TOKENS))}|eyj)[\w.~-]*+"
_JWT = r"(?<![\w-])eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+)*"
_PEM = (
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----[^\x1f]*?"
    r"(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|(?=\x1f)|\Z)"
)
_HASH = r"(?<![\w$])\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|argon2\w{1,2}|pbkdf2[\w-]{0,16}|scram[\w-]{0,12})\$[\w./$=,+-]{12,}"
_OWN_SHAPES = (
    r"(?<![\w.])\d{8,10}:AA[\w-]{30,}"  # Telegram
    r"|(?<![\w-])[MNO][\w-]{22,28}\.[\w-]{6}\.[\w-]{27,}"  # Discord
    r"|(?<![\w.-])SG\.[\w-]{16,}\.[\w-]{16,}"  # SendGrid
    r"|(?<![\w-])(?:AC|SK|key-)[0-9a-f]{32}(?!\w)"  # Twilio, Mailgun
    r"|(?<![\w/+.-])1//0[\w-]{20,}"  # Google's refresh tokens
    r"|(?<![\w.-])s\.[A-Za-z0-9]{24}(?![\w.])"  # Vault before 1.10
)
_LONG_LINE = r"(?<![\w+/=.:@-])[A-Za-z0-9+/]{60,}+={0,2}(?![\w.-])"

# What is said of a secret without being one.
_NOTHING = frozenset(
    (
        "true false none null nil yes no on off undefined required optional missing invalid expired not is was must cannot"
        " empty unset rejected accepted wrong incorrect and or for from in of mismatch unknown denied authentication"
        " basic digest ldap oauth oauth2 trust md5 peer kerberos plain login any disabled enabled ok failed changed needed"
        " the a an be to at by with error mode"
    ).split()
)
_PATH = re.compile(r"[\"']?(?:(?:~|\.{1,2})?/[\w.~@/-]*|[A-Za-z]:[\\/].*|[\w./-]+\.(?:pem|key|crt|p12|jks|json|txt|ya?ml))[\"',;)]*")
_KNOWN_WORD = re.compile(
    r"(?i)(?:oauth\d|base\d\d|sha\d+|md5|utf-?\d+|http/?\d|ipv[46]|x509|pkcs\w+|[rhep]s\d{3}|v?\d+(?:\.\d+)+\w*|v\d+"
    r"|0x[0-9a-f]+|\d+[a-z%]{1,3}|\d{4}-\d\d-\d\d\S*|[\w./-]+\.\w{1,4}:\d+\S*|python\d\S*|\S+@\S+|\w+://.*|[a-z]+-\d{1,4}"
    r"|[\w./-]*/[\w./-]*|\w+\(.*)"
)
_LETTER, _DIGIT = re.compile(r"[^\W\d_]"), re.compile(r"\d")


def looks_secret(value: str) -> bool:
    """Whether a word is no word of a sentence: six characters or more, digits among letters."""
    bare = value.strip("\"'`“”«»,.;:)(!?")
    if len(bare) < 6 or _KNOWN_WORD.fullmatch(bare):
        return False
    mixed = _DIGIT.search(bare) is not None or any(mark in bare for mark in "!#$%^&*@")
    return mixed and _LETTER.search(bare) is not None


def holds_secret(name: str, value: str) -> bool:
    """Whether the value of what is called so is a secret: a part named ``auth`` may be no more than up."""
    return names_secret(name) and (not name.lower().endswith("auth") or looks_secret(value))


def _is_quoted(value: str) -> bool:
    return value.lstrip("\\bfru")[:1] in ("'", '"', "`", "“", "«", "„")


def _spoken(value: str) -> bool:
    """Whether the value behind a name without any ``=`` is one: in quotes, or no word of a language."""
    inner = value.strip("\"'`“”«»„\\")
    return looks_secret(value) or (_is_quoted(value) and len(inner) >= 4 and inner.lower() not in _NOTHING)


def _random(value: str) -> bool:
    """Whether one part of an address is a key, and no name."""
    mixed = _DIGIT.search(value) is not None and _LETTER.search(value) is not None
    return len(value) >= 24 or (mixed and len(value) >= 6)


class _Rule:
    """A pattern whose group ``value`` is hidden: behind a group ``name`` that names a secret, if it has one."""

    def __init__(self, cues: str, pattern: str, judge: Callable[[str], bool] | None = None) -> None:
        self._cues = tuple(cues.split())
        self._source = pattern
        self._judge = judge

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self._source)

    def hide(self, text: str, lowered: str) -> str:
        if not any(cue in lowered for cue in self._cues):
            return text
        return self._pattern.sub(self._hidden, text)

    def _hidden(self, match: re.Match[str]) -> str:
        groups = match.groupdict()
        value, name = match["value"], groups.get("name")
        if (name is not None and not holds_secret(name, value)) or (self._judge and not self._judge(value)):
            return match.group()
        whole, start = match.group(), match.start("value") - match.start()
        return whole[:start] + masked(value) + whole[start + len(value) :]


def _not_scheme(value: str) -> bool:
    """A header's scheme that was cut short is no value."""
    bare = value.strip().lower()
    return not (bare.endswith(CUT) and any(scheme.startswith(bare[:-1]) for scheme in _SCHEMES))


_WHOLE = (
    _Rule(" ".join(_TOKENS), rf"(?P<value>{_SHAPE})"),
    _Rule("eyj", rf"(?P<value>{_JWT})"),
    _Rule("-----begin", rf"(?P<value>{_PEM})"),
    _Rule("$", rf"(?P<value>{_HASH})"),
    _Rule(":aa . sk ac key- 1//0 s.", rf"(?P<value>{_OWN_SHAPES})"),
)
_HEADER = _Rule(
    "authorization cookie",
    rf"""(?i){_BOUNDARY}(?:[-\w.]{{0,64}}?)(?:authorization|cookie)(?:\\*+["'])?\s{{0,64}}+(?:[:=]|,)"""
    rf"""[ \t]{{0,64}}+\[?(?:[bfru](?=["']))?(?:\\*+["'])?(?:(?:{"|".join(_SCHEMES)})\s{{1,64}}+)?"""
    r"""(?P<value>(?:[^"'\\\x1f]|\\(?![nr"'])){1,8192}+)""",
    _not_scheme,
)
_ADDRESSES = (
    _Rule("://", r"://[^\s/?#:@\"']*+:(?P<value>[^\s/\"']*)(?=@)"),
    _Rule("://", r"://[^\s/?#:@\"']*+:(?P<value>[^\s/\"'@]*)(?=[\"']?…)"),
    _Rule("://", r"(?i)\b(?:https?|wss?|amqps?|rediss?|nats|ftps?)://(?P<value>[^\s/?#:@\"']{6,2000}+)(?=@)", _random),
    _Rule(
        "hook /services/ /push/ /heartbeat/ hc-ping nosnch cronitor /with/key/ /bot",
        r"(?i)://[^\s/\"'?#]++/(?:[^\s\"'?#]{0,200}?/)??(?:(?:web)?hooks?(?:b2|/catch|/incoming)?|services|push|heartbeat|with/key|p)/"
        r"(?P<value>[^\s\"'?#]{6,2000}+)",
        lambda value: any(_random(part) for part in value.split("/")),
    ),
    _Rule("hc-ping nosnch", r"(?i)://(?:hc-ping\.com|nosnch\.in)/(?P<value>[^\s\"'?#]++)"),
    _Rule("/bot", r"/bot(?P<value>\d{5,12}:[\w-]{6,})"),
    _Rule(
        "?", r"(?i)[?&](?:key|sig|signature|x-amz-signature|auth|sid|code|state|jwt|hmac|sas|pass|pw|pwd|pin|ticket|k|t|hash"
        r"|samlresponse|access|assertion|otp|invite)=(?P<value>[^&\s\"'#]++)",
    ),
    _Rule("@", r"(?<![\w.:/@-])[\w.-]{1,64}+:(?P<value>[^\s@:/\"',]{3,200}+)(?=@(?!sha\d)(?:tcp\(|unix\(|[\w.-]{1,200}+(?::\d|/\w)))",
          lambda value: not value.isdigit()),
    _Rule("jdbc:oracle", r"(?i)jdbc:oracle:\w{2,8}:[\w.$#]{1,64}/(?P<value>[^\s@\"']++)(?=@)"),
    _Rule(
        "sqlplus expdp impdp sqlldr rman exp imp",
        rf"(?i){_BOUNDARY}(?:sqlplus|expdp|impdp|sqlldr|rman|exp|imp)(?:\s++-?\w{{1,20}}){{0,4}}?\s++[\"']?(?:userid=|target\s)?"
        r"[\w.$#]{1,64}/(?P<value>[^\s@\"'/]++)(?=@)",
    ),
)  # fmt: skip
_FORMS = (
    _Rule("bearer", r"(?i)\bbearer(?:\s|\\[nrt]){1,64}+(?P<value>[\w.~+/=-]{6,})", _random),
    _Rule("basic", r"(?i)\bbasic\s{1,8}+(?P<value>[A-Za-z0-9+/]{8,}={0,2})",
          lambda value: value.endswith("=") or re.search(r"\d|[a-z][A-Z]", value) is not None),
    _Rule("digest", r"(?i)\b(?:response|c?nonce)=\"?(?P<value>[^\s\",]++)"),
    _Rule("identified", r"(?i)\bidentified\s++(?:with\s++\S{1,64}\s++)?(?:by|as)\s++(?:password\s++)?(?P<value>" + _VALUE + ")"),
    _Rule("password passwd secret", rf"(?i)\b(?:password|passwd|secret)\s*+\(\s*+(?P<value>{_QUOTED})"),
    _Rule("set", rf"(?i)\bset\s++password\b[^'\x1f]{{0,100}}?=\s*+(?P<value>{_QUOTED})"),
    _Rule("(", rf"(?P<name>[\w.]++)\(\s*+(?P<value>{_QUOTED})", _spoken),
    _Rule("auth", r"(?i)(?:^|[\s>\"'])auth\s++(?P<value>[^\s\"']{6,})", looks_secret),
    _Rule("auth", r"(?i)(?:^|[\s>\"'])auth\s++[\w-]{1,64}\s++(?P<value>[^\s\"']{6,})", looks_secret),
    _Rule("auth", rf"(?i)\.auth\(\s*+{_QUOTED}\s*+,\s*+(?P<value>{_QUOTED})"),
    _Rule("pass", r"(?:^|[\s>])PASS\s++(?P<value>[^\s\"']{6,})", looks_secret),
    _Rule("login", r"(?:^|\s)\w{1,8}\s++LOGIN\s++\S{1,100}\s++(?P<value>\S++)", _spoken),
    _Rule("setuser", r"(?i)\bsetuser\s(?:[^\n\x1f]{0,200}?\s)??>(?P<value>\S++)"),
    _Rule("requirepass masterauth _authtoken", rf"(?i)\b(?:requirepass|masterauth|_authToken)(?:\s|=)++(?P<value>{_VALUE})"),
    _Rule("machine", rf"(?i)\bmachine\s++\S++\s++login\s++\S++\s++password\s++(?P<value>{_VALUE})"),
    _Rule("community", rf"(?i)\bsnmp-server\s++community\s++(?P<value>{_VALUE})"),
    _Rule("secret password", r"(?i)\b(?:enable|username\s++\S++)(?:\s++privilege\s\d+)?\s++(?:secret|password)\s++(?:\d\s++)?(?P<value>[^\s\"']++)",
          lambda value: value.lower() not in _NOTHING),
    _Rule("wifi", rf"(?i)\bwifi\s++connect\s++\S++\s++password\s++(?P<value>{_VALUE})"),
    _Rule("configure", rf"\bset\s++(?P<name>[\w.]++)\s++(?P<value>{_VALUE})"),
    _Rule("connect", rf"(?i)\bconnect\s++to\s++\S++\s++user\s++\S++\s++using\s++(?P<value>{_VALUE})"),
    _Rule("net", rf"(?i)\bnet\s++user\s++\S++\s++(?P<value>[^\s/]{_VALUE})", lambda value: not value.startswith("/")),
    _Rule("sudo chpasswd -stdin kinit cryptsetup passwd",
          rf"(?i)\b(?:echo|printf)\s++(?:-\w++\s++)?(?P<value>{_VALUE})(?=\s*+\|\s*+(?:\S{{1,40}}\s++){{0,6}}?(?:sudo\s++(?:-\S++\s++)*-\w*S|chpasswd|kinit|cryptsetup|passwd|\S{{1,60}}-stdin))"),
    _Rule("<<<", rf"(?i)(?:sudo\s++-S|stdin|kinit|chpasswd|passwd)[^<\n\x1f]{{0,100}}+<<<\s*+(?P<value>{_VALUE})"),
    _Rule("</", r"<(?P<name>[\w:.-]++)[^<>\x1f]{0,200}+>(?P<value>[^<\x1f]{1,8000}+)"),
    _Rule("value",
          rf"""(?i)\b(?:key|name|property|field|variable|header)(?:\\*+["'])?\s*+[:=]\s*+(?:\\*+["'])?(?P<name>[-\w.]++)(?:\\*+["'])?"""
          rf"""(?:{_GAP}|,){{1,64}}+(?:\\*+["'])?value(?:\\*+["'])?\s*+[:=]\s*+(?P<value>{_VALUE})"""),
    _Rule("', \", ',' \",\"", rf"""[(\[]\s*+b?["'](?P<name>[-\w.]++)["']\s*+,\s*+(?P<value>b?(?:{_QUOTED}))(?=\s*+[)\]])"""),
    _Rule("credential creds login logged signed",
          r"(?i)\b(?:credentials?|creds?|log(?:ged)?[ -]?in|signed in)\b(?:\s++(?:as|with|are|is|using|for))?\s*+[:=]?\s*+(?:as\s++|with\s++)?"
          r"[\w.-]{1,64}\s?[:/]\s?(?P<value>[^\s\"',;]++)", looks_secret),
    _Rule("密 口令 パスワード 暗証 비밀 암호 รหัส",
          r"(?:密码|密碼|口令|パスワード|暗証番号|비밀번호|암호|รหัสผ่าน)(?:\s|[:：=「『“]|は|が|为|為|是|은|는|이|가|คือ){0,8}+"
          r"(?P<value>[!-&(-~]{4,200}+)"),
)  # fmt: skip
_PHRASE = (
    rf"(?:(?:api|access|secret|private|license|encryption|master|signing|recovery|shared|pre-?shared|wi-?fi)\s(?:key|code|phrase|password)"
    rf"|mot de passe|kata sandi|mật khẩu|palavra passe|كلمة المرور|كلمة السر|clé (?:api|secr[eè]te)|[\w-]{{0,40}}?(?:{STRONG}|{FOREIGN})[\w-]{{0,12}}+)"
)
_SENTENCES = (
    _Rule(
        "key code phrase mot kata mật palavra كلمة clé password",
        rf"(?i)\b(?:(?:api|access|secret|private|license|encryption|master|signing|recovery|shared|pre-?shared|wi-?fi)\s(?:key|code|phrase)"
        rf"|mot de passe|kata sandi|mật khẩu|palavra passe|كلمة المرور|كلمة السر|clé (?:api|secr[eè]te))[\"']?\s{{0,8}}+[:=]\s{{0,8}}+(?P<value>{_VALUE})",
        lambda value: value.lower().strip(".,;") not in _NOTHING,
    ),
    _Rule(
        "pass secret token credential key code phrase psk pin word wort senh contrase senor kod has hes jels ifre loz парол κωδ jwt mật sandi كلمة",
        rf"(?i){_BOUNDARY}(?<!unexpected )(?<!unknown )(?:{_PHRASE}|pin|psk|jwt|pwd)[\"'`]?(?:\s{{1,8}}+[\w.@/'-]{{1,40}}+){{0,4}}?"
        rf"\s{{1,8}}+(?:(?:is|was)(?:\s(?:now|set|changed|reset)){{1,2}}(?:\sto)?|is|was|are|to|now|as|equals|ist|war|lautet|est|es|é|è|jest|är|er|on|:=?|=)[\s:]{{1,8}}+(?P<value>{_VALUE})",
        _spoken,
    ),
    _Rule(
        "pass secret token credential key code phrase psk word wort senh contrase senor kod has hes jels ifre loz парол κωδ jwt mật sandi كلمة",
        rf"(?i){_BOUNDARY}(?<!unexpected )(?<!unknown )(?:{_PHRASE}|psk|jwt)[\"'`]?\s{{1,8}}+(?P<value>{_VALUE})",
        _spoken,
    ),
    _Rule(" not ", rf"(?i){_BOUNDARY}(?P<name>[-\w.]++) is (?P<value>{_VALUE})(?=, (?:and )?not )"),
    _Rule(" not ", rf"(?i){_BOUNDARY}(?P<name>[-\w.]++) is (?:missing|{_VALUE}), (?:and )?not (?P<value>{_VALUE})"),
)  # fmt: skip
_VALUE_HERE = re.compile(rf"(?P<value>{_VALUE})")
_ASSIGNED = re.compile(
    rf"""{_BOUNDARY}(?P<name>[-\w.\u0300-\u036f]++)(?P<link>(?:\\*+["'\]])*+{_GAP}{{0,64}}+(?::=?|=(?:=|>)*|<-|->|：){_GAP}{{0,64}}+"""
    r"""(?:Some\(|\((?=["']))?)"""
)
_OPTION = re.compile(rf"{_BOUNDARY}(?P<name>--?[A-Za-z][-\w.]*+|/[a-z]{{4,}}(?=\s))(?P<link>{_GAP}{{1,64}}+)(?!-)")
# A word right before the place where a text was cut, and the beginning of such a secret in it.
_CUT_WORD = re.compile(r"(?<![\w.-])[\w.-]++(?=[\"']?…)")
_HEADERS = re.compile(r"(?:authorization|cookie)$", re.IGNORECASE)
_FOLDER = re.compile(r"[\"']?(?:[/~.$]|[A-Za-z]:[\\/])")


def without_secrets(text: str) -> str:
    """The same text with each secret in it replaced by ``***``."""
    lowered = text.lower()
    for rule in _WHOLE:
        text = rule.hide(text, lowered)
    text = _long_lines(_cut_words(text))
    text = _HEADER.hide(text, lowered)
    for rule in _ADDRESSES:
        text = rule.hide(text, lowered)
    text = _hide_clients(text)
    for rule in _FORMS:
        text = rule.hide(text, lowered)
    text = _hide_named(_OPTION, text)
    text = _hide_named(_ASSIGNED, text)
    for rule in _SENTENCES:
        text = rule.hide(text, lowered)
    return text


def argv_without_secrets(argv: Sequence[str]) -> tuple[str, ...]:
    """The same words with each secret in them replaced by ``***``, also where a word names the next one."""
    words = _named_words(argv)
    if any(_BETWEEN in word for word in words):
        return tuple(map(without_secrets, words))
    safe = tuple(without_secrets(_BETWEEN.join(words)).split(_BETWEEN)) if words else ()
    return safe if len(safe) == len(words) else tuple(map(without_secrets, words))


def masked(value: str) -> str:
    """The mask, in the quotes of the value; what is masked already, or cut right after, stays."""
    if not value.strip(f"*{CUT}\"'\\ "):
        return value
    quote = re.match(r"""[bfru]{0,2}\\*["'`]""", value)
    if quote is None:
        # What ends a sentence's part, and hardly a secret, stays.
        return MASK + value[len(value.rstrip(",;)")) :]
    mark = quote.group().lstrip("bfru")
    closed = len(value) >= quote.end() + len(mark) and value.endswith(mark)
    return f"{quote.group()}{MASK}{mark if closed else ''}"


def _cut_words(text: str) -> str:
    if CUT not in text:
        return text
    return _CUT_WORD.sub(lambda word: re.sub(_CUT_TOKEN, MASK, word.group()), text)


def _long_lines(text: str) -> str:
    """Hides a line of a key's body, whose first line stands somewhere else."""
    if len(text) < 60:
        return text
    return re.sub(_LONG_LINE, lambda match: MASK if _is_body(match.group()) else match.group(), text)


def _is_body(text: str) -> bool:
    """Base64 of something random has all kinds of characters; a path has many slashes, a hash no capitals."""
    kinds = (r"[a-z]", r"[A-Z]", r"\d")
    return text.count("/") * 15 <= len(text) and all(re.search(kind, text) for kind in kinds)


def _hide_clients(text: str) -> str:
    parts: list[str] = []
    done = 0
    for start, end in client_secrets(text):
        if start >= done:
            parts += text[done:start], masked(text[start:end])
            done = end
    return "".join((*parts, text[done:]))


def _hide_named(pattern: re.Pattern[str], text: str) -> str:
    """Hides the value after every name of a secret; what follows another name is looked at as well."""
    parts: list[str] = []
    done = 0
    match = pattern.search(text)
    while match is not None:
        value = _value_of(match, text)
        if value is not None:
            parts += text[done : match.end()], masked(text[match.end() : value])
            done = value
        match = pattern.search(text, match.end() if value is None else done)
    return "".join((*parts, text[done:]))


def _value_of(match: re.Match[str], text: str) -> int | None:
    """Where the secret that the match introduces ends; None when it introduces none."""
    name, link = match["name"], match["link"]
    folder = name.upper() == "PWD" and "=" in link
    if not folder and not names_secret(name):
        return None
    found = _VALUE_HERE.match(text, match.end())
    if found is None or not _is_value(name, link, found["value"], folder=folder):
        return None
    opening = text[match.start() - 1 : match.start()]
    if link == "=" and opening in ("'", '"') and not _is_quoted(found["value"]):
        # The quotes are around name and value: all of it up to the other one.
        end = text.find(opening, match.end(), match.end() + 500)
        if end > 0 and _BETWEEN not in text[match.end() : end] and "\\" not in text[match.end() : end]:
            return end
    return found.end()


def _is_value(name: str, link: str, value: str, *, folder: bool) -> bool:
    bare = value.strip("\"',;)").lower()
    strong = is_strong(name)
    if folder:
        return _FOLDER.match(value) is None
    if name.lower().endswith("key") and _PATH.fullmatch(value):
        return False
    if ":" in link or "=" in link or "-" in link:
        # Headers have more than one word and were seen to; "3 pass: 4 fail" is about no password.
        if _HEADERS.search(name):
            return False
        if "=" not in link and not holds_secret(name, value):
            return False
        if "=" not in link and not strong and not (re.search(r"[-_.]|[a-z][A-Z]", name) or _spoken(value)):
            return False
        return bare not in _NOTHING
    return strong or bare not in _NOTHING


def _named_words(words: Sequence[str]) -> list[str]:
    """Hides whole words, which text alone could not tell apart: ``--password 'a b&c'``."""
    safe: list[str] = []
    option = ""
    for word in words:
        name, equals, value = word.partition("=")
        named = re.fullmatch(r"-{0,2}[A-Za-z_][-\w.]*", name) is not None and names_secret(name)
        if option and not word.startswith("-") and _is_value(option, " ", word, folder=False):
            safe.append(MASK)
        elif named and equals and value and _is_value(name, "=", value, folder=False):
            safe.append(f"{name}={MASK}")
        else:
            safe.append(word)
        option = name if named and word.startswith("-") and not equals else ""
    return safe
