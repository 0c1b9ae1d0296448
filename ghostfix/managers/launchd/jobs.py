"""launchd: agents and daemons of macOS that start the service, by their plists and by what is loaded.

Apple's own folders (``/System/Library``) are not read. The domain of an agent is ``gui/UID``; over ssh
there may be none, and then ``user/UID`` is asked.
"""

from msgspec import Struct

from ghostfix.managers.launchd.definition import Definition, definitions, read_definition
from ghostfix.managers.launchd.hold_job import HoldLaunchdJob
from ghostfix.managers.launchd.last_end import last_ends
from ghostfix.managers.launchd.launchctl import ListedJob, PrintedJob, parse_list
from ghostfix.managers.launchd.state import LAUNCHCTL, complaint, disabled_flag, loaded_job, user_domain
from ghostfix.managers.launchd.trigger import triggers
from ghostfix.managers.restarter import Restarter
from ghostfix.model.job import Job, Link, LinkKind, Place
from ghostfix.model.machine import Platform, System
from ghostfix.model.process import Process, ProcessId, ProcessTree
from ghostfix.model.reading import Confidence, Reading
from ghostfix.model.service import Service
from ghostfix.model.step import Step
from ghostfix.scripts.start_search import Trail, search_argv
from ghostfix.service.instance import roots

_SYSTEM = "system"


class _Owned(Struct, frozen=True, kw_only=True):
    """What of the service runs: the top processes of its instances, and all their PIDs."""

    roots: tuple[Process, ...]
    pids: frozenset[int]


def jobs(system: System, service: Service, tree: ProcessTree) -> Reading[tuple[Job, ...]]:
    """The launchd jobs that lead to the service; incomplete when a plist or launchctl could not be read."""
    if system.platform is not Platform.MACOS:
        return Reading(())
    return _LabelSearch(system, service, tree).jobs()


def hold(job: Job, reason: str) -> tuple[Step, ...]:
    """Boots the job out of its domain and disables it, so that neither an exit nor a login starts it."""
    if not job.enabled:
        return ()
    plist = None if job.where is None else job.where.file
    step = HoldLaunchdJob(
        reason=reason,
        label=job.id,
        domain=job.scope,
        plist=plist,
        digest=job.source.decode("ascii", "replace"),
    )
    return (step,)


RESTARTER = Restarter(
    kind="launchd", title="launchd", jobs=jobs, hold=hold, last_ends=last_ends, counts_restarts=True
)


class _LabelSearch:
    """One reading of launchd; asks each domain only once which it is."""

    def __init__(self, system: System, service: Service, tree: ProcessTree) -> None:
        self._system, self._service, self._tree = system, service, tree
        self._caller = system.caller()
        self._problems: list[str] = []
        self._notes: list[str] = []
        self._domains: dict[int, str] = {}
        self._owned = self._owned_processes()

    def jobs(self) -> Reading[tuple[Job, ...]]:
        defined = self._definitions()
        found: dict[tuple[str, str, str], Job] = {}
        for definition in defined:
            followed = self._follow(definition)
            if followed is not None:
                job = self._defined_job(definition, followed, defined)
                if job is not None:
                    found.setdefault((job.scope, job.id, str(job.where)), job)
        known = {(scope, label) for scope, label, _ in found}
        for domain, label in self._owning_labels():
            if (domain, label) not in known:
                job = self._loaded_only_job(domain, label, defined)
                if job is not None:
                    found.setdefault((job.scope, job.id, str(job.where)), job)
        problem = "; ".join((*self._problems, *self._notes)) or None
        return Reading(tuple(found.values()), problem, complete=not self._problems)

    # plists

    def _definitions(self) -> tuple[Definition, ...]:
        reading = definitions(self._system, self._uids())
        if not reading.complete:
            self._problem(reading.problem)
        return reading.value

    def _uids(self) -> tuple[int, ...]:
        """Whose domains matter: the caller's; for root, those of the service's and of sudo's user."""
        if self._caller.uid != 0:
            return (self._caller.uid,)
        invoker = self._system.variable("SUDO_UID") or ""
        uids = {process.uid for process in self._owned.roots}
        return tuple(sorted((uids | ({int(invoker)} if invoker.isdecimal() else set())) - {0}))

    # jobs

    def _follow(self, definition: Definition) -> Trail | None:
        job = definition.job
        cwd = job.working_directory or "/"
        search = search_argv(self._system, self._service, job.command, cwd, definition.variables)
        # A daemon's scripts may be root's secret: what an ordinary caller cannot read is not missed.
        if search.trail is None and (definition.uid is not None or self._caller.uid == 0):
            for problem in search.problems:
                self._problem(problem)
        return search.trail

    def _defined_job(
        self, definition: Definition, followed: Trail | None, defined: tuple[Definition, ...]
    ) -> Job | None:
        """The job of a plist; None when its label is loaded from another plist, which then counts."""
        domain = _SYSTEM if definition.uid is None else self._domain(definition.uid)
        label = definition.job.label
        loaded = loaded_job(self._system, f"{domain}/{label}")
        self._note(loaded)
        others = {other.path for other in defined if other.job.label == label and other.uid == definition.uid}
        if loaded.value is not None and loaded.value.plist in others - {definition.path}:
            return None
        return self._job(domain, label, definition, followed, loaded)

    def _loaded_only_job(self, domain: str, label: str, defined: tuple[Definition, ...]) -> Job | None:
        """A loaded job one of whose processes is the service, though its plist is elsewhere, or gone."""
        loaded = loaded_job(self._system, f"{domain}/{label}")
        self._note(loaded)
        if loaded.value is None or loaded.value.pid not in self._owned.pids:
            return None
        path = loaded.value.plist
        known = next((other for other in defined if other.path == path), None)
        if known is None and path is not None and self._system.status(path).value is not None:
            uid = None if domain == _SYSTEM else self._caller.uid
            reading = read_definition(self._system, path, uid, None if uid is None else self._caller.home)
            known = reading.value
            self._problem(None if reading.complete else reading.problem)
        return self._job(domain, label, known, None, loaded)

    def _job(
        self,
        domain: str,
        label: str,
        definition: Definition | None,
        followed: Trail | None,
        loaded: Reading[PrintedJob | None],
    ) -> Job:
        flag = disabled_flag(self._system, domain, label)
        self._note(flag)
        disabled = (
            flag.value if flag.value is not None else definition is not None and definition.job.disabled
        )
        printed = loaded.value
        kept = printed is not None and printed.kept_alive is True
        loops = followed is not None and followed.loops
        command = definition.job.command if definition is not None else (printed.arguments if printed else ())
        return Job(
            kind=RESTARTER.kind,
            id=label,
            where=None if definition is None else Place(definition.path),
            command=" ".join(command),
            trigger=_trigger(definition, printed, loops, disabled, loaded.complete),
            enabled=printed is not None or not disabled,
            restarts_on_exit=kept or loops or (definition is not None and definition.job.restarts_on_exit),
            link=Link(LinkKind.OWNS_PROCESS) if followed is None else followed.link,
            confidence=_confidence(definition, followed),
            scope=domain,
            processes=self._own_processes(printed),
            starts=self._starts(label, printed),
            output=() if definition is None else definition.job.output,
            source=b"" if definition is None else definition.digest.encode(),
        )

    def _domain(self, uid: int) -> str:
        if uid not in self._domains:
            reading = user_domain(self._system, uid)
            if reading.problem is not None:
                (self._notes if reading.complete else self._problems).append(reading.problem)
            self._domains[uid] = reading.value
        return self._domains[uid]

    def _note(self, reading: Reading[PrintedJob | None] | Reading[bool | None]) -> None:
        if not reading.complete:
            self._problem(reading.problem)

    def _problem(self, problem: str | None) -> None:
        if problem is not None and problem not in self._problems:
            self._problems.append(problem)

    # processes

    def _owned_processes(self) -> _Owned:
        own = self._caller.own_pids
        tops = roots(self._tree, own, self._service)
        members = (member.pid for top in tops for member in self._tree.descendants(top.pid))
        return _Owned(roots=tops, pids=frozenset((*(top.pid for top in tops), *members)))

    def _owning_labels(self) -> tuple[tuple[str, str], ...]:
        """Domains and labels of loaded jobs to which a process of the service may belong."""
        if not self._owned.pids:
            return ()
        answer = self._system.ask((LAUNCHCTL, "list"))
        if answer.status != 0:
            self._problems.append(f"launchctl list: {complaint(answer)}")
        rows: tuple[ListedJob, ...] = parse_list(answer.text) if answer.status == 0 else ()
        own = _SYSTEM if self._caller.uid == 0 else self._domain(self._caller.uid)
        found = [(own, row.label) for row in rows if row.pid in self._owned.pids]
        for top in self._owned.roots:
            label = self._service_name(top)
            if label is not None:
                found += [(domain, label) for domain in dict.fromkeys((own, _SYSTEM))]
        return tuple(dict.fromkeys(found))

    def _service_name(self, process: Process) -> str | None:
        """The label in a process's environment: launchd sets it, and every descendant inherits it."""
        detail = process.detail if process.detail is not None else self._system.detail(process)
        label = detail.variable("XPC_SERVICE_NAME")
        return None if label in (None, "", "0") else label

    def _own_processes(self, printed: PrintedJob | None) -> tuple[ProcessId, ...]:
        if printed is None or printed.pid is None or printed.pid in self._owned.pids:
            return ()
        process = self._tree.by_pid.get(printed.pid)
        return () if process is None else (process.id,)

    def _starts(self, label: str, printed: PrintedJob | None) -> tuple[int, ...]:
        pid = None if printed is None else printed.pid
        return tuple(
            top.pid
            for top in self._owned.roots
            if pid in (top.pid, *(ancestor.pid for ancestor in self._tree.ancestors(top.pid)))
            or self._service_name(top) == label
        )


def _trigger(
    definition: Definition | None, printed: PrintedJob | None, loops: bool, disabled: bool, asked: bool
) -> str:
    words = list(triggers(definition.job)) if definition is not None else []
    if definition is None and printed is not None and printed.kept_alive:
        words.append("whenever it exits")
    if loops:
        words.append("a loop in its script")
    text = ", ".join(words) or "only when asked (launchctl kickstart)"
    if disabled:
        return f"{text}; disabled"
    if asked and printed is None:
        return f"{text}; not loaded now, loads at the next login or boot"
    return text


def _confidence(definition: Definition | None, followed: Trail | None) -> Confidence:
    if followed is None:
        return Confidence.CERTAIN
    doubtful = definition is not None and bool(definition.job.doubts)
    return (
        Confidence.LIKELY if doubtful and followed.confidence is Confidence.CERTAIN else followed.confidence
    )
