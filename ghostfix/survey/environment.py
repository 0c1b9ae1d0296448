"""Environment: whether the service's venv works, and which Pythons the PATH offers."""

import posixpath
import re

import msgspec
from msgspec import Struct

from ghostfix.model.invocation import is_python
from ghostfix.model.machine import System
from ghostfix.model.pattern import Pattern
from ghostfix.model.reading import Reading
from ghostfix.model.service import Service
from ghostfix.model.snapshot import Environment, PythonOnPath, Venv, VenvState
from ghostfix.service.trust import runner

TIMEOUT = 20.0
"""Seconds that the venv's Python has to answer: a machine in trouble is slow."""
_GLOB_MARKS = Pattern(r"([*?\[])")

PROBE = """
import importlib, json, re, sys
from importlib import metadata
def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()
def imports(module):
    try:
        importlib.import_module(module)
    except BaseException:
        return False
    return True
def works(name, modules):
    try:
        metadata.distribution(name)
    except Exception:
        return imports(name.replace("-", "_"))
    own = [module for module, names in modules.items() if normal(name) in map(normal, names)]
    return all(imports(module) for module in own if not module.startswith("_"))
modules = getattr(metadata, "packages_distributions", dict)() if sys.argv[1:] else {}
missing = [name for name in sys.argv[1:] if not works(name, modules)]
version = ".".join(map(str, sys.version_info[:3]))
sys.__stdout__.write("\\n" + json.dumps({"version": version, "prefix": sys.prefix, "missing": missing}))
"""
"""Run by the venv's own Python with distribution names as arguments; prints one ``Answer`` as JSON.

A distribution is there when its modules can be imported: files that are there may not fit each other."""


class Answer(Struct, frozen=True):
    """What a Python says of itself, and which distributions it cannot import."""

    version: str
    prefix: str
    missing: tuple[str, ...] = ()


def collect(system: System, service: Service) -> Reading[Environment]:
    """The venv that the profile names (proven by running it), and every Python on ghostfix's PATH."""
    pythons = pythons_on_path(system)
    python = service.python
    if service.environment.venv is None or python is None:
        return Reading(Environment(venv=None, pythons=pythons))
    venv = _venv(system, service.path(service.environment.venv), python, service.environment.requires)
    if isinstance(venv, str):
        return Reading(Environment(venv=None, pythons=pythons), venv, complete=False)
    return Reading(Environment(venv=venv, pythons=pythons))


def pythons_on_path(system: System) -> tuple[PythonOnPath, ...]:
    """Every Python in the order of the PATH, the several names of one included."""
    folders = dict.fromkeys((system.variable("PATH") or "").split(":"))
    found = [
        path
        for folder in folders
        if folder.startswith("/")
        for path in system.paths(posixpath.join(_GLOB_MARKS.sub(r"[\1]", folder), "py*"))
        if is_python(posixpath.basename(path))
    ]
    return tuple(PythonOnPath(path, system.resolve(path)) for path in found)


def _venv(system: System, path: str, python: str, requires: tuple[str, ...]) -> Venv | str:
    """The venv as it is, or why that is not known."""
    for name in (path, python):
        reading = system.status(name)
        if not reading.complete:
            return reading.problem or f"{name} could not be looked at"
        if reading.value is None and name == path:
            return Venv(path=path, state=VenvState.MISSING, python=python, problem=f"{path} does not exist")
        if reading.value is None:
            return _broken(system, path, python, f"{python} does not exist")
    resolved = system.resolve(python)
    if system.status(resolved).value is None:
        return _broken(system, path, python, f"{python} leads to {resolved}, which does not exist")
    return _tried(system, path, python, requires)


def _tried(system: System, path: str, python: str, requires: tuple[str, ...]) -> Venv | str:
    named = {_distribution(requirement): requirement for requirement in requires}
    user = runner(system, (python, path, *_packages(system, path)))
    if not user.complete:
        return f"{python} was not tried: {user.problem}"
    started = system.monotonic()
    answer = system.ask((python, "-IB", "-c", PROBE, *named), TIMEOUT, user=user.value)
    if answer.status is None and system.monotonic() - started >= TIMEOUT:
        return f"{python} {answer.complaint}"
    if answer.status != 0:
        return _broken(system, path, python, f"{python} does not run: {answer.complaint}")
    try:
        said = msgspec.json.decode(answer.stdout.strip().rpartition(b"\n")[2], type=Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _broken(system, path, python, f"{python} runs, but not as Python does")
    resolved = system.resolve(path)
    if system.resolve(said.prefix) != resolved:
        problem = f"{python} runs with the packages of {said.prefix}: {path} is no venv"
        return _broken(system, path, python, problem)
    return Venv(
        path=path,
        state=VenvState.WORKS,
        python=python,
        resolved=resolved,
        version=said.version,
        missing=tuple(named.get(name, name) for name in said.missing),
    )


def _packages(system: System, path: str) -> tuple[str, ...]:
    """The venv's configuration and its folder of packages: every user who can write them counts as well."""
    marked = _GLOB_MARKS.sub(r"[\1]", path)
    return f"{path}/pyvenv.cfg", *system.paths(f"{marked}/lib/python*/site-packages")


def _broken(system: System, path: str, python: str, problem: str) -> Venv:
    return Venv(
        path=path, state=VenvState.BROKEN, python=python, resolved=system.resolve(path), problem=problem
    )


def _distribution(requirement: str) -> str:
    """The name at the start of a requirement such as ``Flask[async]>=3``."""
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement.strip())
    return match.group() if match else requirement
