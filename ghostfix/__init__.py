"""ghostfix: why a background service will not stay up, and the safe way to bring it back."""

__version__ = "0.1.0"
