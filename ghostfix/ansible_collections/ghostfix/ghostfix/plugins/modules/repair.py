#!/usr/bin/python
# Copyright (c) the ghostfix authors
# MIT License (see https://opensource.org/license/mit)
"""The module ``ghostfix.ghostfix.repair``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: repair
short_description: Bring a service back, in an order that holds
version_added: 0.1.0
description:
  - Runs C(ghostfix repair) on the host, without asking, and watches the service hold.
  - Check mode is the dry run. It gives the very plan that a repair executes, and C(--diff) shows its steps.
  - The result is changed only if a step was done. A second run finds nothing to do.
  - Every act is in a journal on the host before it is done, so M(ghostfix.ghostfix.undo) can take it back,
    also when ghostfix, the connection or the host ended half-way.
author:
  - The ghostfix authors (@ghostfix)
extends_documentation_fragment:
  - ghostfix.ghostfix.command
options:
  name:
    description: The name of the service in the profile; not needed when the profile has one only.
    type: str
  config:
    description: The profile on the host, instead of looking for one.
    type: path
  only:
    description: Repair only what these checks find.
    type: list
    elements: str
    default: []
  skip:
    description: Leave alone what these checks find.
    type: list
    elements: str
    default: []
  start:
    description: Start the service again; otherwise it is left stopped.
    type: bool
    default: true
  evict:
    description: Also stop strangers that hold the ports of the service.
    type: bool
    default: false
  hold_for:
    description: How long to watch the repair hold, such as V(30s) or V(2m).
    type: str
    default: 30s
  rollback_on_failure:
    description: Take the repair back when it does not hold.
    type: bool
    default: false
  as_text:
    description:
      - Give the report as one string of JSON (RV(text)) instead of a dictionary (RV(report)).
      - Ansible carries a string at a small part of the cost.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: See what would be done, as ansible-playbook --check --diff does
  ghostfix.ghostfix.repair:
    name: shop
  check_mode: true
  diff: true

- name: Bring the shop back; with serial in the play, some hosts at a time
  ghostfix.ghostfix.repair:
    name: shop
    config: /etc/ghostfix/ghostfix.toml
    hold_for: 1m
  register: repair
"""

RETURN = r"""
report:
  description: The document that C(ghostfix repair --format json) prints (C(ghostfix.report/1)).
  returned: when O(as_text) is false, and there is one
  type: dict
text:
  description: The same document as JSON.
  returned: when O(as_text) is true, and there is one
  type: str
verdict:
  description: How the service is now; V(healthy), V(degraded), V(down) or V(unknown).
  returned: when there is a report
  type: str
  sample: healthy
exit_code:
  description: What ghostfix returned; V(4) when the repair is incomplete, V(5) when it did not hold.
  returned: always
  type: int
  sample: 0
run_id:
  description: The run in the host's journal, for M(ghostfix.ghostfix.undo); also of a repair that failed.
  returned: when something was, or may have been, done
  type: str
  sample: 20261123-201530-a1b2
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ghostfix.ghostfix.plugins.module_utils.command import (
    COULD_NOT_LOOK,
    FINDINGS,
    HEALTHY,
    INCOMPLETE,
    OPTIONS,
    USAGE,
    ask,
    fail,
    runs,
    told,
    verdict,
)


def words(options, dry):
    """The command line of ``ghostfix repair``."""
    line = ["repair", "--dry-run" if dry else "--yes", "--hold-for", options["hold_for"]]
    for option in ("config", "only", "skip"):
        if options[option]:
            value = options[option]
            line += ["--" + option, value if option == "config" else ",".join(value)]
    line += [] if options["start"] else ["--no-start"]
    line += ["--evict"] if options["evict"] else []
    line += ["--rollback-on-failure"] if options["rollback_on_failure"] else []
    return line + (["--", options["name"]] if options["name"] else [])


def steps(report):
    """The steps of the plan."""
    return (report.get("plan") or {}).get("steps") or []


def done(report):
    """The numbers of the steps that were done, or that may have been."""
    entries = (report.get("run") or {}).get("entries") or []
    return {entry["n"] for entry in entries if entry["state"] in ("done", "intent", "failed")}


def difference(chosen):
    """The previews, as ``--diff`` shows them."""
    lines = ["+ {0}. {1}\n".format(step["n"], step["preview"]) for step in chosen]
    return {"prepared": "".join(lines)}


def begun(module, answer, before):
    """The run that our ghostfix began, and whose end it could not report; None when it began none.

    A repair that was refused began none: another user's is going on, say. That one is new as well, and
    a caller that took it for ours would take it back.
    """
    name = module.params["name"]
    new = [
        run["id"] for run in runs(module) if run["id"] not in before and name in (None, "", run["service"])
    ]
    if answer.exit_code in (USAGE, INCOMPLETE):
        new = [run for run in new if run in answer.complaint]
    return new[0] if new else None


def lost(module, answer, before):
    """Fails, with the run that began and whose end ghostfix could not report."""
    began = begun(module, answer, before)
    facts = {"run_id": began} if began else {}
    hint = "; ghostfix undo {0} takes back what was done".format(began) if facts else ""
    fail(module, answer, "the repair did not come to its end" + hint, changed=bool(facts), **facts)


def give(module, answer, dry):
    """Ends the module with what the report says."""
    report = answer.document
    chosen = [step for step in steps(report) if dry or step["n"] in done(report)]
    result = {
        "changed": bool(chosen),
        "exit_code": answer.exit_code,
        "verdict": verdict(report),
        **told(answer, module.params["as_text"]),
    }
    if module._diff:
        result["diff"] = difference(chosen)
    run = (report.get("run") or {}).get("id")
    if run:
        result["run_id"] = run
    planned = dry and steps(report)
    if answer.exit_code == HEALTHY or (planned and answer.exit_code in (FINDINGS, COULD_NOT_LOOK)):
        module.exit_json(**result)
    module.fail_json(msg=reason(answer, run), **result)


def reason(answer, run):
    """Why the service is not well now."""
    if run:
        what = {4: "is incomplete", 5: "did not hold"}.get(answer.exit_code, "failed")
        return "the repair {0}; ghostfix undo {1} takes it back".format(what, run)
    if answer.exit_code == FINDINGS:
        return "ghostfix has no step for what is wrong here; the report says what it is"
    return answer.complaint or "ghostfix could not look at all that the profile depends on"


def main():
    """Repairs, or shows what a repair would do."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "config": {"type": "path"},
            "only": {"type": "list", "elements": "str", "default": []},
            "skip": {"type": "list", "elements": "str", "default": []},
            "start": {"type": "bool", "default": True},
            "evict": {"type": "bool", "default": False},
            "hold_for": {"type": "str", "default": "30s"},
            "rollback_on_failure": {"type": "bool", "default": False},
            "as_text": {"type": "bool", "default": False},
            **OPTIONS,
        },
        supports_check_mode=True,
    )
    dry = module.check_mode
    before = () if dry else {run["id"] for run in runs(module)}
    answer = ask(module, words(module.params, dry))
    if answer.document is not None:
        give(module, answer, dry)
    elif dry:
        fail(module, answer, "no plan")
    else:
        lost(module, answer, before)


if __name__ == "__main__":
    main()
