"""Installed packages: what a Python environment has installed, asked of its own interpreter."""

import re

from msgspec import Struct

from ghostfix.model.errors import StepError
from ghostfix.model.machine import System

_SECONDS = 30.0

_LIST = """
import importlib.metadata as metadata, re
for one in metadata.distributions():
    name = one.metadata["Name"]
    if name:
        lines = [line for line in one.requires or () if "extra ==" not in line]
        needs = [re.match(r"[A-Za-z0-9._-]+", line).group() for line in lines]
        print(name, one.version, *needs)
"""

_STATES = """
import importlib, importlib.metadata as metadata, re, sys
def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()
modules = getattr(metadata, "packages_distributions", dict)()
for wanted in sys.argv[1:]:
    state = "works"
    try:
        metadata.distribution(wanted)
    except metadata.PackageNotFoundError:
        state = "missing"
    for module, names in modules.items():
        if state == "works" and not module.startswith("_") and plain(wanted) in map(plain, names):
            try:
                importlib.import_module(module)
            except Exception:
                state = "broken"
    sys.__stdout__.write(f"{wanted} {state}\\n")
"""


class Distribution(Struct, frozen=True):
    """An installed distribution; names are normalised (``ruamel-yaml``)."""

    name: str
    version: str
    needs: tuple[str, ...] = ()
    """The names of what it requires; not what its extras would."""


def installed(system: System, python: str, user: str = "") -> tuple[Distribution, ...]:
    """All that the interpreter's environment has. Raises StepError when it does not say.

    Root runs the interpreter as ``user``, unless that is empty.
    """
    answer = system.ask((python, "-IB", "-c", _LIST), _SECONDS, user=user or None)
    if answer.status != 0:
        raise StepError(f"{python} does not say what is installed: {answer.complaint}")
    found = []
    for line in answer.text.splitlines():
        name, *words = line.split()
        found.append(
            Distribution(normal(name), words[0] if words else "", tuple(normal(word) for word in words[1:]))
        )
    return tuple(found)


def states(system: System, python: str, names: tuple[str, ...], user: str = "") -> dict[str, str] | None:
    """Of each named distribution: ``missing``, ``broken`` (installed, does not import) or ``works``.

    None when the interpreter does not say.
    """
    answer = system.ask((python, "-IB", "-c", _STATES, *names), _SECONDS, user=user or None)
    if answer.status != 0:
        return None
    pairs = [line.split() for line in answer.text.splitlines()]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def normal(requirement: str) -> str:
    """The normalised name of the distribution that a requirement such as ``Flask[async]>=3`` asks for."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", name.group()).lower() if name else ""


def closure(names: tuple[str, ...], distributions: tuple[Distribution, ...]) -> frozenset[str]:
    """The named distributions and all that they require, as far as it is installed."""
    needs = {one.name: one.needs for one in distributions}
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in needs and name not in found:
            found.add(name)
            waiting.extend(needs[name])
    return frozenset(found)
