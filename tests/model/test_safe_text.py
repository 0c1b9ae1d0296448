import shlex
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ghostfix.model.safe_text import as_typed, safe, shown_argv, written_out
from ghostfix.model.secret import without_secrets
from ghostfix.model.secret_forms import MASK

SECRET = "hunter2xyz"

# Pieces of real command lines, URLs, logs and documents, so that generated text meets every rule.
_PIECES = st.sampled_from(
    [
        "--token ", "--token=", "--password", "PASSWORD=", "password: ", '"password": "', "'token': '", "://",
        "user:", "@host", "Authorization: ", "Bearer ", "Basic ", "?token=", "&key=", "api_key=", "***", "…",
        "\n", "\t", "\x1b[31m", "\u202e", "\u200b", "\x00", "\u3164", "\ud800", "é", "\\", "\\n", '"', "'",
        "=", ":", " ", "abc", "ghp_" + "a" * 24, "mysql -p", "curl -u a:", "Cookie: a=b",
        "-----BEGIN RSA PRIVATE KEY-----",
    ]
)  # fmt: skip
_TEXT = st.lists(st.one_of(_PIECES, st.text(max_size=8)), max_size=14).map("".join)


@pytest.mark.parametrize(
    "text",
    [
        f"--token {SECRET}",
        f"--token={SECRET}",
        f"--password {SECRET} --port 5555",
        f"--db-password='{SECRET} and more'",
        f'--api-key "{SECRET}"',
        f"PASSWORD={SECRET} ./run",
        f"export AWS_SECRET_ACCESS_KEY={SECRET}/+=",
        f"DBPASS={SECRET}",
        f"MYSQL_PWD={SECRET}",
        f"http://user:{SECRET}@localhost:5555/health",
        f"postgres://user:p@ss{SECRET}@db/x",
        f"Authorization: Bearer {SECRET}",
        f"curl -H 'Authorization: Basic {SECRET}' http://x",
        f"GET / HTTP/1.1\r\nAuthorization: Basic {SECRET}\r\nHost: x",
        f"Cookie: session={SECRET}; theme={SECRET}",
        f"HTTP_COOKIE=a={SECRET}",
        f"http://localhost/?token={SECRET}&a=b",
        f"http://localhost/?a=b&api_key={SECRET}",
        f"http://localhost/?sig={SECRET}",
        f'{{"password": "{SECRET}", "port": 5555}}',
        f'{{\\"password\\": \\"{SECRET}\\"}}',
        f"{{'client_secret': '{SECRET}'}}",
        f'{{"Authorization": "Bearer {SECRET}"}}',
        f"password: {SECRET}",
        f"first\n--token {SECRET}\nlast",
        f"it's --token {SECRET} isn't it",
        f"a=TOKEN={SECRET}",
        f"mysqldump -p{SECRET} shop",
        f"sshpass -p {SECRET} ssh host",
        f"redis-cli -h host -a {SECRET}",
        f"curl -u admin:{SECRET} http://x",
        f"ghp_{SECRET}{'0' * 24}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_hides_secrets(text: str) -> None:
    assert SECRET not in safe(text)
    assert MASK in safe(text)
    assert SECRET in safe(text, reveal=True)


@pytest.mark.parametrize(
    "text",
    [
        "TypeError: '>' not supported between instances of 'NoneType' and 'int'",
        "python -m gpt_cursor_runner.main --port 5555",
        "--password-file /run/secrets/db",
        "PWD=/opt/ghost OLDPWD=/",
        "max_tokens=4096",
        "SSH_AUTH_SOCK=/tmp/ssh/agent.1",
        "3 pass: 4 fail",
        "http://localhost:5555/health?verbose=1",
        "ssh git@github.com:a/b.git",
        "TOKENIZERS_PARALLELISM=false",
        "compass=north monkey=1",
        "no token here",
    ],
)
def test_leaves_alone_what_is_no_secret(text: str) -> None:
    assert safe(text) == text


def test_the_rest_of_the_text_stays() -> None:
    assert safe(f"a --token {SECRET} b") == f"a --token {MASK} b"
    assert safe(f"http://u:{SECRET}@h/p?x=1") == f"http://u:{MASK}@h/p?x=1"
    assert safe(f'{{"token": "{SECRET}", "b": 1}}') == f'{{"token": "{MASK}", "b": 1}}'
    assert safe(f"Authorization: Bearer {SECRET}") == f"Authorization: Bearer {MASK}"


def test_writes_out_what_would_act_on_a_terminal() -> None:
    assert safe("a\x1b[31mb\nc\td\r\x00\x9b") == r"a\x1b[31mb\nc\td\r\x00\x9b"
    assert safe("a\u202eb\u200bc\u2066d\ufeff") == r"a\u202eb\u200bc\u2066d\ufeff"
    assert safe("\u3164\ufe0f\U000e0041\ud800") == r"\u3164\ufe0f\U000e0041\ud800"
    assert safe("Grüße, 東京 ✓") == "Grüße, 東京 ✓"


def test_is_cut_at_the_limit() -> None:
    assert safe("abcdef", 4) == "abc…"
    assert safe("abcd", 4) == "abcd"
    assert safe("abcd", 0) == ""
    assert len(safe("\x1b" * 1_000_000)) == 500


def test_a_secret_that_is_cut_is_hidden_all_the_same() -> None:
    assert SECRET[:5] not in safe(f"--token {SECRET}{'a' * 600}", 20)
    assert "pass" not in safe(f"http://u:pass{'a' * 600}@host", 40)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "mysql ",
        '"\\',
        "'",
        "://",
        "://a:",
        "--token ",
        "\x1b",
        "a=",
        "Authorization:",
        "\\n",
        "   ",
        "-eyJ",
        "bearer ",
    ],
)
def test_a_megabyte_of_anything_comes_to_an_end(piece: str) -> None:
    """Patterns that backtrack take hours for this; the suite's timeout would end it."""
    assert len(without_secrets(piece * (200_000 // len(piece)))) > 0


def test_words_are_quoted_as_a_shell_would_need_them() -> None:
    assert shown_argv(("sh", "-c", "echo $HOME", "")) == "sh -c 'echo $HOME' ''"
    assert shown_argv(()) == ""
    assert shown_argv(("a\nb",)) == r"'a\nb'"


@pytest.mark.parametrize(
    "argv",
    [
        ("x", "--password", f"{SECRET} with & blanks"),
        ("x", "--token", SECRET),
        ("x", f"--token={SECRET} {SECRET}"),
        ("env", f"DB_PASSWORD=a {SECRET}&b", "x"),
        ("sh", "-c", f"TOKEN={SECRET} ./x"),
        ("curl", "-H", f"Authorization: Bearer {SECRET}", "http://x"),
        ("mysql", f"-p{SECRET}"),
        ("sshpass", "-p", SECRET, "ssh"),
        ("x", f"http://u:{SECRET}@h"),
    ],
)
def test_hides_secrets_in_words(argv: tuple[str, ...]) -> None:
    assert SECRET not in shown_argv(argv)
    assert SECRET in shown_argv(argv, reveal=True)


def test_a_flag_after_a_secrets_name_is_no_secret() -> None:
    assert shown_argv(("x", "--token", "--port", "5555")) == "x --token --port 5555"


@given(_TEXT, st.integers(0, 80), st.booleans())
def test_never_lets_a_control_or_direction_mark_through(text: str, limit: int, reveal: bool) -> None:
    told = safe(text, limit, reveal=reveal)
    assert len(told) <= limit
    assert all(unicodedata.category(character)[0] != "C" for character in told)
    assert all(unicodedata.category(character) not in ("Zl", "Zp") for character in told)


@example("--token password: --token=Basic ", 22)
@given(_TEXT, st.integers(0, 80))
def test_is_idempotent(text: str, limit: int) -> None:
    once = safe(text, limit)
    assert safe(once, limit) == once


def test_a_mask_that_was_cut_stays_cut() -> None:
    text = f"--token {SECRET} password={SECRET} http://u:{SECRET}@h Authorization: Bearer {SECRET}"
    for limit in range(len(text)):
        once = safe(text, limit)
        assert safe(once, limit) == once
        assert safe(once) == once


@given(_TEXT)
def test_writing_out_is_idempotent(text: str) -> None:
    assert written_out(written_out(text)) == written_out(text)


@given(st.lists(_TEXT, max_size=5), st.integers(0, 80))
def test_a_command_line_is_one_bounded_line(argv: list[str], limit: int) -> None:
    safe = shown_argv(argv, limit)
    assert len(safe) <= limit
    assert safe.isprintable() or "\n" not in safe


# Words of command lines in which a secret hides, and what a shell's quotes make of them.
_SECRET_WORDS = [
    ("--token", "{} and more&{}"),
    ("--token", "it's {}"),
    ("--password=it's \"${}",),
    ("--password='{}",),
    ("DB_PASSWORD={} {}",),
    ("mysql", "-pp@$$&{}"),
    ("sh", "-c", "run --password '{}' & echo ok"),
    ("psql", "postgres://u:{}@h/db"),
    ("curl", "-H", "Authorization: Bearer {}"),
]


@pytest.mark.parametrize("words", _SECRET_WORDS, ids=lambda words: words[0])
@pytest.mark.parametrize("limit", [40, 300])
def test_a_command_line_in_a_sentence_hides_whole_words(words: tuple[str, ...], limit: int) -> None:
    argv = ["server", *(word.replace("{}", SECRET) for word in words), "--port", "1"]
    sentence = f"pid 7: {as_typed(argv, limit)}, started 3 s before this look"
    assert "hunter" not in safe(sentence)
    assert "hunter" not in shown_argv(argv)
    assert safe(sentence).endswith(", started 3 s before this look")
    if limit == 300:
        assert SECRET in safe(sentence, reveal=True)


@given(st.lists(_TEXT, max_size=6))
def test_a_command_line_as_typed_has_the_same_words(argv: list[str]) -> None:
    # Python's shlex, unlike a shell, leaves a backslash before $ and ` in double quotes.
    words = [word.translate(dict.fromkeys(map(ord, "\x00$`"))) for word in argv]
    assert shlex.split(as_typed(words, 10**6)) == words


@pytest.mark.parametrize("length", [12, 30, 299, 5000])
def test_a_secret_that_is_cut_is_hidden(length: int) -> None:
    for start in ("ghp_", "sk-", "eyJ", "http://u:", "AKIA"):
        argv = ["x", start + SECRET + "A" * 6000]
        assert "hunter" not in safe(as_typed(argv, length)), start


def test_hiding_twice_takes_nothing_of_what_follows() -> None:
    once = f"stop pid 7 ({shown_argv(['x', '--token', SECRET])}): TERM, after 10 s KILL"
    assert safe(once) == once
