"""A systemctl for the in-memory machine: units with their properties, and orders that change them."""

import fnmatch
from dataclasses import dataclass, field

from ghostfix.managers.systemd.hold_unit import HOLD_FILE
from ghostfix.model.machine import CommandAnswer
from tests.fake_system import FakeSystem, answered

UNITS = "/etc/systemd/system"


@dataclass
class FakeSystemctl:
    """Answers every command that ends in ``systemctl ...`` for one manager."""

    system: FakeSystem
    prefix: tuple[str, ...] = ("systemctl",)
    folder: str = UNITS
    units: dict[str, dict[str, str]] = field(default_factory=dict)
    broken: str = ""
    """When set, every question is answered with this complaint."""
    refuses: frozenset[str] = frozenset()
    """Verbs that fail."""
    crashes: bool = False
    """What is started ends at once."""
    new: set[str] = field(default_factory=set)
    """Units that it read from their files, and forgets with them."""

    def __post_init__(self) -> None:
        self.system.add_programs(self.prefix, lambda words, _: self.answer(words))
        if self.folder == UNITS:
            self.system.add_folder("/run/systemd/system")

    def add(self, name: str, text: str = "", **values: str) -> None:
        """A loaded unit with its file."""
        path = f"{self.folder}/{name}"
        if text:
            self.system.add_file(path, text.encode())
        state = {"LoadState": "loaded", "ActiveState": "active", "FragmentPath": path, "Names": name}
        self.units[name] = {"Id": name, **state, "StartLimitBurst": "5", **values}

    def answer(self, words: tuple[str, ...]) -> CommandAnswer:
        verb, *rest = [word for word in words[len(self.prefix) :] if word != "--"]
        if self.broken:
            return answered(words, 1, b"", self.broken)
        if verb in self.refuses:
            return answered(words, 1, b"", f"Failed to {verb} it")
        names = [word for word in rest if not word.startswith("-")]
        if verb == "show":
            keys = next(word for word in rest if word.startswith("--property=")).partition("=")[2].split(",")
            if keys == ["UnitPath"]:
                return answered(words, 0, f"/run/systemd/transient {self.folder} /usr/lib/systemd/system\n")
            return answered(words, 0, "\n\n".join(self._block(name, keys) for name in self._named(names)))
        if verb in ("daemon-reload", "enable", "disable"):
            self._reload()
        for name in names:
            if name not in self.units:
                return answered(words, 5, b"", f"Unit {name} not loaded.")
            self._order(verb, self.units[name])
        return answered(words)

    def _named(self, names: list[str]) -> list[str]:
        found: list[str] = []
        for name in names:
            found += fnmatch.filter(self.units, name) if "*" in name else [name]
        return found

    def _block(self, name: str, keys: list[str]) -> str:
        values = self.units.get(name, {"Id": name, "LoadState": "not-found", "ActiveState": "inactive"})
        return "\n".join(f"{key}={values.get(key, '')}" for key in keys)

    def _reload(self) -> None:
        """Reads new files, and forgets what has none any more and does not run."""
        for path in self.system.paths(f"{self.folder}/*.service"):
            name = path.rpartition("/")[2]
            if name not in self.units:
                self.add(name, ActiveState="inactive", UnitFileState="disabled", MainPID="0", NRestarts="0")
                self.new.add(name)
        for name in sorted(self.new):
            if self.system.status(f"{self.folder}/{name}").value is None:
                del self.units[name]
                self.new.discard(name)
        for name, values in self.units.items():
            drop_in = f"{self.folder}/{name}.d/{HOLD_FILE}"
            held = self.system.status(drop_in).value is not None
            values["DropInPaths"] = drop_in if held else ""

    def _order(self, verb: str, values: dict[str, str]) -> None:
        if verb == "stop":
            values.update(ActiveState="inactive", MainPID="0")
        elif verb in ("enable", "disable"):
            values.update(UnitFileState=f"{verb}d")
        elif verb in ("start", "restart") and self.crashes:
            values.update(ActiveState="failed", Result="exit-code", MainPID="0")
        elif verb in ("start", "restart") and HOLD_FILE not in values.get("DropInPaths", ""):
            values.update(ActiveState="active", MainPID="4321")
