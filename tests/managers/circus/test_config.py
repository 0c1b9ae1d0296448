from hypothesis import given, strategies

from ghostfix.managers.circus.config import read_config


def test_watchers_and_where_their_commands_stand() -> None:
    config = read_config(
        "[circus]\nendpoint: ipc:///run/c\ninclude = a.ini b/*.ini\ninclude_dir = more\n"
        "[watcher:ghost]\nworking_dir = /srv\ncmd = python3\nargs = -u\n  ghost.py\n# no = 1\n"
        "autostart = False\nrespawn = no\nshell = True\nnumprocesses = many\n[env:ghost]\nX = 1\n",
        "/etc/c.ini",
    )
    (watcher,) = config.watchers
    assert (config.endpoint, config.includes) == ("ipc:///run/c", ("a.ini", "b/*.ini", "more/*.ini"))
    assert (watcher.name, watcher.line, watcher.command) == ("ghost", 7, "python3 -u\nghost.py")
    assert (watcher.autostart, watcher.respawn, watcher.shell, watcher.processes) == (False, False, True, 1)


@given(strategies.text("[watcher:g]\n =cmd;#", max_size=150))
def test_no_text_is_too_odd(text: str) -> None:
    read_config(text, "/x")
