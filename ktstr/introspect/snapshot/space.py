# SPDX-License-Identifier: Apache-2.0
"""The kernel's virtual memory in a guest that stands."""

from __future__ import annotations

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import PhysicalMemory
from ktstr.introspect.memory.paging import PagedMemory, kernel_tables


def kernel_memory(kernel: Kernel, physical: PhysicalMemory, cr4: int | None = None) -> PagedMemory:
    """By the tables that the kernel keeps for itself; `cr4` is a vCPU's register, where known.

    Raises:
      MemoryFault: its page tables cannot be found.
      UnknownName: the kernel has none that we know.
    """
    base = kernel.symbol("phys_base") if kernel.has_symbol("phys_base") else 0
    shift = kernel.symbol("pgdir_shift") if kernel.has_symbol("pgdir_shift") else None
    tables = kernel_tables(physical, kernel.symbol("init_top_pgt"), base, cr4, shift)
    return PagedMemory(physical, tables, stands=True)
