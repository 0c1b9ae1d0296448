# Copyright (c) the ghostfix authors
# MIT License (see https://opensource.org/license/mit)
"""What the documentation of all three modules has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """The options that say which ghostfix is run, and where."""

    DOCUMENTATION = r"""
options:
  executable:
    description:
      - The C(ghostfix) program on the host, as a path or a name.
      - A name is looked for in E(PATH), then in C(/opt/ghostfix/bin), C(/usr/local/bin) and C(~/.local/bin).
      - The role P(ghostfix.ghostfix.install#role) puts it into C(/opt/ghostfix).
    type: str
    default: ghostfix
  chdir:
    description:
      - The folder in which ghostfix is started, and from which on it looks upwards for a profile.
      - The home folder of the user who runs it, when left out; the root folder for a user without one.
    type: path
  state_home:
    description:
      - The folder in which ghostfix keeps its journals (E(XDG_STATE_HOME)), when it is not the usual one.
    type: path
requirements:
  - ghostfix on the host
notes:
  - Passwords and tokens are hidden by ghostfix itself, before anything leaves the host.
"""
