"""The end of a log. The samples are what real programs wrote when they could not go on, one file each."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ghostfix.model.snapshot import LoggedError, Reason
from ghostfix.survey.logs.log_end import QUOTED, LogEnd, read_end
from ghostfix.survey.logs.log_line import WrittenLine

SAMPLES = Path(__file__).parent / "last_words"
NOW = 1_800_000_000.0
TOLD: Sequence[tuple[str, Reason, str | None, str, str | None]] = (
    (
        "argparse",
        Reason.BAD_CONFIGURATION,
        None,
        "serve: error: the following arguments are required: --port",
        None,
    ),
    ("c_as", Reason.CRASH, None, "as: as.c:2: main: Assertion `c==5' failed.", "as.c:2"),
    ("c_asan", Reason.CRASH, None, "AddressSanitizer: heap-use-after-free", "/srv/shop/asan.c:2"),
    ("c_df", Reason.CRASH, None, "free(): double free detected in tcache 2", None),
    (
        "c_library",
        Reason.NO_SUCH_FILE,
        "libaprutil-1.so.0",
        "/usr/sbin/apache2: error while loading shared libraries: lib",
        None,
    ),
    ("c_segv", Reason.CRASH, None, "bash: line 1: 10058 Segmentation fault      ./segv", "bash:1"),
    ("c_smash", Reason.CRASH, None, "stack smashing detected ***: terminated", None),
    ("c_t", Reason.EXCEPTION, None, "std::runtime_error: no licence", None),
    (
        "celery_noapp",
        Reason.OTHER,
        None,
        "Error: Unable to load celery application. The module nothere",
        None,
    ),
    (
        "flask_bind",
        Reason.BAD_CONFIGURATION,
        "wsgi",
        "Error: Failed to find Flask application or factory in module",
        None,
    ),
    ("flask_noapp", Reason.BAD_CONFIGURATION, "nothere", "Error: Could not import 'nothere'.", None),
    (
        "fpm_bind",
        Reason.ADDRESS_IN_USE,
        "127.0.0.1:18964",
        "unable to bind listening socket for address '127.0.0.1:18964",
        None,
    ),
    (
        "fpm_sock",
        Reason.ADDRESS_IN_USE,
        "/srv/etc/fpm.sock",
        "Another FPM instance seems to already listen on /srv/etc/fpm",
        None,
    ),
    (
        "go_dead",
        Reason.EXCEPTION,
        None,
        "fatal error: all goroutines are asleep - deadlock!",
        "/srv/shop/dead.go:3",
    ),
    (
        "go_gonil",
        Reason.EXCEPTION,
        None,
        "panic: runtime error: invalid memory address or nil pointer ",
        "/srv/shop/gonil.go:5",
    ),
    (
        "go_panic",
        Reason.EXCEPTION,
        None,
        "panic: runtime error: index out of range [5] with length 1",
        "/srv/shop/panic.go:5",
    ),
    (
        "gunicorn_bad",
        Reason.MISSING_MODULE,
        "nothere",
        "ModuleNotFoundError: No module named 'nothere'",
        "/srv/shop/badwsgi.py:1",
    ),
    (
        "gunicorn_bind",
        Reason.ADDRESS_IN_USE,
        "127.0.0.1:18968",
        "Connection in use: ('127.0.0.1', 18968)",
        None,
    ),
    (
        "gunicorn_pid",
        Reason.ALREADY_RUNNING,
        "pid 9507",
        "Error: Already running on PID 9507 (or pid file '/srv/etc/g.",
        None,
    ),
    (
        "java_boom",
        Reason.NO_SUCH_FILE,
        "/etc/none.yml",
        "java.io.FileNotFoundException: /etc/none.yml (No such file o",
        "Boom.java:2",
    ),
    (
        "java_heap",
        Reason.OUT_OF_MEMORY,
        None,
        "Could not reserve enough space for 1048574951424KB object he",
        None,
    ),
    ("java_nocls", Reason.MISSING_MODULE, "Nope", "Error: Could not find or load main class Nope", None),
    ("java_nojar", Reason.NO_SUCH_FILE, None, "Error: Unable to access jarfile app.jar", None),
    ("java_oom", Reason.OUT_OF_MEMORY, None, "java.lang.OutOfMemoryError: Java heap space", "Oom.java:1"),
    (
        "nginx_bind",
        Reason.ADDRESS_IN_USE,
        "127.0.0.1:18958",
        "bind() to 127.0.0.1:18958 failed (98: Address already in use",
        None,
    ),
    (
        "nginx_noconf",
        Reason.NO_SUCH_FILE,
        "/srv/etc/zz.conf",
        'open() "/srv/etc/zz.conf" failed (2: No such file or directo',
        None,
    ),
    (
        "nginx_syn",
        Reason.BAD_CONFIGURATION,
        "/srv/etc/b.conf",
        'unknown directive "evnts" in /srv/etc/b.conf:1',
        None,
    ),
    (
        "node_enoent",
        Reason.NO_SUCH_FILE,
        "/etc/nothing.yml",
        "Error: ENOENT: no such file or directory, open '/etc/nothing",
        "/srv/shop/enoent.js:1",
    ),
    (
        "node_esm",
        Reason.MISSING_MODULE,
        "/srv/shop/missing.mjs",
        "Error: Cannot find module '/srv/shop/missing.mjs' imported f",
        None,
    ),
    (
        "node_listen",
        Reason.ADDRESS_IN_USE,
        "127.0.0.1:18955",
        "Error: listen EADDRINUSE: address already in use 127.0.0.1:1",
        None,
    ),
    (
        "node_nofile",
        Reason.MISSING_MODULE,
        "/srv/shop/nothere.js",
        "Error: Cannot find module '/srv/shop/nothere.js'",
        None,
    ),
    (
        "node_nomod",
        Reason.MISSING_MODULE,
        "expresss",
        "Error: Cannot find module 'expresss'",
        "/srv/shop/nomod.js:1",
    ),
    (
        "node_oom",
        Reason.OUT_OF_MEMORY,
        None,
        "Reached heap limit Allocation failed - JavaScript heap out o",
        None,
    ),
    ("node_rej", Reason.EXCEPTION, None, "TypeError: no pool", "/srv/shop/rej.js:1"),
    ("node_rejs", Reason.EXCEPTION, None, 'UnhandledPromiseRejection: "just a string"', None),
    ("node_syn", Reason.BAD_CONFIGURATION, None, "SyntaxError: Unexpected token ';'", "/srv/shop/syn.js:1"),
    ("node_thrown", Reason.BAD_CONFIGURATION, None, "Error: DB_URL is not set", "/srv/shop/thrown.js:2"),
    ("node_throws", Reason.EXCEPTION, None, "Uncaught: plain words", None),
    ("perl_d", Reason.OTHER, None, "cannot open spool", "d.pl:2"),
    (
        "perl_m",
        Reason.MISSING_MODULE,
        "Not/There.pm",
        "Can't locate Not/There.pm in @INC (you may need to install t",
        "m.pl:1",
    ),
    (
        "perl_nofile",
        Reason.NO_SUCH_FILE,
        "none.pl",
        'Can\'t open perl script "none.pl": No such file or directory',
        None,
    ),
    ("perl_o", Reason.NO_SUCH_FILE, None, "Could not open: No such file or directory", "o.pl:1"),
    ("perl_syn", Reason.BAD_CONFIGURATION, None, 'syntax error at syn.pl line 1, near "= ;"', "syn.pl:1"),
    (
        "pg_bind",
        Reason.ADDRESS_IN_USE,
        "18965",
        'could not bind IPv4 address "127.0.0.1": Address already in ',
        None,
    ),
    ("pg_conf", Reason.BAD_CONFIGURATION, "frob", 'unrecognized configuration parameter "frob"', None),
    ("pg_lock", Reason.LOCK_HELD, "pid 17242", 'lock file "postmaster.pid" already exists', None),
    (
        "pg_nodir",
        Reason.NO_SUCH_FILE,
        "/nothing",
        'postgres: could not access directory "/nothing": No such fil',
        None,
    ),
    (
        "pg_root",
        Reason.PERMISSION_DENIED,
        "root",
        '"root" execution of the PostgreSQL server is not permitted.',
        None,
    ),
    ("php_nofile", Reason.NO_SUCH_FILE, None, "Could not open input file: none.php", None),
    (
        "php_req",
        Reason.EXCEPTION,
        None,
        "Error: Failed opening required 'missing.php' (include_path='",
        "/srv/shop/req.php:2",
    ),
    (
        "php_syn",
        Reason.BAD_CONFIGURATION,
        None,
        'Parse error: syntax error, unexpected token ";"',
        "/srv/shop/syn.php:2",
    ),
    ("php_u", Reason.EXCEPTION, None, "RuntimeException: no database", "/srv/shop/u.php:2"),
    (
        "php_undef",
        Reason.EXCEPTION,
        None,
        "Error: Call to undefined function nothing()",
        "/srv/shop/undef.php:2",
    ),
    ("py_KeyErr", Reason.EXCEPTION, None, "KeyError: 'DATABASE_URL'", "/srv/shop/KeyErr.py:2"),
    ("py_group", Reason.EXCEPTION, None, "ExceptionGroup: two (2 sub-exceptions)", "/srv/shop/group.py:7"),
    ("py_impsyn", Reason.BAD_CONFIGURATION, None, "SyntaxError: invalid syntax", "/srv/shop/syn.py:1"),
    (
        "py_json_err",
        Reason.EXCEPTION,
        None,
        "json.decoder.JSONDecodeError: Expecting property name enclos",
        "/srv/shop/json_err.py:3",
    ),
    (
        "py_nofile",
        Reason.NO_SUCH_FILE,
        "/srv/shop/none.py",
        "/usr/local/bin/python3: can't open file '/srv/shop/none.py':",
        None,
    ),
    ("py_plain", Reason.EXCEPTION, None, "MyProblem: no table orders", "/srv/shop/plain.py:2"),
    ("py_syn", Reason.BAD_CONFIGURATION, None, "SyntaxError: invalid syntax", "/srv/shop/syn.py:1"),
    (
        "redis_bind",
        Reason.ADDRESS_IN_USE,
        "127.0.0.1:18959",
        "Could not create server TCP listening socket 127.0.0.1:18959",
        None,
    ),
    (
        "redis_conf",
        Reason.BAD_CONFIGURATION,
        None,
        "CONFIG FILE ERROR (Redis 7.0.15) *** Reading the configurati",
        None,
    ),
    (
        "redis_dir",
        Reason.BAD_CONFIGURATION,
        "/nothing",
        "CONFIG FILE ERROR (Redis 7.0.15) *** Reading the configurati",
        None,
    ),
    (
        "redis_noconf",
        Reason.NO_SUCH_FILE,
        "/srv/etc/zz.conf",
        "Fatal error, can't open config file '/srv/etc/zz.conf': No s",
        None,
    ),
    ("ruby_b", Reason.EXCEPTION, None, "ZeroDivisionError: divided by 0", "b.rb:2"),
    ("ruby_m", Reason.MISSING_MODULE, "sinatraa", "LoadError: cannot load such file -- sinatraa", "m.rb:1"),
    ("ruby_nofile", Reason.NO_SUCH_FILE, None, "LoadError: No such file or directory -- none.rb", None),
    ("ruby_raise", Reason.EXCEPTION, None, "RuntimeError: plain words", "raise.rb:1"),
    (
        "ruby_sock",
        Reason.ADDRESS_IN_USE,
        "18957",
        'Errno::EADDRINUSE: Address already in use - bind(2) for "127',
        "sock.rb:1",
    ),
    ("ruby_syn", Reason.BAD_CONFIGURATION, None, "syntax error, unexpected ';', expecting ')'", "syn.rb:1"),
    (
        "rust_e",
        Reason.NO_SUCH_FILE,
        None,
        'Error: Os { code: 2, kind: NotFound, message: "No such file ',
        None,
    ),
    ("rust_p", Reason.EXCEPTION, None, "panic: no port given", "p.rs:1"),
    ("sh_nf", Reason.NO_SUCH_FILE, "nodejs20", "./nf.sh: 3: nodejs20: not found", "./nf.sh:3"),
    ("sh_noscript", Reason.NO_SUCH_FILE, None, "sh: 0: cannot open nothere.sh: No such file", None),
    (
        "sh_nsf",
        Reason.NO_SUCH_FILE,
        "/opt/app/bin/run",
        "./nsf.sh: line 3: /opt/app/bin/run: No such file or director",
        "./nsf.sh:3",
    ),
    (
        "sh_pd",
        Reason.PERMISSION_DENIED,
        "/etc/passwd",
        "./pd.sh: line 2: /etc/passwd: Permission denied",
        "./pd.sh:2",
    ),
    (
        "sh_runsegv",
        Reason.CRASH,
        None,
        "./runsegv.sh: line 2: 10051 Segmentation fault      ./segv",
        "./runsegv.sh:2",
    ),
    (
        "sh_syn",
        Reason.BAD_CONFIGURATION,
        "./syn.sh",
        "./syn.sh: line 4: syntax error: unexpected end of file",
        "./syn.sh:4",
    ),
    (
        "sh_unb",
        Reason.BAD_CONFIGURATION,
        "./unb.sh",
        "./unb.sh: line 3: NOPE: unbound variable",
        "./unb.sh:3",
    ),
    (
        "uvicorn_bind",
        Reason.ADDRESS_IN_USE,
        "127.0.0.1:18968",
        "[Errno 98] error while attempting to bind on address ('127.0",
        None,
    ),
    (
        "uvicorn_noattr",
        Reason.BAD_CONFIGURATION,
        "nope",
        'Error loading ASGI app. Attribute "nope" not found in module',
        None,
    ),
    (
        "uvicorn_nomod",
        Reason.MISSING_MODULE,
        "mainn",
        'Error loading ASGI app. Could not import module "mainn".',
        None,
    ),
)


def read(text: str, written: float | None = None) -> LogEnd:
    lines = (WrittenLine(line) for line in text.split("\n"))
    return read_end(lines, NOW, folder="/srv/shop", written=written)


def ending(text: str) -> LoggedError:
    found = read(text).ending
    assert found is not None, text
    return found


def words(error: LoggedError | None) -> str:
    assert error is not None
    return f"{error.exception}: {error.message}" if error.exception else error.message


@pytest.mark.parametrize(("name", "reason", "about", "begins", "place"), TOLD)
def test_what_real_programs_wrote_last(
    name: str, reason: Reason, about: str | None, begins: str, place: str | None
) -> None:
    found = ending((SAMPLES / f"{name}.txt").read_text())
    assert (found.reason, found.about, found.place) == (reason, about, place)
    assert words(found).startswith(begins)


def test_every_sample_is_judged() -> None:
    assert sorted(path.stem for path in SAMPLES.glob("*.txt")) == sorted(name for name, *_ in TOLD)


APACHE = """\
(98)Address already in use: AH00072: make_sock: could not bind to address [::]:81
no listening sockets available, shutting down
AH00015: Unable to open logs"""
MYSQL = """\
2026-11-30T19:00:00Z 0 [ERROR] [MY-010262] [Server] Can't start server: Bind on TCP/IP port: Address \
already in use
2026-11-30T19:00:00Z 0 [ERROR] [MY-010257] [Server] Do you already have another mysqld server running \
on port: 3307 ?
2026-11-30T19:00:00Z 0 [ERROR] [MY-010119] [Server] Aborting"""
MONGO = (
    '{"s":"E","msg":"DBException in initAndListen, terminating","attr":{"error":"DBPathInUse: '
    'Another mongod instance is already running on the /data/db directory"}}'
)


@pytest.mark.parametrize(
    ("text", "reason", "about"),
    [
        ("Web server failed to start. Port 7155 was already in use.", Reason.ADDRESS_IN_USE, "7155"),
        ("ERROR -- : adding listener failed addr=[::1]:81 (in use)", Reason.ADDRESS_IN_USE, "[::1]:81"),
        (
            "[error] start failed in ranch_tcp:listen([{port,7155}]) for reason eaddrinuse",
            Reason.ADDRESS_IN_USE,
            "7155",
        ),
        ("Bind for 0.0.0.0:81 failed: port is already allocated", Reason.ADDRESS_IN_USE, "0.0.0.0:81"),
        (
            "[ALERT]    (7) : Starting frontend f: cannot bind socket (Address already in use) [10.0.0.1:81]",
            Reason.ADDRESS_IN_USE,
            "10.0.0.1:81",
        ),
        (
            APACHE,
            Reason.ADDRESS_IN_USE,
            "[::]:81",
        ),
        (
            MYSQL,
            Reason.ADDRESS_IN_USE,
            "3307",
        ),
        (
            "2026/11/30 19:10:29 listen tcp 10.0.0.1:8956: bind: address already in use",
            Reason.ADDRESS_IN_USE,
            "10.0.0.1:8956",
        ),
        ("httpd (pid 2491) already running", Reason.ALREADY_RUNNING, "pid 2491"),
        ("another gateway instance is already running (PID 112)", Reason.ALREADY_RUNNING, "pid 112"),
        ("(is another instance of Syncthing running?)", Reason.ALREADY_RUNNING, None),
        (
            "ERROR: Pidfile (/run/beat.pid) already exists.\nSeems we're already running? (pid: 4712)",
            Reason.ALREADY_RUNNING,
            "pid 4712",
        ),
        (
            MONGO,
            Reason.ALREADY_RUNNING,
            "/data/db",
        ),
        ('FATAL:  lock file "postmaster.pid" already exists', Reason.LOCK_HELD, "postmaster.pid"),
        ("FATAL: could not connect to database db:5433", Reason.CANNOT_CONNECT, "db:5433"),
        (
            "AH00526: Syntax error on line 12 of /etc/httpd.conf:\nInvalid command 'Frobnicate'",
            Reason.BAD_CONFIGURATION,
            "/etc/httpd.conf",
        ),
        ("2026-11-30 16:40:00,123 ERROR [main] app.Boot - Failed to start: cannot cope", Reason.OTHER, None),
    ],
)
def test_refusals_in_the_words_of_each_server(text: str, reason: Reason, about: str | None) -> None:
    found = ending(text)
    assert (found.reason, found.about) == (reason, about)


TRACEBACK = """\
Traceback (most recent call last):
  File "/srv/shop/app.py", line 9, in <module>
    run()
{}"""


def test_the_last_record_wins() -> None:
    text = "\n".join(
        [
            "2027-01-15 07:00:00,000 ERROR start",
            TRACEBACK.format("OSError: [Errno 98] Address already in use"),
            "2027-01-15 07:59:40,000 ERROR start",
            TRACEBACK.format("KeyError: 'db'"),
        ]
    )
    assert words(read(text).ending) == "KeyError: 'db'"
    undated = f"Error in loop: address already in use\n{TRACEBACK.format('LookupError: nothing')}"
    assert words(read(undated).ending) == "LookupError: nothing"


def test_a_refusal_after_an_exception_of_an_earlier_run_wins() -> None:
    text = "\n".join(
        [
            "2027-01-15 07:00:00,000 ERROR start",
            TRACEBACK.format("KeyError: 'db'"),
            "2027-01-15 07:00:40,000 CRITICAL licence has run out",
        ]
    )
    assert words(read(text).ending) == "licence has run out"


def test_the_reason_comes_before_what_came_of_it() -> None:
    text = f"{TRACEBACK.format('KeyError: 1')}\nERROR:    Application startup failed. Exiting."
    assert words(read(text).ending) == "KeyError: 1"


def test_what_it_got_past_did_not_end_it() -> None:
    later = "\n".join(f"2027-01-15 07:{minute:02}:00,000 INFO served" for minute in range(5, 8))
    dated = f"2027-01-15 07:00:00,000 ERROR caught\n{TRACEBACK.format('KeyError: 1')}\n{later}"
    assert read(dated).ending is None
    undated = f"{TRACEBACK.format('KeyError: 1')}\n" + "\n".join(["served"] * 60)
    assert read(undated).ending is None


def test_what_was_caught_and_logged_below_error_did_not_end_it() -> None:
    caught = TRACEBACK.replace("<module>", "run").format("KeyError: 1")
    assert read(f"2027-01-15 07:00:00,000 WARNING again\n{caught}").ending is None
    assert read("2027-01-15 07:00:00,000 INFO no such file /etc/x, going on").ending is None
    assert read('10.0.0.7 - - "GET /x HTTP/1.1" 404 file not found').ending is None


def test_what_was_written_before_the_last_start_did_not_end_it() -> None:
    mark = "--- ghostfix started shop at 2027-01-15T07:00:00Z ---"
    found = read(f"{TRACEBACK.format('KeyError: 1')}\nno such file: /a\n{mark}\nlistening")
    assert (found.ending, found.last_lines) == (None, ("listening",))


def test_lines_of_a_journal_bring_their_own_time() -> None:
    lines = [WrittenLine("listening", NOW - 90)]
    lines += [WrittenLine(line, NOW - 30) for line in TRACEBACK.format("KeyError: 1").split("\n")]
    lines += [WrittenLine("a.service: Main process exited, code=exited, status=1/FAILURE", NOW - 29.9)]
    found = read_end(lines, NOW).ending
    assert found is not None
    assert (found.exception, found.last_at, found.after) == ("KeyError", NOW - 30, None)


def test_an_undated_record_gets_no_borrowed_time() -> None:
    dated = "2027-01-15T07:59:00Z INFO up"
    last = read(f"{dated}\n{TRACEBACK.format('KeyError: 1')}", written=NOW - 5).ending
    assert last is not None
    assert (last.last_at, last.after) == (NOW - 5, None)
    followed = read(f"{dated}\nno such file: /a\nbye", written=NOW - 5).ending
    assert followed is not None
    assert (followed.last_at, followed.after) == (None, NOW - 60)


def test_the_last_lines_are_quoted_as_they_are() -> None:
    text = "\n".join(["\x1b[31mone\x1b[0m", "", *(f"line {n}" for n in range(QUOTED - 1)), "x" * 999, ""])
    found = read(text)
    assert found.ending is None
    assert len(found.last_lines) == QUOTED
    assert found.last_lines[0] == "line 0"
    assert found.last_lines[-1] == "x" * 300 + "…"


def test_nothing_comes_of_nothing() -> None:
    assert read("") == LogEnd(ending=None, last_lines=(), lines=1)
    assert read_end([], NOW) == LogEnd(ending=None, last_lines=(), lines=0)


PIECES = st.sampled_from(
    [
        *(line for line in TRACEBACK.format("KeyError: 1").split("\n")),
        "2027-01-15 07:00:00,000 ERROR start",
        "Error:",
        "panic: no",
        "\t/srv/shop/a.go:3 +0x1",
        "Caused by: java.io.IOException: no such file",
        "(Use `node --trace-uncaught ...`)",
        "--- ghostfix started shop at 2027-01-15T07:00:00Z ---",
        '{"level":"error","msg":"address already in use"}',
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES | st.text(max_size=60), max_size=90))
def test_no_lines_break_it(lines: list[str]) -> None:
    found = read_end([WrittenLine(line) for line in lines], NOW, written=NOW)
    assert len(found.last_lines) <= QUOTED
    assert found.ending is None or 1 <= found.ending.last_line <= len(lines)
