#!/usr/bin/python
# Copyright (c) the ghostfix authors
# MIT License (see https://opensource.org/license/mit)
"""The module ``ghostfix.ghostfix.diagnose``."""

from __future__ import annotations

DOCUMENTATION = r"""
module: diagnose
short_description: Find what keeps a service from staying up
version_added: 0.1.0
description:
  - Runs C(ghostfix diagnose) on the host and gives its report.
  - It only looks. The result is never changed, in check mode or not.
  - An ill service does not fail the task; the verdict and the exit code say how it is.
  - The task fails when ghostfix cannot be run, or can make no report, because the profile has a mistake, say.
author:
  - The ghostfix authors (@ghostfix)
extends_documentation_fragment:
  - ghostfix.ghostfix.command
attributes: {}
options:
  name:
    description: The name of the service in the profile; all services of the profile when left out.
    type: str
  config:
    description: The profile on the host, instead of looking for one.
    type: path
  only:
    description: Only these checks.
    type: list
    elements: str
    default: []
  skip:
    description: All checks but these.
    type: list
    elements: str
    default: []
  fail_on:
    description: From which severity on a finding makes the exit code 1.
    type: str
    choices: [info, warning, error]
    default: error
  as_text:
    description:
      - Give the report as one string of JSON (RV(text)) instead of a dictionary (RV(report)).
      - Ansible carries a string at a small part of the cost.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Look at the shop
  ghostfix.ghostfix.diagnose:
    name: shop
    config: /etc/ghostfix/ghostfix.toml
  register: shop

- name: Say what is wrong with it
  ansible.builtin.debug:
    msg: "{{ shop.report.causes | map(attribute='short') | join(', ') }}"
  when: shop.verdict != 'healthy'

- name: Stop the play where the shop is ill
  ghostfix.ghostfix.diagnose:
    name: shop
    fail_on: warning
  register: shop
  failed_when: shop is failed or shop.exit_code != 0
"""

RETURN = r"""
report:
  description:
    - The document that C(ghostfix diagnose --format json) prints, whose schema is C(ghostfix.report/1).
    - For a profile with several services, and no O(name), C(ghostfix.reports/1) with a list of them.
  returned: when O(as_text) is false
  type: dict
text:
  description: The same document as JSON.
  returned: when O(as_text) is true
  type: str
verdict:
  description: V(healthy), V(degraded), V(down) or V(unknown); the worst one of several services.
  returned: success
  type: str
  sample: down
exit_code:
  description: What ghostfix returned; V(0) healthy, V(1) findings, V(3) could not look.
  returned: always
  type: int
  sample: 1
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ghostfix.ghostfix.plugins.module_utils.command import (
    OPTIONS,
    ask,
    fail,
    told,
    verdict,
)


def words(options):
    """The command line of ``ghostfix diagnose``."""
    line = ["diagnose", "--fail-on", options["fail_on"]]
    for option in ("config", "only", "skip"):
        if options[option]:
            value = options[option]
            line += ["--" + option, value if option == "config" else ",".join(value)]
    return line + (["--", options["name"]] if options["name"] else [])


def main():
    """Runs ``ghostfix diagnose``, and gives its report."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str"},
            "config": {"type": "path"},
            "only": {"type": "list", "elements": "str", "default": []},
            "skip": {"type": "list", "elements": "str", "default": []},
            "fail_on": {"type": "str", "choices": ["info", "warning", "error"], "default": "error"},
            "as_text": {"type": "bool", "default": False},
            **OPTIONS,
        },
        supports_check_mode=True,
    )
    answer = ask(module, words(module.params))
    if answer.document is None:
        fail(module, answer, "no diagnosis")
    module.exit_json(
        changed=False,
        exit_code=answer.exit_code,
        verdict=verdict(answer.document),
        **told(answer, module.params["as_text"]),
    )


if __name__ == "__main__":
    main()
