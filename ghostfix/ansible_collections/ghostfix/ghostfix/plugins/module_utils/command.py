# Copyright (c) the ghostfix authors
# MIT License (see https://opensource.org/license/mit)
"""Running the ghostfix of this host, and reading what it answers."""

from __future__ import annotations

import json
import os
import re

OPTIONS = {
    "executable": {"type": "str", "default": "ghostfix"},
    "chdir": {"type": "path"},
    "state_home": {"type": "path"},
}
"""The options that every module takes."""

PLACES = ("/opt/ghostfix/bin", "/usr/local/bin", "~/.local/bin")
"""Where the program is looked for, besides ``PATH``."""

HEALTHY, FINDINGS, USAGE, COULD_NOT_LOOK, INCOMPLETE, NOT_HELD = 0, 1, 2, 3, 4, 5
"""Exit codes of ghostfix."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Answer:
    """What ghostfix said: its exit code, the document (None where there is none), and its complaint."""

    def __init__(self, status, text, complaint):
        self.exit_code = status
        self.text = text
        self.complaint = complaint
        self.document = _document(text)


def ask(module, words):
    """Runs ghostfix with these words and ``--format json``; fails the module when it is not there."""
    executable = module.params["executable"]
    # In two steps, because Ansible would look into the places before PATH.
    program = module.get_bin_path(executable) or module.get_bin_path(
        executable, opt_dirs=[os.path.expanduser(place) for place in PLACES]
    )
    if program is None:
        module.fail_json(
            msg="there is no program {0!r} on this host; the role ghostfix.ghostfix.install puts it there, "
            "the option executable says where it is".format(executable)
        )
    folder = module.params["chdir"] or home()
    if not os.path.isdir(folder):
        # Ansible would start it wherever it is itself, and a profile may lie there as well.
        module.fail_json(msg="there is no folder {0!r} on this host".format(folder))
    variables = {"NO_COLOR": "1", "PYTHONUTF8": "1"}
    if module.params["state_home"]:
        variables["XDG_STATE_HOME"] = module.params["state_home"]
    status, text, complaint = module.run_command(
        [program, words[0], "--format", "json", *words[1:]], cwd=folder, environ_update=variables
    )
    return Answer(status, text, _CONTROL.sub("?", complaint).strip())


def home():
    """The home folder of the user; the root folder for one who has none, as accounts of services often do."""
    folder = os.path.expanduser("~")
    return folder if os.path.isdir(folder) else "/"


def runs(module):
    """The runs in the journals, the newest first; none when they cannot be read."""
    return (ask(module, ["undo", "--list"]).document or {}).get("runs") or []


def fail(module, answer, doing, **facts):
    """Fails the module with ghostfix's own words."""
    said = answer.complaint or "it said nothing and ended with {0}".format(answer.exit_code)
    module.fail_json(msg="{0}: {1}".format(doing, said), exit_code=answer.exit_code, **facts)


def reports(document):
    """The reports in a document: one, or several of a profile with several services."""
    return document.get("reports") or [document]


def verdict(document):
    """The worst verdict of the reports."""
    order = ("down", "degraded", "unknown", "healthy")
    found = [report.get("verdict") for report in reports(document)]
    return next((word for word in order if word in found), "unknown")


def told(answer, as_text):
    """The document as a result: a dictionary, or the text as it came."""
    return {"text": answer.text} if as_text else {"report": answer.document}


def _document(text):
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
