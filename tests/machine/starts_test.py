# SPDX-License-Identifier: Apache-2.0
"""What makes each guest one of its own."""

import datetime
import time
from pathlib import Path

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.host.start import StartKind
from ktstr.machine.prepared.starts import Start, guest_start
from ktstr.vm.saved.template import Template

_TEMPLATE = Template("ab" * 32, "cd" * 32, Path("state"), ("m0",), Path("console"))


class GuestStartTest(absltest.TestCase):
    @given(seed=st.integers(0, 2**31 - 1), test=st.text(min_size=1))
    def test_virtual_time_knows_seed_and_name_only(self, seed: int, test: str) -> None:
        own = guest_start(True, seed, test)
        self.assertEqual(own, guest_start(True, seed, test))
        began = datetime.datetime.fromtimestamp(own.wall_ns / 10**9, datetime.UTC)
        self.assertEqual(began.year, 2026)
        self.assertEqual(own.wall_ns % 10**9, 0)

    @given(
        first=st.tuples(st.integers(0, 99), st.sampled_from("abc")),
        second=st.tuples(st.integers(0, 99), st.sampled_from("abc")),
    )
    def test_two_tests_differ_in_all(self, first: tuple[int, str], second: tuple[int, str]) -> None:
        one, other = guest_start(True, *first), guest_start(True, *second)
        for field in ("entropy", "hostname", "wall_ns"):
            same = getattr(one, field) == getattr(other, field)
            self.assertEqual(same, first == second, field)

    def test_in_real_time_all_comes_from_the_host(self) -> None:
        before = time.time_ns()
        one, other = guest_start(False, 1, "a"), guest_start(False, 1, "a")
        self.assertNotEqual(one.entropy, other.entropy)
        self.assertNotEqual(one.hostname, other.hostname)
        self.assertBetween(one.wall_ns, before, time.time_ns())


class StartTest(parameterized.TestCase):
    @parameterized.parameters(0.25, None)
    def test_a_cold_boot_has_no_template(self, hello_s: float | None) -> None:
        found = Start("no disk is ever saved").facts(hello_s)
        self.assertEqual(found.kind, StartKind.COLD)
        self.assertEqual(found.template, "")
        self.assertEqual(found.reason, "no disk is ever saved")
        self.assertEqual(found.hello_s, hello_s)

    def test_a_clone_names_its_template(self) -> None:
        found = Start("from memory", _TEMPLATE, (Path("layer"),)).facts(0.1)
        self.assertEqual((found.kind, found.template), (StartKind.CLONED, "ab" * 32))


if __name__ == "__main__":
    absltest.main()
