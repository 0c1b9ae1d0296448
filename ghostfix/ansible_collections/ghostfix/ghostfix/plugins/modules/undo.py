#!/usr/bin/python
# Copyright (c) the ghostfix authors
# MIT License (see https://opensource.org/license/mit)
"""The module ``ghostfix.ghostfix.undo``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: undo
short_description: Take a repair back
version_added: 0.1.0
description:
  - Runs C(ghostfix undo) on the host, without asking. The last step is taken back first.
  - It reads the journal, so it also takes back a repair that was stopped half-way.
  - The result is changed only if something was taken back; a second run changes nothing.
author:
  - The ghostfix authors (@ghostfix)
extends_documentation_fragment:
  - ghostfix.ghostfix.command
options:
  run:
    description:
      - The run to take back; the newest one that did something, when left out.
      - Runs before that one are left alone, also when it was taken back already. Name them to take them back.
    type: str
  name:
    description: Take back the newest run of this service; for when O(run) is not known.
    type: str
"""

EXAMPLES = r"""
- name: Repair, and take it back where it does not hold
  block:
    - name: Repair the shop
      ghostfix.ghostfix.repair:
        name: shop
      register: repair
  rescue:
    - name: Take it back
      ghostfix.ghostfix.undo:
        run: "{{ repair.run_id }}"
      when: repair.run_id is defined
"""

RETURN = r"""
run_id:
  description: The run that was taken back.
  returned: when there was one
  type: str
  sample: 20261123-201530-a1b2
entries:
  description: What became of each step, the last step first; with its number, kind, state and detail.
  returned: when there was a run
  type: list
  elements: dict
exit_code:
  description: What ghostfix returned; V(4) when not everything could be taken back.
  returned: always
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ghostfix.ghostfix.plugins.module_utils.command import OPTIONS, ask, fail

UNDONE = ("undone", "undo-incomplete")
"""How a run stands that was taken back."""


def chosen_run(module):
    """The run that is meant; None when nothing of it stands."""
    if module.params["run"] is not None:  # an empty one is a mistake of the playbook, and refused
        return module.params["run"]
    answer = ask(module, ["undo", "--list"])
    if answer.document is None:
        fail(module, answer, "the journals cannot be read")
    name = module.params["name"]
    for run in answer.document["runs"]:
        if run["state"] == "unreadable":
            # It may be the one that is meant; an older one is not.
            module.fail_json(msg="run {0} cannot be read: {1}".format(run["id"], run["problem"]), exit_code=0)
        if (run["done"] or run["state"] in UNDONE) and name in (None, "", run["service"]):
            return run["id"] if run["done"] else None
    return None


def difference(entries):
    """What is taken back, as ``--diff`` shows it."""
    lines = [
        "- {0}. {1}\n".format(entry["n"], entry["preview"])
        for entry in entries
        if entry["state"] in ("planned", "undone")
    ]
    return {"prepared": "".join(lines)}


def main():
    """Takes the run back, or shows what would be."""
    module = AnsibleModule(
        argument_spec={"run": {"type": "str"}, "name": {"type": "str"}, **OPTIONS},
        mutually_exclusive=[("run", "name")],
        supports_check_mode=True,
    )
    run = chosen_run(module)
    if run is None:
        module.exit_json(changed=False, exit_code=0)
    answer = ask(module, ["undo", "--dry-run" if module.check_mode else "--yes", "--", run])
    if answer.document is None:
        fail(module, answer, "nothing was taken back", run_id=run)
    entries = answer.document["entries"]
    result = {
        "changed": answer.document["changed"],
        "exit_code": answer.exit_code,
        "run_id": run,
        "entries": entries,
    }
    if module._diff:
        result["diff"] = difference(entries if answer.document["changed"] else [])
    if answer.exit_code:
        module.fail_json(
            msg="not everything could be taken back; ghostfix undo {0} tries again".format(run), **result
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
