# SPDX-License-Identifier: Apache-2.0
"""Which lines of fragments hold for which architecture."""

from __future__ import annotations

from absl.testing import absltest, parameterized

from tools.kernel.architecture import ARCHITECTURES, architecture_of, of_architecture
from tools.kernel.config import ConfigError, parse_fragment

_FRAGMENT = """\
CONFIG_ALWAYS=y
CONFIG_PVH=y
# CONFIG_X86_MCE is not set
# ktstr: replaces CONFIG_UNWINDER_ORC
CONFIG_UNWINDER_ORC=y
CONFIG_LAST=3
"""
_ELSEWHERE = frozenset({"PVH", "X86_MCE", "UNWINDER_ORC"})


class ArchitectureTest(parameterized.TestCase):
    def test_options_of_other_architectures_are_left_out_and_lines_keep_their_places(self) -> None:
        text = of_architecture("a.config", _FRAGMENT, _ELSEWHERE)
        found = [(each.option, each.place) for each in parse_fragment("a.config", text)]
        self.assertEqual(found, [("ALWAYS", "a.config:1"), ("LAST", "a.config:6")])

    def test_nothing_is_left_out_of_what_is_ours(self) -> None:
        self.assertEqual(of_architecture("a.config", _FRAGMENT, frozenset()), _FRAGMENT)

    def test_a_fragment_that_is_none_is_told(self) -> None:
        with self.assertRaisesRegex(ConfigError, "a.config:1: 'CONFIG_A: y'"):
            of_architecture("a.config", "CONFIG_A: y\n", _ELSEWHERE)

    @parameterized.parameters(
        ("arch/x86/Kconfig.debug", "x86"),
        ("arch/Kconfig", ""),
        ("drivers/acpi/Kconfig", ""),
    )
    def test_a_file_belongs_to_the_architecture_of_its_directory(
        self, path: str, arch: str
    ) -> None:
        self.assertEqual(architecture_of(path), arch)

    def test_make_links_with_the_linker_that_the_action_brings(self) -> None:
        words = ARCHITECTURES["arm64"].make_variables()
        self.assertContainsSubset(
            {"ARCH=arm64", "LD=/cross/usr/bin/ld.lld-19", "HOSTCC=gcc"}, words
        )


if __name__ == "__main__":
    absltest.main()
