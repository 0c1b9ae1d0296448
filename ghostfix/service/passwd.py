"""Password database: where a user of the machine is at home."""

from ghostfix.model.machine import Platform, System

_PASSWD_LIMIT = 4 * 1024 * 1024


def home_of(system: System, user: str) -> str:
    """The home folder by the password database; the platform's usual place when that has no such user."""
    reading = system.read("/etc/passwd", _PASSWD_LIMIT)
    home = _home_in(reading.value, user)
    if home is not None:
        return home
    caller = system.caller()
    if caller.user == user:
        return caller.home
    if system.program("getent") is not None:
        home = _home_in(system.ask(("getent", "passwd", user)).stdout, user)
    elif system.platform is Platform.MACOS and system.program("id") is not None:
        home = _home_in(system.ask(("id", "-P", user)).stdout, user)
    return home or _usual_home(system.platform, user)


def _home_in(passwd: bytes, user: str) -> str | None:
    """The last field but one, in passwd(5) as in macOS's master.passwd format."""
    for line in passwd.decode(errors="backslashreplace").splitlines():
        fields = line.split(":")
        if fields[0] == user and len(fields) >= 7:
            return fields[-2] or None
    return None


def _usual_home(platform: Platform, user: str) -> str:
    if platform is Platform.MACOS:
        return "/var/root" if user == "root" else f"/Users/{user}"
    return "/root" if user == "root" else f"/home/{user}"


def name_of(system: System, uid: int) -> str | None:
    """The user with this number in /etc/passwd; None when there is none (a directory service may know it)."""
    passwd = system.read("/etc/passwd", _PASSWD_LIMIT).value.decode(errors="backslashreplace")
    for line in passwd.splitlines():
        fields = line.split(":")
        if len(fields) >= 7 and fields[2] == str(uid):
            return fields[0]
    return None
