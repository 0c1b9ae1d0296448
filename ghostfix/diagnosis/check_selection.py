"""Check selection: the checks that a command line names."""

from difflib import get_close_matches

from ghostfix.model.errors import ProfileError


def codes(text: str | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """The codes in ``a,b,c``; raises ProfileError, with the nearest right one, for an unknown code."""
    wanted = tuple(code.strip() for code in (text or "").split(",") if code.strip())
    for code in wanted:
        if code not in known:
            near = get_close_matches(code, known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else "`ghostfix explain` lists the codes."
            raise ProfileError(f"there is no check called `{code}`", hint)
    return wanted
