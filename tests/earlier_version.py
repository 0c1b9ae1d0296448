"""Comparing what an earlier version wrote with what this one makes of it."""


def within(old: object, new: object) -> bool:
    """Whether all that the older document says is said by the newer one, which may say more."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and within(value, new[key]) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(within, old, new))
    return old == new
