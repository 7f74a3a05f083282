# SPDX-License-Identifier: Apache-2.0
"""Who is told of a plan's guest while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.memory.memory import PhysicalMemory
from ktstr.record.collect import Fact
from ktstr.vm.deadlines import Deadline
from ktstr.vm.vm import Listener, Vm

Standing = Callable[[Kernel, PhysicalMemory, Sequence[Mapping[str, int]]], None]


@dataclass(frozen=True)
class Watch:
    """All are called in the loop that follows the guest; what they raise ends the run.

    A clone that does not come up, and the guest that is booted in its place, are two machines.

    hear: is told each fact as it comes.  listeners: of the machine, and its ticks.
    before_end: gets the machine, whose QEMU has not been told to end, once a deadline is over (that
    one), or the guest has said its End (None). After its End a guest resets by itself, so QEMU may
    be gone when asked (QmpError). The time that a call takes is no part of the guest's limits, and
    one of the host's for the whole run.
    dying: gets the machine whose guest will not come to its end, after `before_end`, and the
    deadline that is over; None: it panics, and is to go on and say so. It may stop the guest. Of a
    plan that is executed it is the post-mortem's.
    standing: gets the kernel, the memory and the registers of a guest that the post-mortem is taken
    of, while it stands.
    """

    hear: Callable[[Fact], None] | None = None
    listeners: tuple[Listener, ...] = ()
    before_end: Callable[[Vm, Deadline | None], None] | None = None
    dying: Callable[[Vm, Deadline | None], None] | None = None
    standing: Standing | None = None


NOBODY = Watch()
