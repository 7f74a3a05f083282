# SPDX-License-Identifier: Apache-2.0
"""How long a tick of a kernel is, of which jiffies count one each: CONFIG_HZ, as it was built.

No symbol has that number. But the clock that counts jiffies has it as its scale: in
kernel/time/jiffies.c `mult` is TICK_NSEC << `shift`.
"""

from __future__ import annotations

from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel

_CLOCK = "clocksource_jiffies"
# kernel/Kconfig.hz has 100 to 1000, and some architectures 24 to 1200
_TICKS_NS = range(500_000, 100_000_000)


def tick_ns(kernel: Kernel) -> int:
    """Nanoseconds from one tick to the next.

    Raises:
      UnknownName: the kernel has no clock of jiffies, or its file says no time that one may have.
    """
    mult, shift = (_number(kernel, member) for member in ("mult", "shift"))
    found = mult >> min(shift, 64)
    if found not in _TICKS_NS:
        raise UnknownName(
            _CLOCK,
            f"kernel {kernel.release}: by {_CLOCK} a tick takes {found} ns, which is no CONFIG_HZ",
        )
    return found


def _number(kernel: Kernel, member: str) -> int:
    place = kernel.field("clocksource", member)
    data = kernel.elf.read(kernel.symbol(_CLOCK) + place.offset, place.size)
    if data is None:
        raise UnknownName(
            _CLOCK, f"kernel {kernel.release}: its file does not hold what {_CLOCK} is"
        )
    return int.from_bytes(data, "little")
