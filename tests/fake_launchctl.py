"""launchd of the in-memory machine, and launchctl as macOS 12 and as macOS 15 answer, errors included.

What is booted out is gone, and its process with it; what is kept alive is started again when it ends.
"""

import plistlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ghostfix.model.machine import CommandAnswer
from ghostfix.model.process import Process
from tests.fake_system import FakeSystem

MONTEREY, SEQUOIA = 12, 15


@dataclass(kw_only=True)
class FakeJob:
    """A loaded job."""

    label: str
    plist: str | None
    arguments: tuple[str, ...] = ()
    cwd: str = "/"
    pid: int | None = None
    runs: int = 1
    last_exit: int | None = None
    last_signal: str | None = None
    """As it is printed: ``Killed: 9``."""
    spawn_scheduled: bool = False
    properties: str = "keepalive | runatload | inferred program"
    environment: dict[str, str] = field(default_factory=lambda: {"state": "hunter2"})

    @property
    def kept_alive(self) -> bool:
        return "keepalive" in self.properties


@dataclass(kw_only=True)
class FakeLaunchctl:
    """Answers every ``launchctl`` command of a machine from the moment it is made."""

    system: FakeSystem
    macos: int = SEQUOIA
    gui: bool = True
    """Whether the user is logged in at the screen: over ssh there is only ``user/UID``."""
    looks_until_gone: int = 0
    """So many times ``print`` still shows a job after its bootout, which then answers 36."""
    failing: dict[str, int] = field(default_factory=dict)
    """Verb -> the code with which it fails, whatever it is asked."""
    jobs: dict[tuple[str, str], FakeJob] = field(default_factory=dict)
    flags: dict[tuple[str, str], bool] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    on_start: Callable[[FakeJob], None] = lambda _: None
    """Hears of each start, before anybody looks."""
    _ending: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        caller = self.system.caller()
        self.caller = caller.uid
        self.uid = caller.uid or 501
        self.system.add_programs(("launchctl",), self)
        self.system.on_end.append(self._respawn)

    def load(self, domain: str, job: FakeJob) -> None:
        """A job that is loaded, and starts when it is kept alive and no PID was given."""
        self.jobs[domain, job.label] = job
        if job.pid is None and job.kept_alive and job.arguments:
            self._start(domain, job)

    def _start(self, domain: str, job: FakeJob) -> None:
        uid = 0 if domain == "system" else self.uid
        variables = {"XPC_SERVICE_NAME": job.label}
        job.pid = self.system.next_pid()
        self.system.add_process(
            job.pid, job.arguments, uid=uid, cwd=job.cwd, started=self.system.now(), variables=variables
        )
        self.on_start(job)

    def _respawn(self, ended: Process) -> None:
        for (domain, _), job in self.jobs.items():
            if job.pid == ended.pid:
                job.pid = None
                job.runs += 1
                if job.kept_alive:
                    self._start(domain, job)

    def state(self) -> tuple[dict[tuple[str, str], str | None], dict[tuple[str, str], bool]]:
        """What is loaded from where, and what is disabled: what holding and releasing must restore."""
        loaded = {key: job.plist for key, job in self.jobs.items()}
        return loaded, {key: flag for key, flag in self.flags.items() if flag}

    def acts(self) -> list[tuple[str, ...]]:
        """The calls that change something."""
        return [call for call in self.calls if call[0] not in ("print", "print-disabled", "list")]

    def __call__(self, argv: Sequence[str], _: bytes = b"") -> CommandAnswer:
        words = tuple(argv)
        self.calls.append(words[1:])
        verb, operands = words[1], words[2:]
        if verb in self.failing:
            return self._failed(words, verb, self.failing[verb])
        answers: dict[str, Callable[..., CommandAnswer]] = {
            "list": self._list,
            "print": self._print,
            "print-disabled": self._print_disabled,
            "bootout": self._bootout,
            "bootstrap": self._bootstrap,
            "enable": self._enable,
            "disable": self._disable,
        }
        if verb not in answers:
            return CommandAnswer(argv=words, status=64, stderr=b"Unrecognized subcommand: " + verb.encode())
        return answers[verb](words, *operands)

    # looking

    def _list(self, words: tuple[str, ...], label: str | None = None) -> CommandAnswer:
        domain = "system" if self.caller == 0 else f"gui/{self.uid}" if self.gui else f"user/{self.uid}"
        mine = [job for (where, _), job in self.jobs.items() if where == domain]
        if label is not None:
            return self._list_label(words, next((job for job in mine if job.label == label), None))
        rows = [f"{job.pid or '-'}\t{job.last_exit or 0}\t{job.label}" for job in mine]
        return _said(words, "\n".join(["PID\tStatus\tLabel", *rows]))

    def _list_label(self, words: tuple[str, ...], job: FakeJob | None) -> CommandAnswer:
        if job is None:
            complaint = f'Could not find service "{words[2]}" in domain for port'
            return CommandAnswer(argv=words, status=113, stderr=complaint.encode())
        pid = f'\t"PID" = {job.pid};\n' if job.pid else ""
        arguments = "".join(f'\t\t"{word}";\n' for word in job.arguments)
        return _said(
            words,
            f'{{\n\t"Label" = "{job.label}";\n\t"LastExitStatus" = {(job.last_exit or 0) << 8};\n{pid}'
            f'\t"ProgramArguments" = (\n{arguments}\t);\n}};',
        )

    def _print(self, words: tuple[str, ...], target: str) -> CommandAnswer:
        key = _key(target)
        if not self._exists(key[0]):
            return self._no_domain(words, key[0])
        if key in self._ending:
            self._ending[key] -= 1
            if self._ending[key] < 0:
                del self._ending[key], self.jobs[key]
        job = self.jobs.get(key)
        if job is None:
            first = "" if self.macos <= MONTEREY else "Bad request.\n"
            complaint = f'{first}Could not find service "{key[1]}" in domain for {_words(key[0])}'
            return CommandAnswer(argv=words, status=113, stderr=complaint.encode())
        return _said(words, _printed(target, job))

    def _print_disabled(self, words: tuple[str, ...], domain: str) -> CommandAnswer:
        if not self._exists(domain):
            return self._no_domain(words, domain)
        on, off = ("true", "false") if self.macos <= MONTEREY else ("disabled", "enabled")
        rows = [
            f'\t"{label}" => {on if flag else off}'
            for (owner, label), flag in self.flags.items()
            if owner == _owner(domain)
        ]
        others = ["login item associations = {", '\t"com.example.ghost" => "64133"', "}"]
        return _said(words, "\n".join(["disabled services = {", *rows, "}", *others]))

    # acting

    def _bootout(self, words: tuple[str, ...], target: str) -> CommandAnswer:
        key = _key(target)
        refused = self._refused(words, "Boot-out", key[0])
        if refused is not None:
            return refused
        job = self.jobs.pop(key, None)
        if job is None:
            return self._failed(words, "bootout", 3)
        if job.pid is not None:
            self.system.end(job.pid)
        if self.looks_until_gone:
            self.jobs[key] = replace(job, pid=None, properties="")
            self._ending[key] = self.looks_until_gone
            return self._failed(words, "bootout", 36)
        return _said(words, "")

    def _bootstrap(self, words: tuple[str, ...], domain: str, path: str) -> CommandAnswer:
        refused = self._refused(words, "Bootstrap", domain)
        if refused is not None:
            return refused
        content = self.system.read(path, 1_000_000)
        if not content.complete:
            return self._failed(words, "bootstrap", 5)
        document = plistlib.loads(content.value)
        label = str(document["Label"])
        disabled = self.flags.get((_owner(domain), label), bool(document.get("Disabled", False)))
        if disabled or (domain, label) in self.jobs:
            return self._failed(words, "bootstrap", 5)
        arguments = tuple(str(word) for word in document.get("ProgramArguments", ()))
        kept = "keepalive | runatload" if document.get("KeepAlive") else "runatload"
        cwd = str(document.get("WorkingDirectory", "/"))
        self.load(domain, FakeJob(label=label, plist=path, arguments=arguments, cwd=cwd, properties=kept))
        return _said(words, "")

    def _enable(self, words: tuple[str, ...], target: str) -> CommandAnswer:
        return self._flag(words, target, disabled=False)

    def _disable(self, words: tuple[str, ...], target: str) -> CommandAnswer:
        return self._flag(words, target, disabled=True)

    def _flag(self, words: tuple[str, ...], target: str, *, disabled: bool) -> CommandAnswer:
        domain, label = _key(target)
        refused = self._refused(words, "Could not set flag", domain)
        if refused is not None:
            return refused
        self.flags[_owner(domain), label] = disabled
        return _said(words, "")

    # refusals

    def _exists(self, domain: str) -> bool:
        return domain in ("system", f"user/{self.uid}") or (self.gui and domain == f"gui/{self.uid}")

    def _no_domain(self, words: tuple[str, ...], domain: str) -> CommandAnswer:
        complaint = f"Could not find domain for {_words(domain)}"
        return CommandAnswer(argv=words, status=112, stderr=complaint.encode())

    def _refused(self, words: tuple[str, ...], verb: str, domain: str) -> CommandAnswer | None:
        if not self._exists(domain):
            complaint = f"{verb} failed: 125: Domain does not support specified action"
            return CommandAnswer(argv=words, status=125, stderr=complaint.encode())
        if domain == "system" and self.caller != 0:
            return CommandAnswer(
                argv=words, status=1, stderr=f"{verb} failed: 1: Operation not permitted".encode()
            )
        return None

    def _failed(self, words: tuple[str, ...], verb: str, code: int) -> CommandAnswer:
        names = {"bootout": "Boot-out", "bootstrap": "Bootstrap"}
        reasons = {
            1: "Operation not permitted",
            3: "No such process",
            5: "Input/output error",
            36: "Operation now in progress",
            37: "Operation already in progress",
        }
        hint = "\nTry re-running the command as root for richer errors." if code == 5 else ""
        complaint = f"{names.get(verb, verb)} failed: {code}: {reasons.get(code, 'Unknown error')}{hint}"
        return CommandAnswer(argv=words, status=code, stderr=complaint.encode())


def _said(words: tuple[str, ...], text: str) -> CommandAnswer:
    return CommandAnswer(argv=words, status=0, stdout=f"{text}\n".encode() if text else b"")


def _key(target: str) -> tuple[str, str]:
    """Domain and label of ``gui/501/com.x`` or ``system/com.x``."""
    parts = target.split("/", 1 if target.startswith("system/") else 2)
    return "/".join(parts[:-1]), parts[-1]


def _owner(domain: str) -> str:
    """Flags belong to a user, not to his login: gui/501 and user/501 have the same."""
    return domain.replace("gui/", "user/")


def _words(domain: str) -> str:
    kind, _, uid = domain.partition("/")
    return {"gui": f"user gui: {uid}", "user": f"user: {uid}"}.get(kind, "system")


def _printed(target: str, job: FakeJob) -> str:
    indented = "\n".join(f"\t\t{word}" for word in job.arguments)
    environment = "\n".join(f"\t\t{name} => {value}" for name, value in job.environment.items())
    pid = f"\tpid = {job.pid}\n" if job.pid is not None else ""
    killed = "" if job.last_signal is None else f"\tlast terminating signal = {job.last_signal}\n"
    exited = "(never exited)" if job.last_exit is None else str(job.last_exit)
    return f"""\
{target} = {{
	active count = {1 if job.pid else 0}
	path = {job.plist or "(submitted by smd.324)"}
	type = LaunchAgent
	state = {"running" if job.pid else "spawn scheduled" if job.spawn_scheduled else "not running"}

	program = {job.arguments[0] if job.arguments else "/usr/bin/true"}
	arguments = {{
{indented}
	}}

	environment = {{
{environment}
	}}

	domain = {target.rpartition("/")[0]}
	minimum runtime = 10
	runs = {job.runs}
{pid}{killed}	last exit code = {exited}

	resource coalition = {{
		ID = 440502
		state = active
		pid = 1
	}}

	properties = {job.properties}
}}"""
