# SPDX-License-Identifier: Apache-2.0
"""An invariant that did not hold, to be looked at once more by itself."""

from __future__ import annotations

from ktstr.introspect.invariants.findings import Broken
from ktstr.introspect.invariants.invariant import When as Moment
from ktstr.introspect.invariants.library.all import INVARIANTS
from ktstr.introspect.invariants.plan import plan, version_of
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.watch import When


def function_of(broken: Broken) -> str:
    """The function at whose entry or return it was looked at."""
    return broken.instant.rpartition(" of ")[2]


def program_of(kernel: Kernel, broken: Broken) -> tuple[bytes, When]:
    """Its program for the plugin, and at which end of the function that looks.

    Raises:
        UnknownName: the library has no such invariant for this kernel any more.
    """
    for each in plan(INVARIANTS, kernel, version_of(kernel.release)).looked:
        words = f"{each.instant.when.value} of {each.function}"
        if (each.invariant.name, words) == (broken.name, broken.instant):
            when = When.ENTRY if each.instant.when is Moment.ENTRY else When.RETURN
            return each.program.encode(), when
    raise UnknownName(broken.name, f"kernel {kernel.release}: no invariant {broken.name} there")
