# SPDX-License-Identifier: Apache-2.0
"""The recorder leaves the CPU to others for as long as it has had it, and not for long at once."""

from __future__ import annotations

import os
import subprocess

from absl.testing import absltest

_MS = 1_000_000


class SpellsTest(absltest.TestCase):
    def test_others_have_as_much_of_the_cpu(self) -> None:
        said = subprocess.check_output([os.environ["PROBE"], "60"], text=True)
        had_ns, took_ns = map(int, said.splitlines()[0].split())
        # less what it had before its first way was made, and after the last
        self.assertGreater(took_ns, 2 * (had_ns - 6 * _MS))

    def test_it_goes_on_after_little_and_leaves_no_cpu_idle_for_long(self) -> None:
        said = subprocess.check_output([os.environ["PROBE"]], text=True)
        spells = [int(word) // _MS for word in said.splitlines()[1].split()]
        self.assertEqual(spells, [0, 0, *range(2, 50), *[50] * 51])


if __name__ == "__main__":
    absltest.main()
