r"""The forms in which a secret stands in a text: shapes, addresses, headers, SQL, files, sentences (pure).

Each is a ``Rule``, compiled when one of its cues first occurs in a text, which most never do. Every pattern
is linear in the length of the text: possessive or bounded repetitions, starts at the beginning of a word.
"""

import re
from collections.abc import Callable
from functools import cached_property

from ghostfix.model.pattern import Pattern
from ghostfix.model.secret_names import STRONG, names_secret

MASK = "***"
CUT = "…"

BOUNDARY = r"(?:(?<![\w.\-])|(?<=\\[nrt])|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4}))"
GAP = r"(?:\s|\\[nrt])"
_QUOTED = (
    r"""(?:\\++["'][^"'\\\x1f]*+(?:\\++["'])?|"(?:[^"\\\x1f]|\\[^\x1f])*+"?|'[^'\x1f]*+'?"""
    r"""|[“«„‘`][^”»“’`\x1f]{0,2000}+[”»“’`]?)"""
)
# A list of texts is one value: ``"creds": ["joe", "X"]``.
_LIST = r"""\[\s{0,8}+["'][^\[\]{}\x1f]{0,2000}+(?:\]|…|$)"""
# What is masked already is a value of its own, so that hiding twice takes nothing of what follows it.
VALUE = (
    rf"""(?:\*\*\*(?=[),.:;]*+(?:\s|$))|[bfruN]{{1,2}}(?=["']){_QUOTED}|{_QUOTED}|{_LIST}"""
    r"""|\[[^\]\s&"'][^\]\x1f]{0,500}+\]|(?:[^\s&"']|&(?![\w.\[\]-]{1,64}+=))++)"""
)
_SCHEMES = ("bearer", "basic", "digest", "negotiate", "token", "apikey")

_TOKENS = (
    "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- glcbt- glptt- glsoat- glft- gloas- xoxa-"
    " xoxb- xoxe- xoxp- xoxr- xoxs- xapp- sk- sk_live_ sk_test_ rk_live_ rk_test_ pk_live_ pk_test_"
    " whsec_ ya29. gocspx- npm_ pypi- hf_ hvs. hvb. hvr. dop_v1_ doo_v1_ dor_v1_ shpat_ shpss_ shpca_"
    " shppa_ sq0atp- sq0csp- dckr_pat_ dckr_oat_ lin_api_ ntn_ figd_ figo_ pmak- rubygems_ atatt3 atctt3"
    " r8_ gsk_ pplx- tskey- nvapi- xai- glsa_ glc_ sntrys_ sntryu_ dapi pul- age-secret-key- aiza akia"
    " asia abia acca cfpat- ops_ey vercel_ sbp_ sb_secret_ phc_ phx_ nrak- nfp_ tvly- bkua_ dp.st."
    " dp.pt. pscale_tkn_ pscale_pw_"
)
_PREFIXES = "|".join(map(re.escape, sorted(_TOKENS.split(), key=len, reverse=True)))
_SHAPE = (
    rf"(?<![\w.-])(?i:{_PREFIXES})"
    r"(?:(?=[\w.~/-]{0,200}?(?:\d|[A-Z]{2}))[\w.~/+-]{10,}|[A-Za-z0-9]{20,})=*"
)
CUT_TOKEN = rf"(?i)\b(?:{_PREFIXES}|eyj)[\w.~-]*+"
_JWT = r"(?<![\w-])eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+)*"
_PEM = (
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----[^\x1f]*?"
    r"(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|(?=\x1f)|\Z)"
)
_HASH = (
    r"(?<![\w$])\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|argon2\w{1,2}|pbkdf2[\w-]{0,16}"
    r"|scram[\w-]{0,12})\$[\w./$=,+-]{12,}"
)
_OWN_SHAPES = (
    r"(?<![\w.])\d{8,10}:AA[\w-]{30,}"  # Telegram
    r"|(?<![\w-])[MNO][\w-]{22,28}\.[\w-]{6}\.[\w-]{27,}"  # Discord
    r"|(?<![\w.-])SG\.[\w-]{16,}\.[\w-]{16,}"  # SendGrid
    r"|(?<![\w-])(?:AC|SK|key-)[0-9a-f]{32}(?!\w)"  # Twilio, Mailgun
    r"|(?<![\w/+.-])1//0[\w-]{20,}"  # Google's refresh tokens
    r"|(?<![\w.-])s\.[A-Za-z0-9]{24}(?![\w.])"  # Vault before 1.10
)
LONG_LINE = r"(?<![\w+/=.:@-])[A-Za-z0-9+/]{60,}+={0,2}(?![\w.-])"

# What is said of a secret without being one.
_NO_VALUES = (
    "true false none null nil yes no on off undefined required optional missing invalid expired not is"
    " was must cannot empty unset rejected accepted wrong incorrect and or for from in of mismatch"
    " unknown denied authentication basic digest ldap oauth oauth2 trust md5 peer kerberos plain login"
    " any disabled enabled ok failed changed needed the a an be to at by with error mode files compat"
)
NOTHING = frozenset(_NO_VALUES.split())
_KNOWN_WORD = (
    r"(?i)(?:oauth\d|base\d\d|sha\d+|md5|utf-?\d+|http/?\d|ipv[46]|x509|pkcs\w+|[rhep]s\d{3}|v?\d+"
    r"(?:\.\d+)+\w*|v\d+"
    r"|0x[0-9a-f]+|\d+[a-z%]{1,3}|\d{4}-\d\d-\d\d\S*|[\w./-]+\.\w{1,4}:\d+\S*|python\d\S*|\S+@\S+"
    r"|\w+://.*|[a-z]+-\d{1,4}"
    r"|[\w./-]*/[\w./-]*|\w+\(.*)"
)
_LETTER, _DIGIT = Pattern(r"[^\W\d_]"), Pattern(r"\d")


def looks_secret(value: str) -> bool:
    """Whether a word is no word of a sentence: six characters or more, digits among letters."""
    bare = value.strip("\"'`“”«»,.;:)(!?")
    if len(bare) < 6 or re.fullmatch(_KNOWN_WORD, bare):
        return False
    mixed = _DIGIT.search(bare) is not None or any(mark in bare for mark in "!#$%^&*@")
    return mixed and _LETTER.search(bare) is not None


def holds_secret(name: str, value: str) -> bool:
    """Whether the value of what is called so is a secret: a part named ``auth`` may be no more than up."""
    return names_secret(name) and (not name.lower().endswith("auth") or looks_secret(value))


def is_quoted(value: str) -> bool:
    return value.lstrip("\\bfruN")[:1] in ("'", '"', "`", "“", "«", "„")


def is_spoken(value: str) -> bool:
    """Whether the value behind a name without any ``=`` is one: in quotes, or no word of a language."""
    inner = value.strip("\"'`“”«»„\\")
    return looks_secret(value) or (is_quoted(value) and len(inner) >= 4 and inner.lower() not in NOTHING)


def _random(value: str) -> bool:
    """Whether one part of an address is a key, and no name."""
    mixed = _DIGIT.search(value) is not None and _LETTER.search(value) is not None
    return len(value) >= 24 or (mixed and len(value) >= 6)


def masked(value: str) -> str:
    """The mask, in the quotes of the value; what is masked already, or cut right after, stays."""
    if not value.strip(f"*{CUT}\"'\\ "):
        return value
    quote = re.match(r"""[bfruN]{0,2}\\*["'`]""", value)
    if quote is None:
        # What ends a sentence's part, and hardly a secret, stays.
        return MASK + value[len(value.rstrip(",;)")) :]
    mark = quote.group().lstrip("bfruN")
    quoted = value.rstrip(",;)]")
    if len(quoted) < quote.end() + len(mark) or not quoted.endswith(mark):
        return f"{quote.group()}{MASK}"
    return f"{quote.group()}{MASK}{mark}{value[len(quoted) :]}"


class Rule:
    """A pattern whose group ``value`` is hidden, where its group ``name``, if it has one, names a secret."""

    def __init__(self, cues: str, pattern: str, judge: Callable[[str], bool] | None = None) -> None:
        self.cues = tuple(cues.split())
        self.source = pattern
        self._judge = judge

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.source)

    def hide(self, text: str, lowered: str) -> str:
        if not any(cue in lowered for cue in self.cues):
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


WHOLE = (
    Rule(_TOKENS, rf"(?P<value>{_SHAPE})"),
    Rule("eyj", rf"(?P<value>{_JWT})"),
    Rule("-----begin", rf"(?P<value>{_PEM})"),
    Rule("$", rf"(?P<value>{_HASH})"),
    Rule(":aa . sk ac key- 1//0 s.", rf"(?P<value>{_OWN_SHAPES})"),
)
HEADER = Rule(
    "authorization cookie",
    rf"""(?i){BOUNDARY}(?:[-\w.]{{0,64}}?)(?:authorization|cookie)(?:\\*+["'])?\s{{0,64}}+(?:[:=]|,)"""
    rf"""[ \t]{{0,64}}+\[?(?:[bfru](?=["']))?(?:\\*+["'])?(?:(?:{"|".join(_SCHEMES)})\s{{1,64}}+)?"""
    r"""(?P<value>(?:[^"'\\\x1f]|\\(?![nr"'])){1,8192}+)""",
    _not_scheme,
)
ADDRESSES = (
    Rule("://", r"://[^\s/?#:@\"']*+:(?P<value>[^\s/\"']*)(?=@)"),
    Rule("://", r"://[^\s/?#:@\"']*+:(?P<value>[^\s/\"'@]*)(?=[\"']?…)"),
    Rule(
        "://",
        r"(?i)\b(?:https?|wss?|amqps?|rediss?|nats|ftps?)://(?P<value>[^\s/?#:@\"']{6,2000}+)(?=@)",
        _random,
    ),
    Rule(
        "hook /services/ /push/ /heartbeat/ hc-ping nosnch cronitor /with/key/ /bot",
        r"(?i)://[^\s/\"'?#]++/(?:[^\s\"'?#]{0,200}?/)??(?:(?:web)?hooks?(?:b2|/catch|/incoming)?"
        r"|services|push|heartbeat|with/key|p)/"
        r"(?P<value>[^\s\"'?#]{6,2000}+)",
        lambda value: any(_random(part) for part in value.split("/")),
    ),
    Rule("hc-ping nosnch", r"(?i)://(?:hc-ping\.com|nosnch\.in)/(?P<value>[^\s\"'?#]++)"),
    Rule(  # a stream's key
        "rtmp", r"(?i)\brtmps?://[^\s/\"']++/[^\s/\"']++/(?P<value>[^\s?\"']++)", _random
    ),
    Rule("/bot", r"/bot(?P<value>\d{5,12}:[\w-]{6,})"),
    Rule(
        "?",
        r"(?i)[?&](?:key|sig|signature|x-amz-signature|auth|sid|code|state|jwt|hmac|sas|pass"
        r"|pw|pwd|pin|ticket|k|t|hash"
        r"|samlresponse|access|assertion|otp|invite)=(?P<value>[^&\s\"'#]++)",
    ),
    Rule(
        "@",
        r"(?<![\w.:/@-])[\w.-]{1,64}+:(?P<value>[^\s@:/\"',]{3,200}+)(?=@(?!sha\d)(?:tcp\("
        r"|unix\(|[\w.-]{1,200}+(?::\d|/\w)))",
        lambda value: not value.isdigit(),
    ),
    Rule("sip", r"(?i)\bsips?:[^\s:@\"']{1,64}+:(?P<value>[^\s@\"']{1,200}+)(?=@)"),
    Rule(  # a line of .pgpass: host:port:database:user:X; addresses and fingerprints have more parts
        ":",
        r"(?<![\w.:*-])[\w.*-]{1,253}+:(?:\d{1,5}|\*)(?::[\w*-]{1,64}+){2}:(?P<value>(?:[^\s:\\]|\\.)++)(?!\S)",
        looks_secret,
    ),
    Rule("jdbc:oracle", r"(?i)jdbc:oracle:\w{2,8}:[\w.$#]{1,64}/(?P<value>[^\s@\"']++)(?=@)"),
    Rule(
        "sqlplus expdp impdp sqlldr rman exp imp",
        rf"(?i){BOUNDARY}(?:sqlplus|expdp|impdp|sqlldr|rman|exp|imp)(?:\s++"
        rf"-?\w{{1,20}}){{0,4}}?\s++[\"']?(?:userid=|target\s)?"
        r"[\w.$#]{1,64}/(?P<value>[^\s@\"'/]++)(?=@)",
    ),
)
FORMS = (
    Rule("bearer", r"(?i)\bbearer(?:\s|\\[nrt]){1,64}+(?P<value>[\w.~+/=-]{6,})", _random),
    Rule(
        "basic",
        r"(?i)\bbasic\s{1,8}+(?P<value>[A-Za-z0-9+/]{8,}={0,2})",
        lambda value: value.endswith("=") or re.search(r"\d|[a-z][A-Z]", value) is not None,
    ),
    Rule("digest", r"(?i)\b(?:response|c?nonce)=\"?(?P<value>[^\s\",]++)"),
    Rule(
        "identified",
        r"(?i)\bidentified\s++(?:with\s++\S{1,64}\s++)?(?:by|as)\s++(?:password\s++"
        r")?(?P<value>" + VALUE + ")",
    ),
    Rule("password passwd secret", rf"(?i)\b(?:password|passwd|secret)\s*+\(\s*+(?P<value>{_QUOTED})"),
    Rule("set", rf"(?i)\bset\s++password\b[^'\x1f]{{0,100}}?=\s*+(?P<value>{_QUOTED})"),
    Rule("(", rf"(?<![\w.])(?P<name>[\w.]++)\(\s*+(?P<value>{_QUOTED})", is_spoken),
    Rule("auth", r"(?i)(?:^|[\s>\"'])auth\s++(?P<value>[^\s\"']{6,})", looks_secret),
    Rule("auth", r"(?i)(?:^|[\s>\"'])auth\s++[\w-]{1,64}\s++(?P<value>[^\s\"']{6,})", looks_secret),
    Rule("auth", rf"(?i)(?:\.auth|\bauth\s?=\s?)\(\s*+{_QUOTED}\s*+,\s*+(?P<value>{_QUOTED})"),
    Rule(  # DBI->connect("dbi:...", "joe", "X"), mysqli_connect("db", "joe", "X")
        "connect( connection( mysqli( pdo(",
        rf"(?i)(?:connect|connection|mysqli|pdo)\(\s*+{_QUOTED}\s*+,\s*+{_QUOTED}\s*+,\s*+(?P<value>{_QUOTED})",
        is_spoken,
    ),
    Rule("[ (", r"(?<![\w.])(?P<name>[\w.]++)[(\[](?P<value>[^\s()\[\]\"']{6,200}+)[)\]]", looks_secret),
    Rule(
        "%3d",
        r"(?i)(?:(?<=%26)|(?<=%3f)|(?<![\w.%-]))(?P<name>[-\w.]++)%3d(?P<value>[^\s&\"'%]++)",
    ),
    Rule("pass", r"(?:^|[\s>])PASS\s++(?P<value>[^\s\"']{6,})", looks_secret),
    Rule("login", r"(?:^|\s)\w{1,8}\s++LOGIN\s++\S{1,100}\s++(?P<value>\S++)", is_spoken),
    Rule("setuser", r"(?i)\bsetuser\s(?:[^\n\x1f]{0,200}?\s)??>(?P<value>\S++)"),
    Rule(  # Redis Sentinel, of a master
        "auth-pass", rf"(?i)\bauth-pass\s++\S{{1,100}}+\s++(?P<value>{VALUE})"
    ),
    Rule(
        "requirepass masterauth _authtoken bindpw rootpw",
        rf"(?i)\b(?:requirepass|masterauth|_authToken|bindpw|rootpw)(?:\s"
        rf"|=)++(?P<value>{VALUE})",
    ),
    Rule("machine", rf"(?i)\bmachine\s++\S++\s++login\s++\S++\s++password\s++(?P<value>{VALUE})"),
    Rule("community", rf"(?i)\bsnmp-server\s++community\s++(?P<value>{VALUE})"),
    Rule(
        "secret password",
        r"(?i)\b(?:enable|username\s++\S++)(?:\s++privilege\s\d+)?\s++"
        r"(?:secret|password)\s++(?:\d\s++)?(?P<value>[^\s\"']++)",
        lambda value: value.lower() not in NOTHING,
    ),
    Rule("wifi", rf"(?i)\bwifi\s++connect\s++\S++\s++password\s++(?P<value>{VALUE})"),
    Rule("configure", rf"\bset\s++(?P<name>[\w.]++)\s++(?P<value>{VALUE})"),
    Rule("connect", rf"(?i)\bconnect\s++to\s++\S++\s++user\s++\S++\s++using\s++(?P<value>{VALUE})"),
    Rule(
        "net",
        rf"(?i)\bnet\s++user\s++\S++\s++(?P<value>[^\s/]{VALUE})",
        lambda value: not value.startswith("/"),
    ),
    Rule(
        "sudo chpasswd -stdin kinit cryptsetup passwd",
        rf"(?i)\b(?:echo|printf)\s++(?:-\w++\s++)?(?P<value>{VALUE})(?=\s*+\|\s*+(?:\S{{1,40}}\s++"
        rf"){{0,6}}?(?:sudo\s++(?:-\S++\s++)*-\w*S|chpasswd|kinit|cryptsetup|passwd|\S{{1,60}}-stdin))",
    ),
    Rule(
        "<<<",
        rf"(?i)(?:sudo\s++-S|stdin|kinit|chpasswd|passwd)[^<\n\x1f]{{0,100}}+<<<\s*+"
        rf"(?P<value>{VALUE})",
    ),
    Rule(
        "</",
        r"(?i)<[\w:.-]++\s[^<>\x1f]{0,200}?\b(?:name|key|id)\s?=\s?[\"'](?P<name>[-\w.]++)[\"'][^<>\x1f]{0,200}+>"
        r"(?P<value>[^<\x1f]{1,8000}+)",
    ),
    Rule("</", r"<(?P<name>[\w:.-]++)[^<>\x1f]{0,200}+>(?P<value>[^<\x1f]{1,8000}+)"),
    Rule(
        "value",
        rf"""(?i)\b(?:key|name|property|field|variable|header)(?:\\*+["'])?\s*+[:=]\s*+(?:\\*+"""
        rf"""["'])?(?P<name>[-\w.]++)(?:\\*+["'])?"""
        rf"""(?:{GAP}|,){{1,64}}+(?:\\*+["'])?value(?:\\*+["'])?\s*+[:=]\s*+(?P<value>{VALUE})""",
    ),
    Rule(
        "', \", ',' \",\"",
        rf"""[(\[]\s*+b?["'](?P<name>[-\w.]++)["']\s*+,\s*+(?P<value>b?(?:{_QUOTED}))(?=\s*+[)\]])""",
    ),
    Rule(
        "credential creds login logged signed",
        r"(?i)\b(?:credentials?|creds?|log(?:ged)?[ -]?in|signed in)\b(?:\s++(?:as|with|are|is"
        r"|using|for))?\s*+[:=]?\s*+(?:as\s++|with\s++)?"
        r"[\w.-]{1,64}\s?[:/]\s?(?P<value>[^\s\"',;]++)",
        looks_secret,
    ),
    Rule(
        "密 口令 パスワード 暗証 비밀 암호 รหัส",
        r"(?:密码|密碼|口令|パスワード|暗証番号|비밀번호|암호|รหัสผ่าน)(?:\s|[:：=「『“]|は|が|为|為|是|은|는|이|가|คือ){0,8}+"
        r"(?P<value>[!-&(-~]{4,200}+)",
    ),
)
_WORDED = (
    r"(?:api|access|secret|private|license|encryption|master|signing|recovery|shared|pre-?shared|wi-?fi|unlock|code)"
    r"[\s-](?:key|code|phrase)|mot de passe|kata sandi|mật khẩu|palavra passe|كلمة المرور|كلمة السر"
    r"|clé (?:api|secr[eè]te)"
)
"""What a secret is called in more than one word."""
_PHRASE = rf"(?:{_WORDED}|[\w-]{{0,40}}?(?:{STRONG})[\w-]{{0,12}}+)"
_SPOKEN_CUES = (
    "pass secret token credential authorization cookie bearer key code phrase psk jwt string "
    "session requirepass otp"
    " masterauth wort senha contrase senord kodeord has hes jels ifre lozinka slapta парол κωδικ "
    "סיסמה पासवर्ड"
    " wachtwoord salasana sandi mật كلمة clé"
)
SENTENCES = (
    Rule(
        "key code phrase mot kata mật palavra كلمة clé password",
        rf"(?i)\b(?:{_WORDED})[\"']?\s{{0,8}}+[:=]\s{{0,8}}+(?P<value>{VALUE})",
        lambda value: value.lower().strip(".,;") not in NOTHING,
    ),
    Rule(  # MySQL's first start: "A temporary password is generated for root@localhost: X"
        "password passphrase token",
        rf"(?i)\b(?:password|passphrase|token)\s(?:\w{{2,8}}\s){{0,2}}(?:generated|created|set|assigned|reset)"
        rf"(?:\s[\w.@'-]{{1,60}}+){{0,4}}:\s{{1,8}}+(?P<value>{VALUE})",
        looks_secret,
    ),
    Rule(
        _SPOKEN_CUES + " pin pwd",
        rf"(?i){BOUNDARY}(?<!unexpected )(?<!unknown )(?:{_PHRASE}|pin|psk|jwt|pwd)[\"'`]?"
        rf"(?:\s{{1,8}}+[\w.@/'-]{{1,40}}+){{0,4}}?"
        rf"\s{{1,8}}+(?:(?:is|was)(?:\s(?:now|set|changed|reset)){{1,2}}(?:\sto)?|is|was|are|to"
        rf"|now|as|equals|ist|war|lautet|est|es|é|è|jest|är|er|on|:=?|=)[\s:]{{1,8}}+(?P<value>{VALUE})",
        is_spoken,
    ),
    Rule(
        _SPOKEN_CUES,
        rf"(?i){BOUNDARY}(?<!unexpected )(?<!unknown )(?:{_PHRASE}|psk|jwt|otp)[\"'`]?\s{{1,8}}+"
        rf"(?P<value>{VALUE})",
        is_spoken,
    ),
    Rule(" not ", rf"(?i){BOUNDARY}(?P<name>[-\w.]++) is (?P<value>{VALUE})(?=, (?:and )?not )"),
    Rule(
        " not ",
        rf"(?i){BOUNDARY}(?P<name>[-\w.]++) is (?:missing|{VALUE}), (?:and )?not "
        rf"(?P<value>{VALUE})",
    ),
)
