# SPDX-License-Identifier: Apache-2.0
"""Which lines of fragments hold for which versions of Linux."""

from __future__ import annotations

from absl.testing import absltest, parameterized

from tools.kernel.config import ConfigError, parse_fragment
from tools.kernel.versions import of_version, parse_versions, version_of

_RANGES = """\
# a comment

CONFIG_NEW from 6.13
CONFIG_OLD until 7.3   # why
CONFIG_BETWEEN from 6.14 until 7.1
"""
_FRAGMENT = """\
CONFIG_ALWAYS=y
CONFIG_NEW=y
# CONFIG_OLD is not set
CONFIG_BETWEEN=m
CONFIG_LAST=3
"""


class VersionsTest(parameterized.TestCase):
    @parameterized.parameters(
        ((6, 12), {"ALWAYS", "OLD", "LAST"}),
        ((6, 13), {"ALWAYS", "NEW", "OLD", "LAST"}),
        ((6, 14), {"ALWAYS", "NEW", "OLD", "BETWEEN", "LAST"}),
        ((7, 0), {"ALWAYS", "NEW", "OLD", "BETWEEN", "LAST"}),
        ((7, 1), {"ALWAYS", "NEW", "OLD", "LAST"}),
        ((7, 3), {"ALWAYS", "NEW", "LAST"}),
        ((10, 0), {"ALWAYS", "NEW", "LAST"}),
    )
    def test_lines_hold_within_their_versions(
        self, version: tuple[int, int], options: set[str]
    ) -> None:
        ranges = parse_versions("options.versions", _RANGES)
        text = of_version("a.config", _FRAGMENT, ranges, version)
        lines = parse_fragment("a.config", text)
        self.assertEqual({each.option for each in lines}, options)
        # what is left has the numbers that it had
        self.assertEqual(lines[-1].place, "a.config:5")
        self.assertEqual(text.count("\n"), _FRAGMENT.count("\n"))

    def test_who_reads_what_is_left_sees_what_is_not(self) -> None:
        ranges = parse_versions("options.versions", _RANGES)
        text = of_version("a.config", _FRAGMENT, ranges, (7, 3))
        self.assertIn("# OLD: not in 7.3 (options.versions:4)\n", text)

    def test_what_it_would_have_replaced_is_left_to_the_other_fragment(self) -> None:
        replacing = "# ktstr: replaces CONFIG_OLD\nCONFIG_OLD=y\nCONFIG_LAST=3\n"
        ranges = parse_versions("options.versions", _RANGES)
        lines = parse_fragment("b.config", of_version("b.config", replacing, ranges, (7, 3)))
        self.assertEqual([each.option for each in lines], ["LAST"])
        lines = parse_fragment("b.config", of_version("b.config", replacing, ranges, (7, 2)))
        self.assertTrue(lines[0].replaces)

    @parameterized.parameters(
        ("CONFIG_A", r"^o:1: 'CONFIG_A' says no versions; write `CONFIG_NAME from 6\.13`"),
        ("CONFIG_A until", "says no versions"),
        ("CONFIG_A from 6", "says no versions"),
        ("A from 6.13", "says no versions"),
        ("CONFIG_A=y from 6.13", "says no versions"),
        ("CONFIG_A until 7.3 from 6.13", "says no versions"),
        ("CONFIG_A from 7.3 until 7.3", r"^o:1: .* holds for no version: it ends before it begins"),
        ("CONFIG_A from 7.10 until 7.9", "holds for no version"),
        ("CONFIG_A from 7.0\nCONFIG_A until 7.3", r"^o:2: CONFIG_A has versions at o:1, too"),
    )
    def test_what_is_refused(self, text: str, words: str) -> None:
        with self.assertRaisesRegex(ConfigError, words):
            parse_versions("o", text)

    def test_all_that_is_wrong_is_told_at_once(self) -> None:
        with self.assertRaises(ConfigError) as caught:
            parse_versions("o", "CONFIG_A\nCONFIG_B from 6.13\nCONFIG_C\n")
        self.assertEqual(str(caught.exception).count("says no versions"), 2)

    def test_the_version_of_a_makefile(self) -> None:
        text = "# SPDX\nVERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION =\nNAME = Baby\n"
        self.assertEqual(version_of(text), (7, 3))
        with self.assertRaisesRegex(ConfigError, "says no VERSION and PATCHLEVEL"):
            version_of("all:\n\techo VERSION = 7\n")


if __name__ == "__main__":
    absltest.main()
