"""Errors that one line of a log names: an exception by its name, or words whose cause is known."""

from msgspec import Struct

from ghostfix.model.pattern import Pattern

MESSAGE_LIMIT = 1000
"""So many characters of a message are kept."""
_NAME = Pattern(r"^((?:[A-Za-z_]\w{0,79}\.){0,12}([A-Za-z_]\w{0,79}))(?:: ?(.*)|\s*)$")
_ERROR_NAME = Pattern(
    r"(?:\w(?:Error|Exception|Warning|Interrupt|Exit|Group|Timeout|Expired|Failure|Fault|Abort|NotFound"
    r"|DoesNotExist|Found|Exists|Refused|Denied)|^(?:Exception|BaseException|Error|error|timeout|gaierror|herror|StopIteration"
    r"|StopAsyncIteration|SystemExit|Empty|Full))$"
)
_SURE_NAME = Pattern(r"\w(?:Error|Exception)$|^KeyboardInterrupt$")
_LEVEL_NAMES = frozenset(
    {"DEBUG", "INFO", "NOTICE", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "TRACE", "SUCCESS"}
)
_NODE_ERROR = Pattern(
    r"^\s{0,2}(?:Uncaught )?([A-Z]\w{0,60}Error|Error|UnhandledPromiseRejection)(?: \[\w{1,40}\])?: (.*)$"
)

_REJECTED = Pattern(r"The promise rejected with the reason (.{1,1000}?)\.?$")
_NOT_SUPPORTED = Pattern(r"'[^' ]{1,4}' not supported between instances of '[\w.]+' and '[\w.]+'")
_IN_USE = Pattern(
    r"(?:listen )?EADDRINUSE(?:: address already in use)?(?: [\w.:*\[\]/-]{1,80})?"
    r"|\[Errno \d{1,3}\] (?:error while attempting to bind on address \([^)]{0,80}\): )?"
    r"(?:\[errno \d{1,3}\] )?[Aa]ddress already in use"
    r"|[Aa]ddress already in use|Port \d{1,5} is in use by another program"
    r"|Only one usage of each socket address"
)
_NO_MODULE = Pattern(r"No module named (?:'[\w.]{1,200}'|[\w.]{1,200})")
KNOWN_WORDS = ("not supported between", "in use", "EADDRINUSE", "Only one usage", "No module named")
"""One of them is in every line that the patterns match; searching them first is a lot faster."""
IN_USE = "Address already in use"


class ErrorLine(Struct, frozen=True, kw_only=True):
    """An exception that a line names. One that is not ``sure`` needs a stack trace below it to be one."""

    exception: str
    message: str
    sure: bool = True

    @property
    def about_port(self) -> bool:
        """Flask reports it in two lines, the second of which names the port."""
        return self.message == IN_USE


def exception_line(body: str) -> ErrorLine | None:
    """An exception as Python prints it below a traceback, flush left; None for any other line."""
    match = _NAME.match(body[: 2 * MESSAGE_LIMIT])
    if match is None or match[2] in _LEVEL_NAMES:
        return None
    if _ERROR_NAME.search(match[2]) is None and not ("." in match[1] and match[2][:1].isupper()):
        return None
    message = (match[3] or "").strip()[:MESSAGE_LIMIT]
    sure = bool(message) and _SURE_NAME.search(match[1]) is not None
    return ErrorLine(exception=match[1], message=message, sure=sure)


def last_line(body: str, after_frames: bool) -> ErrorLine | None:
    """The exception below the frames of a traceback, whatever its class is called.

    ``after_frames`` is whether a line of the traceback itself stands right above: only then a name in small
    letters is a class.
    """
    known = exception_line(body)
    if known is not None:
        return known
    match = _NAME.match(body[: 2 * MESSAGE_LIMIT])
    if (
        match is None
        or match[2] in _LEVEL_NAMES
        or (match[2][:1].islower() and not (after_frames and match[3]))
    ):
        return None
    return ErrorLine(exception=match[1], message=(match[3] or "").strip()[:MESSAGE_LIMIT], sure=False)


def node_error(body: str) -> ErrorLine | None:
    """An error as Node prints it above its stack trace."""
    match = _NODE_ERROR.match(body[: 2 * MESSAGE_LIMIT])
    if match is None:
        return None
    sure = match[2].startswith("Cannot find module ")
    rejected = _REJECTED.search(match[2])
    message = match[2] if rejected is None else rejected[1]
    return ErrorLine(exception=match[1], message=message.strip()[:MESSAGE_LIMIT], sure=sure)


def known_error(body: str, announced: bool) -> ErrorLine | None:
    """Words, anywhere in a line, that say what failed.

    ``announced`` is whether the line has a level; without one a missing module counts only where Python
    itself says so, for programs like to say that a module is optional.
    """
    body = body[: 2 * MESSAGE_LIMIT]
    if not any(word in body for word in KNOWN_WORDS):
        return None
    compared = _NOT_SUPPORTED.search(body)
    if compared is not None:
        return ErrorLine(exception="TypeError", message=compared.group())
    in_use = _IN_USE.search(body)
    if in_use is not None:
        words = in_use.group()
        name = "Error" if "EADDRINUSE" in words else "OSError"
        return ErrorLine(exception=name, message=IN_USE if words.startswith("Port ") else words)
    missing = _NO_MODULE.search(body)
    if missing is not None and (announced or body.startswith("/") or "Error" in body):
        return ErrorLine(exception="ModuleNotFoundError", message=missing.group())
    return None
