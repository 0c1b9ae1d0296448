"""Client programs that take a secret where no name says so: ``mysql -pX``, ``curl -u user:X`` (pure).

Each manual page says which option it is. The words behind the program are read one by one, up to the end of
its command, so that an option of another program (``ssh -p 22``) is left alone.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from ghostfix.model.pattern import Pattern


class Span(NamedTuple):
    """Where a secret stands in a text."""

    start: int
    end: int


class _Client(NamedTuple):
    """How a program takes a secret; each field is options, separated by blanks."""

    glued: str = ""
    """The secret is the rest of the word: ``-pX``."""
    next: str = ""
    """The secret is the next word, or the rest of this one: ``-a X``, ``-aX``."""
    pair: str = ""
    """The next word is ``user:X``, ``user%X`` or ``user,X``."""
    after: str = ""
    """The subcommand, or marker, without which the options mean something else."""
    last: int = 0
    """The secret is the word at this place behind the subcommand, options not counted."""


_MYSQL = _Client(glued="-p")
_PASSWORD = _Client(next="-p")
_CAPITAL = _Client(next="-P")
_LOGIN = _Client(next="-p", after="login")
_SMB = _Client(pair="-U --user --authenticate")
_USER_PAIR = _Client(pair="-u -U --user --proxy-user --auth -a --basic-auth --userpwd --proxy-auth -E --cert")
_CLIENTS = {
    "sshpass": _PASSWORD, "docker": _LOGIN, "podman": _LOGIN, "nerdctl": _LOGIN, "buildah": _LOGIN,
    "skopeo": _LOGIN, "crane": _LOGIN, "oras": _LOGIN, "helm": _LOGIN, "az": _LOGIN, "oc": _LOGIN,
    "argocd": _LOGIN, "redis-cli": _Client(next="-a"), "redis-benchmark": _Client(next="-a"),
    "valkey-cli": _Client(next="-a"), "keydb-cli": _Client(next="-a"), "curl": _USER_PAIR,
    "wget": _USER_PAIR, "http": _USER_PAIR, "https": _USER_PAIR, "xh": _USER_PAIR, "ncat": _USER_PAIR,
    "etcdctl": _USER_PAIR, "ab": _Client(pair="-A -P"), "wrk": _USER_PAIR, "siege": _USER_PAIR,
    "lftp": _Client(pair="-u --user"), "ncftpput": _PASSWORD, "ncftpget": _PASSWORD, "ncftp": _PASSWORD,
    "mosquitto_pub": _CAPITAL, "mosquitto_sub": _CAPITAL, "mosquitto_rr": _CAPITAL, "mqttx": _CAPITAL,
    "sqlcmd": _CAPITAL, "osql": _CAPITAL, "bcp": _CAPITAL, "tsql": _CAPITAL, "ipmitool": _CAPITAL,
    "fisql": _CAPITAL, "zip": _CAPITAL, "unzip": _CAPITAL, "7z": _Client(glued="-p"),
    "7za": _Client(glued="-p"), "rar": _Client(glued="-p -hp"), "unrar": _Client(glued="-p"),
    "cqlsh": _PASSWORD, "beeline": _PASSWORD, "mycli": _Client(next="-p"), "mydumper": _PASSWORD,
    "myloader": _PASSWORD, "rabbitmqadmin": _PASSWORD, "rdesktop": _PASSWORD, "crackmapexec": _PASSWORD,
    "evil-winrm": _PASSWORD, "sendxmpp": _PASSWORD, "hydra": _PASSWORD, "useradd": _PASSWORD,
    "usermod": _PASSWORD, "isql-fb": _PASSWORD, "isql": _Client(last=3), "vsql": _Client(next="-w"),
    "nzsql": _Client(next="-pw"), "plink": _Client(next="-pw"), "pscp": _Client(next="-pw"),
    "psftp": _Client(next="-pw"), "smbclient": _SMB, "rpcclient": _SMB, "winexe": _SMB, "wbinfo": _SMB,
    "smbget": _SMB, "net": _SMB, "nmblookup": _SMB, "xfreerdp": _Client(glued="/p:"),
    "wlfreerdp": _Client(glued="/p:"), "openssl": _Client(glued="pass:", next="-k"),
    "htpasswd": _Client(last=3, after="-b -bc -cb -Bb -bB -cBb -Bbc"),
    "mosquitto_passwd": _Client(last=3, after="-b"), "ansible-vault": _Client(last=1, after="encrypt_string"),
    "steamcmd": _Client(last=2, after="+login"),
    "caddy": _Client(next="--plaintext -p", after="hash-password"),
    "yt-dlp": _PASSWORD, "youtube-dl": _PASSWORD, "cypher-shell": _PASSWORD, "twine": _PASSWORD,
    "esxcli": _PASSWORD, "racadm": _PASSWORD, "hdbsql": _PASSWORD, "supervisorctl": _PASSWORD,
    "transmission-remote": _Client(pair="-n --auth"), "dotnet": _Client(next="-k", after="push"),
    "nuget": _Client(next="-k -ApiKey", after="push"), "newrelic-daemon": _Client(next="--license -license"),
    "ldappasswd": _Client(next="-w -s -a"), "swaks": _Client(next="-ap --ap"),
    "sendemail": _Client(next="-xp"), "vault": _Client(last=1, after="login unseal"),
    "sqlplus": _Client(pair="-s -S -l -L"), "rclone": _Client(last=1, after="obscure reveal"),
    "ngrok": _Client(last=1, after="authtoken add-authtoken"), "wpa_passphrase": _Client(last=2),
    "rabbitmqctl": _Client(last=2, after="add_user change_password authenticate_user"),
    "mc": _Client(last=4, after="set"), "influx": _Client(next="-password -p -t"), "arangosh": _PASSWORD,
    "consul": _Client(next="-token"), "nomad": _Client(next="-token"), "snowsql": _PASSWORD,
    "kcadm.sh": _PASSWORD, "security": _Client(next="-p -w"), "x11vnc": _Client(next="-passwd"),
    "tailscale": _Client(next="--authkey"), "doctl": _Client(next="-t"), "frpc": _Client(next="-t"),
    "frps": _Client(next="-t"), "turnserver": _Client(pair="-u --user"), "openfortivpn": _PASSWORD,
    "xmrig": _PASSWORD, "openconnect": _Client(next="--token-secret"), "signtool": _Client(next="/p"),
    "wrangler": _Client(next="--value", after="secret"),
}  # fmt: skip
_FAMILIES = {
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "mongo": _PASSWORD,
    "ldap": _Client(next="-w"),
    "snmpd": _Client(),
    "snmptrapd": _Client(),
    "snmp": _Client(next="-c -A -X"),
    "slap": _Client(next="-w"),
    "pt-": _PASSWORD,
    "ss-": _Client(next="-k"),
    "shadowsocks": _Client(next="-k"),
}
"""By what the names of a whole suite of programs begin with."""
_PROGRAM = Pattern(r"(?<![\w.\-])[\w][\w.\-]*+(?=[\"']?(?:,[\"']|,?(?:\s|\\[nrt])))")
_WORD = Pattern(
    r"(?:,(?=[\"'])|,?(?:\s|\\[nrt]){1,64}+)"
    r"(?P<word>(?:\"(?:[^\"\\\x1f]|\\[^\x1f])*+\"?|'[^'\x1f]*+'?|[^\s\"'|;&\x1f,]|,(?![\"']))++)"
)
_MOST_WORDS = 40
_PAIR = r"[\"']?[^\s:%,\"']*+[:%,](?P<value>[^\"']++)"
_URL = r"[\"']?\w+://"
_LONGEST_NAME = 40


def client_secrets(text: str) -> Iterator[Span]:
    """Where the secrets of every client's command line in the text stand, from left to right."""
    done = 0
    for program in _PROGRAM.finditer(text):
        client = None if program.start() < done else _client(program.group())
        if client is not None:
            for span in _of(client, text, program.end()):
                done = max(done, span.end)
                yield span


def _client(name: str) -> _Client | None:
    if len(name) > _LONGEST_NAME:
        return None
    plain = name.lower().removesuffix(".exe")
    known = _CLIENTS.get(plain)
    return known or next((client for family, client in _FAMILIES.items() if plain.startswith(family)), None)


def _of(client: _Client, text: str, start: int) -> Iterator[Span]:
    meant, following, place = not client.after, "", 0
    if text[start : start + 1] in ("'", '"'):
        start += 1
    for _ in range(_MOST_WORDS):
        found = _WORD.match(text, start)
        if found is None:
            return
        if _client(found["word"]) is not None:
            return  # whose own options come next
        start = found.end()
        word, at = _bare(found["word"], found.start("word"))
        if not meant:
            meant = word in client.after.split()
        elif following:
            yield from _value(following, word, at)
            following = ""
        elif word.startswith(("-", "/p:", "pass:")) or "=" in word[:12] or _option_at(client, word):
            following = _option_at(client, word)
            yield from _attached(client, word, at)
        else:
            place += 1
            if place == client.last:
                yield Span(at, at + len(word))


def _bare(word: str, at: int) -> tuple[str, int]:
    """An option, and where it stands, without the quotes of a list of words: ``['mysql', '-pX']``."""
    if word[:1] not in ("'", '"') or word[1:2] not in ("-", "+"):
        return word, at
    return word[1:].rstrip(",])").removesuffix(word[0]), at + 1


def _option_at(client: _Client, word: str) -> str:
    """``next`` or ``pair`` when the word is an option whose secret is the next word."""
    if word in client.next.split():
        return "next"
    return "pair" if word in client.pair.split() else ""


def _value(kind: str, word: str, at: int) -> Iterator[Span]:
    if kind == "next":
        yield Span(at, at + len(word))
        return
    pair = None if re.match(_URL, word) else re.match(_PAIR, word)
    if pair is not None:
        yield Span(at + pair.start("value"), at + pair.end("value"))


def _attached(client: _Client, word: str, at: int) -> Iterator[Span]:
    """The secret that is the rest of an option's own word."""
    for option in (*client.glued.split(), *client.next.split()):
        rest = word[len(option) :].removeprefix("=")
        if word.startswith(option) and rest and (len(option) == 2 or "=" in word or option in client.glued):
            yield Span(at + len(word) - len(rest), at + len(word))
            return
    for option in client.pair.split():
        if word.startswith(option) and word != option and (len(option) == 2 or word[len(option)] == "="):
            rest = word[len(option) :].removeprefix("=")
            yield from _value("pair", rest, at + len(word) - len(rest))
            return
