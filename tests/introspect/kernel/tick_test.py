# SPDX-License-Identifier: Apache-2.0
"""How long a tick is, of a real kernel, and of what one could say of itself."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from absl.testing import absltest, parameterized

from ktstr.introspect.kernel.errors import UnknownName
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.kernel.tick import tick_ns

_CLOCK = 0x1000
_FIELDS = {
    "mult": SimpleNamespace(offset=8, size=4),
    "shift": SimpleNamespace(offset=12, size=4),
}


def _kernel(mult: int, shift: int, *, held: bool = True) -> Kernel:
    """A kernel whose clock of jiffies has that scale."""
    numbers = {_CLOCK + 8: mult, _CLOCK + 12: shift}

    def read(address: int, size: int) -> bytes | None:
        return numbers[address].to_bytes(size, "little") if held else None

    made = SimpleNamespace(
        release="6.12",
        symbol={"clocksource_jiffies": _CLOCK}.__getitem__,
        field=lambda struct, path: _FIELDS[path],
        elf=SimpleNamespace(read=read),
    )
    return cast("Kernel", made)


class TickTest(parameterized.TestCase):
    def test_a_kernel_ticks_as_its_configuration_says(self) -> None:
        index, *files = os.environ["KERNEL"].split()
        named = {Path(each).name: Path(each) for each in files}
        found = re.search(r"^CONFIG_HZ=(\d+)$", named["config"].read_text(), re.MULTILINE)
        assert found is not None
        kernel = Kernel.open(named["vmlinux"], Path(index))
        self.assertEqual(tick_ns(kernel), round(1e9 / int(found[1])))

    @parameterized.parameters(100, 250, 300, 1000)
    def test_others(self, hz: int) -> None:
        tick = round(1e9 / hz)
        self.assertEqual(tick_ns(_kernel(tick << 8, 8)), tick)

    @parameterized.parameters((0, 8), (4_000_000, 8), (4_000_000_000, 0), (1, 1 << 31))
    def test_what_is_no_tick_is_not_believed(self, mult: int, shift: int) -> None:
        with self.assertRaisesRegex(UnknownName, "kernel 6.12: by clocksource_jiffies a tick"):
            tick_ns(_kernel(mult, shift))

    def test_a_file_without_the_clock(self) -> None:
        with self.assertRaisesRegex(UnknownName, "does not hold what clocksource_jiffies is"):
            tick_ns(_kernel(1, 1, held=False))


if __name__ == "__main__":
    absltest.main()
