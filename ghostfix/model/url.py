"""What a URL of the profile says: its port, and whether it means this machine."""

from urllib.parse import urlsplit


def port_of(url: str) -> int | None:
    """The TCP port that a URL leads to."""
    try:
        parts = urlsplit(url)
        return parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None


def asks_locally(url: str) -> bool:
    """Whether the URL names this machine by its loopback."""
    try:
        return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
    except ValueError:
        return False
