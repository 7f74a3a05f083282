# SPDX-License-Identifier: Apache-2.0
"""Which names of sched_ext_ops a declared one stands for."""

from __future__ import annotations

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.model.ops_name import is_pattern, ops_matches

_NAMES = st.text("abAB01_.", min_size=1, max_size=12)


class OpsNameTest(parameterized.TestCase):
    @parameterized.parameters(
        ("plain", "plain", True),
        ("plain", "plain_1.0", False),
        ("plain", "", False),
        ("plain*", "plain", True),
        ("plain*", "plain_1.0.19_g0123abcd_dirty_x86_64_unknown_linux_musl", True),
        ("plain*", "explain", False),
        ("plain_*", "plain", False),
        ("*_musl", "lavd_1.0_musl", True),
        ("*_musl", "lavd_1.0_musl_2", False),
        ("lavd_*_x86_64", "lavd_1.0.19_x86_64", True),
        ("lavd_1.0*", "lavd_1x0", False),
        ("a*b*c", "a_c_b", False),
    )
    def test_stands_for(self, ops: str, name: str, matches: bool) -> None:
        self.assertEqual(ops_matches(ops, name), matches)

    @given(_NAMES, _NAMES)
    def test_a_name_without_a_star_stands_for_itself_alone(self, ops: str, name: str) -> None:
        self.assertFalse(is_pattern(ops))
        self.assertEqual(ops_matches(ops, name), ops == name)

    @given(_NAMES, _NAMES, _NAMES)
    def test_a_star_stands_for_any_text(self, before: str, between: str, behind: str) -> None:
        self.assertTrue(ops_matches(f"{before}*{behind}", before + between + behind))
        self.assertTrue(ops_matches(f"{before}*{behind}", before + behind))
        self.assertFalse(ops_matches(f"{before}*{behind}", f"-{before}{between}{behind}"))


if __name__ == "__main__":
    absltest.main()
