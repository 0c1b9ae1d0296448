"""Names of secrets: whether what is called so is a password, a token or a key (pure).

A name is read as its words: ``DB_PASSWORD2`` is db, password; ``clientSecret`` is client, secret. A name
whose last word is one of ``_ABOUT`` says something about a secret and holds none: ``--password-file``.
"""

import re
from functools import lru_cache

from ghostfix.model.pattern import Pattern


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 200
"""Characters of a name that are read, from its end: what it is about stands there."""

FOREIGN = (
    r"contrase(?:ñ|n\u0303?)[ay]|senha|palavra-?passe|mot-?_?de-?_?passe|passwort|kennwort|wachtwoord|l(?:ö|oe?)senord"
    r"|adgangskode|kodeord|passord|salasana|has[łl]o|heslo|jelsz[óo]|[şs]ifre|lozinka|slapta[žz]odis|парол[ьаьяе]"
    r"|κωδικ[όο]ς|סיסמה|密码|密碼|口令|パスワード|暗証番号|비밀번호|암호|पासवर्ड|รหัสผ่าน"
)
"""The word for a password in the languages of many operators."""
STRONG = (
    r"passw(?:or)?d|pass-?phrase|passcode|secret|token|credential|authorization|cookie|bearer|sess(?:ion)?[-_.]?id|connect\.sid"
    r"|connection[-_.]?string|community[-_.]?string|requirepass|masterauth|storepass|keypass"
    r"|(?:api|access|private|secret|signing|encryption|auth|account|licen[cs]e|master|deploy)[-_.]?key(?!word|board)"
    rf"|{FOREIGN}"
)
"""Says it wherever it stands in a name."""
_STRONG = Pattern(STRONG, re.IGNORECASE)
_WEAK = _words(
    "pass pwd pw pswd psw psk otp totp pin auth jwt pat cred creds dsn mdp clave parola geslo sandi"
)
"""Says it as the last word of a name, and is something else in the middle of one."""
_GLUED = Pattern(r"(?<!com)(?<!by)(?<!tres)(?<!over)(?<!under)(?<!sur)(?<!im)(?<!multi)(?:pass|pwd|pw)$")
_OPEN_KEYS = _words(
    "primary foreign public pub partition sort cache index unique host routing group row shard hot"
    " object composite natural lookup dict map order message registry translation idempotency bucket"
    " short arrow range hash record job queue topic event metric label config setting value json yaml"
    " data any no new old missing duplicate unknown this the a of return enter escape tab control"
    " project issue lock meta search filter column field attribute parent item"
)
"""What stands before ``key`` where a key only finds something."""
_ABOUT = _words(
    "file files path paths dir directory folder name names ttl length len expiry expires expiration in"
    " timeout count total type types parallelism policy stdin uri url endpoint port secure domain"
    " samesite httponly age required enabled disabled size bits limit max min format algorithm alg"
    " version provider manager store at days field column header prefix location mode scheme usage"
    " rotation arn hint label user username reset changed prompt strength validator validators hasher"
    " hashers method methods realm backend plugin service server host env var rate error errors"
    " failure failures retries sock tokens second id"
)
_IDS = _words("secret session key phpsess")
"""Whose ``id`` is one half of a secret, or all of it."""
_NO_TOKEN = Pattern(r"tokeni[sz]|authori(?:ty|ties)|secretar|cookies?cutter|passw(?:or)?dless", re.IGNORECASE)
_WORDS = Pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
_WORKING_FOLDERS = frozenset({"PWD", "OLDPWD"})
_AGES = _words("old new prod dev test main default admin root")


@lru_cache(4096)
def names_secret(name: str) -> bool:
    """Whether what is called so is a secret: ``DB_PASSWORD``, ``--api-key``, ``FERNET_KEY``."""
    bare = name.strip("-.")[-_LONGEST:]
    if bare in _WORKING_FOLDERS:
        return False
    words = [match[0].lower() for match in _WORDS.finditer(bare)]
    if not words or _is_about(words):
        return False
    return is_strong(bare) or _is_weak(words)


def is_strong(name: str) -> bool:
    """Whether the name can stand for nothing else, also where no ``=`` follows it."""
    bare = name[-_LONGEST:]
    return _STRONG.search(bare) is not None and _NO_TOKEN.search(bare) is None


def _is_about(words: list[str]) -> bool:
    last = words[-1]
    if last == "id" and len(words) > 1:
        return words[-2] not in _IDS
    return last in _ABOUT and (len(words) > 1 or last == "tokens")


def _is_weak(words: list[str]) -> bool:
    last = words[-1]
    if last in _AGES and len(words) > 1:
        return words[-2] in _WEAK and words[-2] != "auth"
    if last == "key":
        return len(words) > 1 and words[-2] not in _OPEN_KEYS
    return last in _WEAK or (len(last) > 4 and _GLUED.search(last) is not None)
