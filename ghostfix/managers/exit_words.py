"""Exit statuses and signals in words: the shell's 126, 127 and 128+N, and the 64 to 78 of sysexits.h.

Facts: POSIX 2.8.2 (Exit Status for Commands), sysexits.h(3head), signal(7). A status between 64 and 78 means
what sysexits.h says by convention only, so its words name it.
"""

_SIGNALS = {
    1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1",
    11: "SEGV", 12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 16: "STKFLT", 17: "CHLD", 18: "CONT",
    19: "STOP", 20: "TSTP", 21: "TTIN", 22: "TTOU", 23: "URG", 24: "XCPU", 25: "XFSZ", 26: "VTALRM",
    27: "PROF", 28: "WINCH", 29: "IO", 30: "PWR", 31: "SYS",
}  # fmt: skip
"""Linux's numbers on x86 and ARM."""
_SYSEXITS = {
    64: ("EX_USAGE", "it was called with wrong arguments"),
    65: ("EX_DATAERR", "its input data was wrong"),
    66: ("EX_NOINPUT", "an input file is missing or not readable"),
    67: ("EX_NOUSER", "a user does not exist"),
    68: ("EX_NOHOST", "a host does not exist"),
    69: ("EX_UNAVAILABLE", "a service that it needs is not available"),
    70: ("EX_SOFTWARE", "an internal error"),
    71: ("EX_OSERR", "an error of the operating system"),
    72: ("EX_OSFILE", "a system file is missing or not usable"),
    73: ("EX_CANTCREAT", "an output file cannot be created"),
    74: ("EX_IOERR", "an error while reading or writing"),
    75: ("EX_TEMPFAIL", "a failure that may pass"),
    76: ("EX_PROTOCOL", "an error of the protocol"),
    77: ("EX_NOPERM", "permission denied"),
    78: ("EX_CONFIG", "its configuration is wrong"),
}
_NOT_EXECUTABLE = 126
_NOT_FOUND = 127
_SIGNALLED = 128
_FAULTS = {
    "ABRT": "it aborted itself, for a failed assertion, or an error that its run-time library found",
    "BUS": "a memory access that the hardware refused",
    "FPE": "an arithmetic error, such as a division by zero",
    "ILL": "an instruction that this processor does not have",
    "SEGV": "a segmentation fault, an access to memory that it does not have",
    "SYS": "a system call that its sandbox forbids, or that does not exist",
    "TRAP": "a trap, for a failed assertion, or a debugger's breakpoint",
    "XCPU": "it used more processor time than its limit allows",
    "XFSZ": "it wrote a file larger than its limit allows",
}
"""Signals that a program's own deed brings on; the others are sent by another process."""


def signal_name(number: int) -> str | None:
    """The name of a signal without SIG: ``KILL``; None for a number that has none."""
    return _SIGNALS.get(number)


def signal_of_status(status: int) -> str | None:
    """The signal that a shell means by a status above 128: ``KILL`` for 137; None for any other status."""
    return signal_name(status - _SIGNALLED) if _SIGNALLED < status < 256 else None


def status_meaning(status: int) -> str | None:
    """What an exit status says by itself; None for one that means only what its program likes, and for 0."""
    if status == _NOT_EXECUTABLE:
        return "a command could not be executed, for want of permission or as no program of this machine"
    if status == _NOT_FOUND:
        return "a command was not found"
    if status in _SYSEXITS:
        name, words = _SYSEXITS[status]
        return f"{name} of sysexits.h, {words}"
    name_of_signal = signal_of_status(status)
    if name_of_signal is not None:
        return f"128+{status - _SIGNALLED}, a program below it was ended by SIG{name_of_signal}"
    return None


def exit_in_words(status: int) -> str:
    """``it exited with status 127 (a command was not found)``."""
    meaning = status_meaning(status)
    return f"it exited with status {status}" + ("" if meaning is None else f" ({meaning})")


def signal_in_words(name: str) -> str:
    """``SIGSEGV ended it (a segmentation fault, ...)``; the name is without SIG."""
    cause = _FAULTS.get(name)
    return f"SIG{name} ended it" + ("" if cause is None else f" ({cause})")
