# SPDX-License-Identifier: Apache-2.0
"""What of a target's `env` and `env_inherit` is set in its guests."""

from __future__ import annotations

from collections.abc import Mapping

from ktstr.machine.target import Target

# Where these point to is of this machine; the guest has its own, and does not start without.
_OF_THE_MACHINE = frozenset({"HOME", "PATH", "TMPDIR"})
_OF_THE_LOADERS = ("LD_", "PYTHON")


def guest_environment(target: Target, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that the target names, with the values that test modules see on the host.

    Left out are those that are not set here (`env_inherit`), and those that say where programs and
    libraries of a machine are.
    """
    return {
        name: environ[name]
        for name in sorted(target.passed_env)
        if name in environ and name not in _OF_THE_MACHINE and not name.startswith(_OF_THE_LOADERS)
    }
