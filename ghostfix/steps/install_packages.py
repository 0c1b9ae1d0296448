"""Installs what the service requires into its virtual environment."""

import posixpath
from collections.abc import Sequence
from typing import ClassVar

from msgspec import structs

from ghostfix.model.errors import StepError
from ghostfix.model.machine import ActingSystem, CommandAnswer, System
from ghostfix.model.step import Captured, Fact, Phase, Refused, Shared, Step, Unneeded
from ghostfix.service.trust import wrong_runner
from ghostfix.steps.installed_packages import Distribution, closure, installed, normal, states

_TIMEOUT = 600.0
_QUIET = ("--disable-pip-version-check", "--no-input")
_LINES_SHOWN = 4


class InstallPackages(Step, frozen=True, kw_only=True, tag="install-packages"):
    """Installs with the environment's own pip, else with uv, as the user has configured them."""

    phase: ClassVar[Phase] = Phase.FIX
    title: ClassVar[str] = "Installs what the service requires into its virtual environment"

    python: str
    """The environment's interpreter."""
    packages: tuple[str, ...]
    """Requirements, such as ``psutil`` or ``Flask>=3``."""
    user: str = ""
    """The user as which root installs; empty for the caller."""

    def preview(self) -> str:
        user = f" as {self.user}" if self.user else ""
        return f"install {', '.join(self.packages)} with {self.python}{user}"

    def run_as(self, user: str) -> Step:
        return structs.replace(self, user=user)

    def shared(self, system: System) -> tuple[Shared, ...]:
        return (Shared(posixpath.dirname(posixpath.dirname(posixpath.dirname(self.python)))),)

    def precondition(self, system: System) -> Refused | Unneeded | None:
        odd = [package for package in self.packages if not normal(package) or package.startswith("-")]
        if odd:
            return Refused(f"{odd[0]!r} is not the name of a package")
        if system.status(self.python).value is None:
            return Refused(f"{self.python} is not there")
        problem = wrong_runner(system, (self.python,), self.user)
        if problem is not None:
            return Refused(problem)
        names = self._names
        found = states(system, self.python, names, self.user)
        if found is None:
            return Refused(f"{self.python} does not run")
        # Whether a version suits is pip's to say; a bare name is content with any.
        bare = all(normal(package) == _lowered(package) for package in self.packages)
        if bare and all(found.get(name) == "works" for name in names):
            return Unneeded(f"{', '.join(self.packages)} can be imported")
        return None

    def capture(self, system: System) -> Captured:
        return Captured(
            facts=tuple(Fact(one.name, one.version) for one in installed(system, self.python, self.user))
        )

    def apply(self, system: ActingSystem) -> str:
        found = states(system, self.python, self._names, self.user) or {}
        broken = [package for package in self.packages if found.get(normal(package)) == "broken"]
        others = [package for package in self.packages if package not in broken]
        if others:
            self._run(system, _install(system, self.python, self.user, others), "could not be installed")
        if broken:
            self._run(
                system,
                _install(system, self.python, self.user, broken, again=True),
                "could not be installed again",
            )
        return f"installed {', '.join(self.packages)}"

    def undo(self, system: ActingSystem, captured: Captured) -> str:
        if system.status(self.python).value is None:
            return f"{self.python} is not there, and neither is what was installed"
        before = {fact.name: fact.value for fact in captured.facts}
        now = installed(system, self.python, self.user)
        ours = self._ours(now)
        added = sorted(one.name for one in now if one.name in ours and one.name not in before)
        former = sorted(
            f"{one.name}=={before[one.name]}"
            for one in now
            if one.name in ours and before.get(one.name, one.version) != one.version
        )
        if added:
            self._run(system, _uninstall(system, self.python, self.user, added), "could not be uninstalled")
        if former:
            self._run(
                system, _install(system, self.python, self.user, former), "could not be installed again"
            )
        said = [f"uninstalled {', '.join(added)}"] if added else []
        said += [f"went back to {', '.join(former)}"] if former else []
        return "; ".join(said) or "nothing had been installed"

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(normal(package) for package in self.packages)

    def _ours(self, now: tuple[Distribution, ...]) -> frozenset[str]:
        """What this step may have installed: what was asked for and what that requires, nothing else.

        Installers put requirements in place before what requires them. So when something that was asked
        for is not there, the act was cut short, and all that is new counts as its doing.
        """
        asked = self._names
        there = {one.name for one in now}
        return closure(asked, now) if there.issuperset(asked) else frozenset(there)

    def _run(self, system: ActingSystem, argv: tuple[str, ...], failure: str) -> None:
        answer = system.command(argv, _TIMEOUT, user=self.user or None)
        if answer.status != 0:
            raise StepError(f"{failure}: {_last_lines(answer)}")


def _lowered(package: str) -> str:
    return package.strip().lower().replace("_", "-").replace(".", "-")


def _has_pip(system: System, python: str, user: str) -> bool:
    return system.ask((python, "-IB", "-m", "pip", "--version"), 30.0, user=user or None).status == 0


def _install(
    system: System, python: str, user: str, requirements: Sequence[str], *, again: bool = False
) -> tuple[str, ...]:
    if _has_pip(system, python, user):
        force = ("--force-reinstall", "--no-deps") if again else ()
        return (python, "-m", "pip", "install", *_QUIET, *force, "--", *requirements)
    force = ("--reinstall", "--no-deps") if again else ()
    return (_uv(system, python), "pip", "install", "--python", python, *force, "--", *requirements)


def _uninstall(system: System, python: str, user: str, names: Sequence[str]) -> tuple[str, ...]:
    if _has_pip(system, python, user):
        return (python, "-m", "pip", "uninstall", "--yes", *_QUIET, "--", *names)
    return (_uv(system, python), "pip", "uninstall", "--python", python, "--", *names)


def _uv(system: System, python: str) -> str:
    uv = system.program("uv")
    if uv is None:
        raise StepError(f"{python} has no pip, and uv is not there")
    return uv


def _last_lines(answer: CommandAnswer) -> str:
    """What pip complained about: it says what matters last."""
    if answer.problem is not None:
        return answer.problem
    text = (answer.stderr or answer.stdout).decode(errors="backslashreplace")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("[notice]")]
    return " / ".join(lines[-_LINES_SHOWN:]) or f"exit status {answer.status}"
