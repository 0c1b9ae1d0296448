import pytest

from ghostfix.survey.logs.stack_frame import (
    ELSEWHERE,
    LIBRARY,
    OWN,
    Frame,
    frame_below,
    node_position,
    python_frame,
)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("    at boot (/srv/shop/a.js:2:9)", "/srv/shop/a.js:2"),
        ("    at file:///srv/shop/a.mjs:4:1", "/srv/shop/a.mjs:4"),
        ("    at node:internal/main/run_main_module:28:49 {", "node:internal/main/run_main_module:28"),
        ("\tat shop.Boot.main(Boot.java:12)", "Boot.java:12"),
        ("   at Shop.Program.Main(String[] args) in /srv/shop/Program.cs:line 5", "/srv/shop/Program.cs:5"),
        ("             at ./src/main.rs:4:5", "./src/main.rs:4"),
        ("\t/srv/shop/main.go:12 +0x1d", "/srv/shop/main.go:12"),
        ("\tfrom shop.rb:4:in `<main>'", "shop.rb:4"),
        ("#0 /srv/shop/u.php(3): f()", "/srv/shop/u.php:3"),
        ("    #0 0x55e3 in main /srv/shop/a.c:2", "/srv/shop/a.c:2"),
    ],
)
def test_frames_of_all_languages(line: str, place: str) -> None:
    frame = frame_below(line)
    assert frame is not None
    assert frame.place == place


@pytest.mark.parametrize(
    "line", ["at last: 3", "  attempts: 3", "panic: no", "\tfrom afar", "#3 is open", "Boot.java:12"]
)
def test_what_is_no_frame(line: str) -> None:
    assert frame_below(line) is None


def test_frames_whose_place_is_not_told() -> None:
    assert frame_below("\tat java.base/java.io.FileInputStream.open0(Native Method)") == Frame()
    assert not Frame().openable
    assert not Frame("<frozen os>", 679).openable
    assert not Frame("node:internal/vm", 73).openable


def test_a_frame_of_python() -> None:
    assert python_frame('  File "a.py", line 3, in f') == Frame("a.py", 3)
    assert python_frame("  File nothing") is None


def test_where_node_quotes_the_source() -> None:
    assert node_position("/srv/shop/a.js:3") == Frame("/srv/shop/a.js", 3)
    assert node_position("file:///srv/shop/a.mjs:3") == Frame("/srv/shop/a.mjs", 3)
    assert node_position("see /srv/shop/a.js:3") is None


@pytest.mark.parametrize(
    ("file", "rank"),
    [
        ("/srv/shop/app.py", OWN),
        ("app.py", OWN),
        ("./src/main.rs", OWN),
        ("/srv/shopping/app.py", ELSEWHERE),
        ("/srv/shop/.venv/lib/python3.12/site-packages/x.py", LIBRARY),
        ("/usr/lib/python3.12/json/decoder.py", LIBRARY),
        ("/home/a/.pyenv/versions/3.12.1/lib/python3.12/json/decoder.py", LIBRARY),
        ("/srv/shop/node_modules/express/index.js", LIBRARY),
        ("/usr/local/go/src/net/http/server.go", LIBRARY),
        ("/rustc/5980/library/std/src/panicking.rs", LIBRARY),
    ],
)
def test_whose_a_frame_is(file: str, rank: int) -> None:
    assert Frame(file, 1).rank("/srv/shop") == rank
    assert Frame(file, 1).rank("") in {rank, ELSEWHERE}


def test_frames_of_the_java_platform_are_a_library_s() -> None:
    frame = frame_below("\tat java.base/java.io.FileInputStream.open(FileInputStream.java:216)")
    assert frame is not None
    assert frame.rank("/srv/shop") == LIBRARY
