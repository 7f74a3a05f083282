# SPDX-License-Identifier: Apache-2.0
"""What the plugin must know of a kernel, by the kernel's own names."""

from __future__ import annotations

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.watch import KernelFacts

# THREAD_SIZE of arch/x86/include/asm/page_64_types.h without KASAN.
_STACK_BYTES = 1 << 14


def kernel_facts(kernel: Kernel) -> KernelFacts:
    """Where a kernel keeps what the plugin reads at every probe.

    Up to 6.14 the number of a CPU and its task are members of the per-CPU pcpu_hot, later they are
    per-CPU variables (arch/x86/include/asm/current.h, smp.h).

    Raises:
      UnknownName: the kernel lacks one of them.
    """
    if kernel.has_symbol("pcpu_hot"):
        hot = kernel.symbol("pcpu_hot")
        cpu_number = hot + kernel.field("pcpu_hot", "cpu_number").offset
        current_task = hot + kernel.field("pcpu_hot", "current_task").offset
    else:
        cpu_number = kernel.symbol("cpu_number")
        current_task = kernel.symbol("current_task")
    return KernelFacts(
        per_cpu_offset=kernel.symbol("__per_cpu_offset"),
        cpu_number=cpu_number,
        current_task=current_task,
        task_stack=kernel.field("task_struct", "stack").offset,
        stack_bytes=_stack_bytes(kernel),
        image=range(kernel.symbol("_text"), kernel.symbol("_end")),
        phys_base=kernel.symbol("phys_base") if kernel.has_symbol("phys_base") else 0,
        page_offset=_page_offset(kernel),
    )


def _page_offset(kernel: Kernel) -> int:
    """Where the kernel has its mapping of all memory, if that is no constant.

    arch/x86/include/asm/page_64.h (6.12 to 7.2): with CONFIG_DYNAMIC_MEMORY_LAYOUT.
    """
    return kernel.symbol("page_offset_base") if kernel.has_symbol("page_offset_base") else 0


def _stack_bytes(kernel: Kernel) -> int:
    """The size of a task's stack: that of the first task lies between two symbols."""
    if not (kernel.has_symbol("__start_init_stack") and kernel.has_symbol("__end_init_stack")):
        return _STACK_BYTES
    return kernel.symbol("__end_init_stack") - kernel.symbol("__start_init_stack")
