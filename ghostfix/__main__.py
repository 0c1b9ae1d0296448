"""``python -m ghostfix``: the same program as the ``ghostfix`` command."""

from ghostfix.cli import main

if __name__ == "__main__":
    main()
