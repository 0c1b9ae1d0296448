"""The crontabs of an in-memory machine, behind a ``crontab`` program like Debian's."""

from ghostfix.model.machine import CommandAnswer
from tests.fake_commands import FakeCommands, Words, answered

SPOOL = "/var/spool/cron/crontabs"


class FakeCrontab:
    """Answers ``crontab [-u USER] -l``, ``crontab [-u USER] -`` and ``crontab [-u USER] FILE``.

    ``tabs`` has each user's crontab; a user who is not in it has none. ``refuses`` names what it says,
    with status 1, to whoever asks (macOS without full disk access, ``cron.allow``).
    """

    def __init__(self, system: FakeCommands, tabs: dict[str, bytes] | None = None) -> None:
        self.system = system
        self.tabs: dict[str, bytes] = {} if tabs is None else tabs
        self.refuses: str | None = None
        system.add_program("crontab")
        system.add_programs(("crontab",), self.answer)

    def answer(self, argv: Words, stdin: bytes) -> CommandAnswer:
        caller = self.system.caller()
        user, words = caller.user, argv[1:]
        if words[:1] == ("-u",):
            user, words = words[1], words[2:]
        if self.refuses is not None:
            return answered(argv, 1, stderr=self.refuses)
        if user != caller.user and caller.uid != 0:
            return answered(argv, 1, stderr="must be privileged to use -u\n")
        if words == ("-l",):
            if user not in self.tabs:
                return answered(argv, 1, stderr=f"no crontab for {user}\n")
            return answered(argv, stdout=self.tabs[user])
        if words == ("-r",):
            self.tabs.pop(user, None)
            return answered(argv)
        if len(words) != 1:
            return answered(argv, 1, stderr="crontab: usage error\n")
        return self._install(argv, user, stdin if words[0] == "-" else self.system.content(words[0]))

    def _install(self, argv: Words, user: str, content: bytes) -> CommandAnswer:
        caller = self.system.caller()
        if content and not content.endswith(b"\n"):
            return answered(
                argv, 1, stderr="new crontab file is missing newline before EOF, can't install.\n"
            )
        temporary = f"{SPOOL}/tmp.Xy01az"
        if "HALF" in self.system.variables:  # killed: it has copied some of it, and installed nothing
            self.system.add_file(temporary, content[: len(content) // 2], uid=caller.uid)
            return CommandAnswer(argv=argv, status=-9)
        self.system.remove_path(temporary)
        self.tabs[user] = content
        return answered(argv)
