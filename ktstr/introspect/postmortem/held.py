# SPDX-License-Identifier: Apache-2.0
"""A snapshot of a guest that stands at a probe: what bounds it is the same at every run."""

from __future__ import annotations

from collections.abc import Callable

from ktstr.introspect.debugger.snapshots import take_all
from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import Memory
from ktstr.introspect.memory.qemu import memory_of
from ktstr.introspect.plugin.hold import Held
from ktstr.introspect.postmortem.bounded import BoundedMemory
from ktstr.introspect.snapshot.space import kernel_memory
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.model.errors import InfraError

# Bytes of the guest's memory for one.  The plugin lets the guest go on after a minute.
_MOST_BYTES, _SECONDS = 64 << 20, 30.0


def taken_while_held(
    kernel: Kernel, held: Held, name: str, wanted: Callable[[Memory], bool] = lambda _: True
) -> Snapshot | None:
    """The snapshot, with the reason where there is none; None if it is not wanted after all.

    wanted: is asked of the kernel's memory before; it may raise MemoryFault and UnknownName.
    """
    try:
        physical = BoundedMemory(memory_of(held.pid), _SECONDS, _MOST_BYTES)
        memory = kernel_memory(kernel, physical)
        return take_all(kernel, memory, name) if wanted(memory) else None
    except (InfraError, UnknownName) as error:
        return Snapshot("", 0, kernel.release, missing=(str(error),))
