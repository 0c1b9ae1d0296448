from ghostfix.steps.difference import added, difference


def test_what_differs_with_one_line_around_it() -> None:
    assert difference(b"a\nb\nc\nd\n", b"a\nb\nC\nd\n", "f") == (
        "--- f", "+++ f", "@@ -2,3 +2,3 @@", " b", "-c", "+C", " d",
    )  # fmt: skip


def test_the_same_differs_in_nothing() -> None:
    assert difference(b"a\n", b"a\n", "f") == ()


def test_a_new_file_tabs_and_odd_bytes_made_visible() -> None:
    assert added(b"\ta\n\xff\n", "f") == ("--- /dev/null", "+++ f", "+  a", "+\\xff")
