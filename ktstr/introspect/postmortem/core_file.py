# SPDX-License-Identifier: Apache-2.0
"""All of a guest's memory as a file, for the debuggers that people know."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.core import CoreHead, write_core
from ktstr.introspect.memory.layout import Extent
from ktstr.introspect.memory.memory import MemoryFault, PhysicalMemory
from ktstr.introspect.postmortem.collect import cr4_of
from ktstr.introspect.snapshot.space import kernel_memory
from ktstr.introspect.snapshot.view import View

# Host seconds that a gibibyte takes several times over, also on a busy host.
SECONDS = 20.0
# Linux's __PAGE_OFFSET_BASE_L4 and _L5 (arch/x86/include/asm/page_64_types.h): where all RAM is
# mapped by a kernel without CONFIG_RANDOMIZE_MEMORY.
_DIRECT_MAP = {4: 0xFFFF_8880_0000_0000, 5: 0xFF11_0000_0000_0000}
_VMCOREINFO_BYTES = 1 << 16


class GuestMemory(Protocol):
    """Physical memory that says where it is."""

    @property
    def extents(self) -> tuple[Extent, ...]:
        """Its pieces, by their addresses."""

    def read(self, physical: int, size: int) -> bytes:
        """Raises MemoryFault."""

    def write(self, physical: int, data: bytes) -> None:
        """Raises MemoryFault."""


def write_core_file(
    path: Path,
    kernel: Kernel,
    memory: GuestMemory,
    registers: Sequence[Mapping[str, int]],
    *,
    seconds: float = SECONDS,
) -> str:
    """Writes a core; returns why there is none, empty where there is one.

    registers: of the CPUs by QEMU's numbers, which are the kernel's.
    """
    timed = _Timed(memory, time.monotonic, seconds)
    extents = [(each.physical, each.size) for each in memory.extents]
    try:
        head = core_head(kernel, memory, registers)
        with path.open("wb") as out:
            write_core(out, timed, extents, head)
    except (MemoryFault, UnknownName, OSError) as error:
        path.unlink(missing_ok=True)
        return f"no core was written: {error}"
    return ""


def core_head(
    kernel: Kernel, memory: PhysicalMemory, registers: Sequence[Mapping[str, int]]
) -> CoreHead:
    """What a core says besides the memory.

    Raises:
      MemoryFault: the guest's memory has not what is needed for it.
      UnknownName: the kernel has not.
    """
    paged = kernel_memory(kernel, memory, cr4_of(registers))
    view = View(kernel, paged)
    direct = _DIRECT_MAP[paged.tables.levels]
    if kernel.has_symbol("page_offset_base"):
        direct = view.u64(kernel.symbol("page_offset_base"))
    info = b""
    if kernel.has_symbol("vmcoreinfo_data"):
        size = view.u64(kernel.symbol("vmcoreinfo_size"))
        at = view.u64(kernel.symbol("vmcoreinfo_data"))
        info = paged.read(at, min(size, _VMCOREINFO_BYTES)) if at else b""
    return CoreHead(tuple(registers), info, direct)


class _Timed:
    """Memory that has no more once the time is over."""

    def __init__(self, memory: GuestMemory, clock: Callable[[], float], seconds: float) -> None:
        self._memory, self._clock = memory, clock
        self._seconds, self._ends_at = seconds, clock() + seconds

    def read(self, physical: int, size: int) -> bytes:
        if self._clock() > self._ends_at:
            raise MemoryFault("read physical", physical, size, f"{self._seconds:.0f} s are over")
        return self._memory.read(physical, size)

    def write(self, physical: int, data: bytes) -> None:
        self._memory.write(physical, data)
