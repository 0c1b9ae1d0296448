import pytest

from ghostfix.scripts.script import Scene
from ghostfix.scripts.shell_script import read_shell
from ghostfix.scripts.shell_tree import shell_tree


def test_a_large_script_has_its_whole_tree() -> None:
    source = b"echo hello\n" * 20_000
    root = shell_tree(source)
    assert root is not None
    assert len(root.children) == 20_000
    assert root.children[-1].text == b"echo hello"


def test_null_bytes_are_left_out_as_the_shell_does() -> None:
    root = shell_tree(b"ec\0ho a\0\n")
    assert root is not None
    assert root.children[0].text == b"echo a"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", [b"|", b"start)", b"((i++))", b"<dict>"])
def test_a_text_without_a_way_through_is_given_up(piece: bytes) -> None:
    source = piece * (300_000 // len(piece))
    assert shell_tree(source) is None
    script = read_shell(source, Scene(), lambda _: None)
    assert script.commands == ()
    assert "could not be understood" in (script.problem or "")
