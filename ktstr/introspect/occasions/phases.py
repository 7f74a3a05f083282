# SPDX-License-Identifier: Apache-2.0
"""The probe by which the plugin knows how far a guest's test is (`ktstr.model.wire.phases`)."""

from __future__ import annotations

from ktstr.introspect.invariants.compiler import compile_predicate
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.plugin.watch import Probe, Read
from ktstr.model.wire.phases import MARK

# arch/x86/include/asm/syscall_wrapper.h: it has one argument, the registers of who called it
_ENTRY = "__x64_sys_getpriority"


def marking(kernel: Kernel, predicate: int) -> tuple[Probe, bytes]:
    """The probe, and its predicate, to which the part gives that number.

    Raises:
      UnknownName: the kernel has no such call.
    """
    place = kernel.symbol_range(_ENTRY)
    which, who = (kernel.field("pt_regs", name).offset for name in ("di", "si"))
    others = f"word(argument(0) + {which}) & 0xffffffff != {MARK}"
    probe = Probe(
        "phase",
        place.start,
        place.stop,
        reads=(Read("rdi", (who,), 8),),
        predicates=(predicate,),
        every=True,
        marks=True,
    )
    return probe, compile_predicate(others, kernel).program.encode()
