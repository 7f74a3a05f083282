# SPDX-License-Identifier: Apache-2.0
"""The state of one guest, for who asks from within: looked at while it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ktstr.introspect.asking.maps import Maps
from ktstr.introspect.asking.variables import Variables
from ktstr.introspect.debugger.snapshots import take_all
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.model.errors import NoSuchName
from ktstr.model.wire.asking import ReadKernel, ReadMap, WriteKernel, WriteMap

# A Loop may ask for one each time: a result is for people to read.
MOST_SNAPSHOTS = 64


class GuestState:
    """One for each guest.  `memory` is the kernel's own view.

    All raise UsageError for what there is not, and InfraError for what cannot be reached.
    """

    def __init__(self, kernel: Kernel, memory: Memory, keep: Callable[[Snapshot], None]) -> None:
        """`keep` is given the snapshots that are asked for."""
        self._kernel, self._memory, self._keep = kernel, memory, keep
        self._taken = 0
        self._variables = Variables(kernel, memory)
        self._maps = Maps(kernel, memory)

    def read_kernel(self, asked: ReadKernel) -> Any:
        """A variable of the kernel's, as JSON has it."""
        return self._variables.read(asked)

    def write_kernel(self, asked: WriteKernel) -> int:
        """Sets one; what it was."""
        return self._variables.write(asked)

    def read_map(self, asked: ReadMap) -> Any:
        """A part of a map, as JSON has it."""
        return self._maps.read(asked)

    def write_map(self, asked: WriteMap) -> int:
        """Sets one; what it was."""
        return self._maps.write(asked)

    def take_snapshot(self, name: str) -> None:
        """Keeps all of it, so many times at most."""
        if self._taken >= MOST_SNAPSHOTS:
            raise NoSuchName(
                f"snapshot {name!r}: {MOST_SNAPSHOTS} were taken in this run, which is the most"
            )
        self._taken += 1
        self._keep(take_all(self._kernel, self._memory, name))
