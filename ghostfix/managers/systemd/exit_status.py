"""Exit statuses: what a number means when systemd, a shell or a program ends with it (pure)."""

from msgspec import Struct


class SetupFailure(Struct, frozen=True):
    """What systemd could not prepare for a process: the program's own code never ran."""

    name: str
    words: str
    settings: tuple[str, ...] = ()
    """The settings of ``[Service]`` that ask for it."""


SETUP_FAILURES: dict[int, SetupFailure] = {
    200: SetupFailure("CHDIR", "its working directory cannot be entered", ("WorkingDirectory",)),
    201: SetupFailure("NICE", "its scheduling priority could not be set", ("Nice",)),
    202: SetupFailure("FDS", "its file descriptors could not be prepared"),
    203: SetupFailure("EXEC", "its program cannot be executed"),
    204: SetupFailure("MEMORY", "there was no memory to start it"),
    205: SetupFailure("LIMITS", "its resource limits could not be set"),
    206: SetupFailure("OOM_ADJUST", "its OOM setting could not be made", ("OOMScoreAdjust",)),
    207: SetupFailure("SIGNAL_MASK", "its signal mask could not be set"),
    208: SetupFailure("STDIN", "its standard input could not be opened", ("StandardInput",)),
    209: SetupFailure("STDOUT", "its standard output could not be opened", ("StandardOutput",)),
    210: SetupFailure("CHROOT", "its root folder could not be changed", ("RootDirectory",)),
    211: SetupFailure("IOPRIO", "its I/O priority could not be set", ("IOSchedulingPriority",)),
    212: SetupFailure("TIMERSLACK", "its timer slack could not be set", ("TimerSlackNSec",)),
    213: SetupFailure("SECUREBITS", "its secure bits could not be set", ("SecureBits",)),
    214: SetupFailure("SETSCHEDULER", "its CPU scheduler could not be set", ("CPUSchedulingPolicy",)),
    215: SetupFailure("CPUAFFINITY", "its CPU affinity could not be set", ("CPUAffinity",)),
    216: SetupFailure("GROUP", "its group could not be taken", ("Group", "SupplementaryGroups")),
    217: SetupFailure("USER", "its user could not be taken", ("User",)),
    218: SetupFailure(
        "CAPABILITIES", "its capabilities could not be set", ("CapabilityBoundingSet", "AmbientCapabilities")
    ),
    219: SetupFailure("CGROUP", "its control group could not be prepared"),
    220: SetupFailure("SETSID", "its session could not be made"),
    221: SetupFailure("CONFIRM", "its start was declined on the console"),
    222: SetupFailure(
        "STDERR", "its standard error could not be opened", ("StandardError", "StandardOutput")
    ),
    224: SetupFailure("PAM", "its PAM session could not be opened", ("PAMName",)),
    225: SetupFailure("NETWORK", "its network namespace could not be made", ("PrivateNetwork",)),
    226: SetupFailure(
        "NAMESPACE",
        "its view of the file system could not be made",
        (
            "ReadWritePaths",
            "ReadOnlyPaths",
            "InaccessiblePaths",
            "ExecPaths",
            "NoExecPaths",
            "BindPaths",
            "BindReadOnlyPaths",
            "RootDirectory",
            "RootImage",
        ),
    ),
    227: SetupFailure("NO_NEW_PRIVILEGES", "NoNewPrivileges= could not be set", ("NoNewPrivileges",)),
    228: SetupFailure("SECCOMP", "its system call filter could not be set", ("SystemCallFilter",)),
    229: SetupFailure("SELINUX_CONTEXT", "its SELinux context could not be set", ("SELinuxContext",)),
    230: SetupFailure("PERSONALITY", "its execution domain could not be set", ("Personality",)),
    231: SetupFailure("APPARMOR_PROFILE", "its AppArmor profile could not be set", ("AppArmorProfile",)),
    232: SetupFailure(
        "ADDRESS_FAMILIES", "its address families could not be restricted", ("RestrictAddressFamilies",)
    ),
    233: SetupFailure("RUNTIME_DIRECTORY", "its folder in /run could not be made", ("RuntimeDirectory",)),
    235: SetupFailure("CHOWN", "the owner of its socket could not be set"),
    236: SetupFailure("SMACK_PROCESS_LABEL", "its SMACK label could not be set", ("SmackProcessLabel",)),
    237: SetupFailure("KEYRING", "its kernel keyring could not be made", ("KeyringMode",)),
    238: SetupFailure("STATE_DIRECTORY", "its folder in /var/lib could not be made", ("StateDirectory",)),
    239: SetupFailure("CACHE_DIRECTORY", "its folder in /var/cache could not be made", ("CacheDirectory",)),
    240: SetupFailure("LOGS_DIRECTORY", "its folder in /var/log could not be made", ("LogsDirectory",)),
    241: SetupFailure(
        "CONFIGURATION_DIRECTORY", "its folder in /etc could not be made", ("ConfigurationDirectory",)
    ),
    242: SetupFailure("NUMA_POLICY", "its NUMA policy could not be set", ("NUMAPolicy",)),
    243: SetupFailure(
        "CREDENTIALS", "its credentials could not be loaded", ("LoadCredential", "LoadCredentialEncrypted")
    ),
    244: SetupFailure("BPF", "its BPF filter could not be set", ("RestrictFileSystems",)),
}
"""The statuses of systemd.exec(5), "Process Exit Codes", as ``systemd-analyze exit-status`` has them."""

_MEANINGS = {
    64: "it was called in a wrong way: EX_USAGE",
    65: "its input was not correct: EX_DATAERR",
    66: "an input file is not there or not readable: EX_NOINPUT",
    67: "a user that it needs is unknown: EX_NOUSER",
    68: "a host that it needs is unknown: EX_NOHOST",
    69: "a service that it needs is unavailable: EX_UNAVAILABLE",
    70: "an internal error: EX_SOFTWARE",
    71: "an error of the operating system: EX_OSERR",
    72: "a system file is missing or cannot be opened: EX_OSFILE",
    73: "an output file cannot be created: EX_CANTCREAT",
    74: "an input or output error: EX_IOERR",
    75: "a failure that may pass: EX_TEMPFAIL",
    76: "a protocol error: EX_PROTOCOL",
    77: "a missing permission: EX_NOPERM",
    78: "its configuration is not right: EX_CONFIG",
    126: "a command that it runs cannot be executed",
    127: "a command that it runs was not found",
}
"""sysexits.h(3head), and what a shell says of a command that it could not run (POSIX.1-2017, XCU 2.8.2)."""
_SHELL_SIGNAL = 128
_SIGNALS = (
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
    "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
    "WINCH", "IO", "PWR", "SYS",
)  # fmt: skip
"""Linux's, from 1, as signal(7) has them for x86 and ARM: systemd runs on no other system."""


def status_words(status: int) -> str:
    """``it exited with status 127: a command that it runs was not found``."""
    meaning = _MEANINGS.get(status)
    if meaning is None and status > _SHELL_SIGNAL:
        name = signal_name(status - _SHELL_SIGNAL)
        meaning = None if name is None else f"what a shell says of a command that SIG{name} ended"
    return f"it exited with status {status}" + (f": {meaning}" if meaning else "")


def signal_name(number: int) -> str | None:
    """``KILL`` of 9; None for a number that is no signal."""
    return _SIGNALS[number - 1] if 0 < number <= len(_SIGNALS) else None
