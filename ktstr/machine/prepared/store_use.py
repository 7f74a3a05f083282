# SPDX-License-Identifier: Apache-2.0
"""What a run does without the host's store, and why: told once, not with each test and disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ktstr.model.errors import InfraError
from ktstr.vm.disk.disks import DiskSpec

# How reports call it, beside what was done instead.
NO_STORE = "no store"


@dataclass
class StoreUse:
    """`refusals`: why the store was not used, each reason once, in the order that they were met."""

    refusals: list[str] = field(default_factory=list)

    def refused(self, reason: str) -> str:
        """Takes note of a reason; the short words that stand for it."""
        if reason not in self.refusals:
            self.refusals.append(reason)
        return NO_STORE

    def noting(self, clone: Callable[[DiskSpec], int]) -> Callable[[DiskSpec], int]:
        """`clone`, whose InfraErrors are noted and say `NO_STORE`."""

        def noted(disk: DiskSpec) -> int:
            try:
                return clone(disk)
            except InfraError as error:
                raise InfraError(self.refused(str(error))) from error

        return noted

    @property
    def text(self) -> str:
        """All reasons; empty where the store was used, or not wanted."""
        return "; ".join(self.refusals)
