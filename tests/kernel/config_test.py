# SPDX-License-Identifier: Apache-2.0
"""Configuration fragments: what is read, what contradicts itself, what did not stick."""

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from tools.kernel.config import (
    ConfigError,
    Line,
    Symbol,
    join,
    parse_config,
    parse_fragment,
    parse_kconfig,
    render,
    verify,
)

_KCONFIG = """\
menu "Scheduler"

config SCHED_CLASS_EXT
\tbool "Extensible Scheduling Class"
\tdepends on BPF_SYSCALL && BPF_JIT && DEBUG_INFO_BTF
\thelp
\t  config words in a help text are no definitions

menuconfig NUMA
\tbool "NUMA"
\tdepends on SMP
"""


class ParseTest(absltest.TestCase):
    def test_reads_settings_and_skips_comments(self) -> None:
        lines = parse_fragment("a", "# why\n\nCONFIG_SMP=y\n# CONFIG_HID is not set\n")
        self.assertEqual([("SMP", "y", "a:3"), ("HID", "n", "a:4")], _short(lines))

    def test_values_may_be_quoted_strings_with_blanks(self) -> None:
        (line,) = parse_fragment("a", 'CONFIG_CMDLINE="quiet panic=1"')
        self.assertEqual('"quiet panic=1"', line.value)

    def test_nocheck_takes_the_reason(self) -> None:
        first, second = parse_fragment(
            "a", "CONFIG_X=y # nocheck: only in 7.2\n# CONFIG_Y is not set # nocheck: gone"
        )
        self.assertEqual(("y", "only in 7.2"), (first.value, first.nocheck))
        self.assertEqual(("n", "gone"), (second.value, second.nocheck))

    def test_nocheck_without_reason_is_refused(self) -> None:
        with self.assertRaisesRegex(ConfigError, "a:1: nocheck without a reason"):
            parse_fragment("a", "CONFIG_X=y # nocheck:")

    def test_every_malformed_line_is_named(self) -> None:
        with self.assertRaises(ConfigError) as raised:
            parse_fragment("a", "SMP=y\nCONFIG_OK=y\nCONFIG_BAD\n")
        self.assertIn("a:1: 'SMP=y'", str(raised.exception))
        self.assertIn("a:3: 'CONFIG_BAD'", str(raised.exception))


class JoinTest(absltest.TestCase):
    def test_conflict_shows_both_sides(self) -> None:
        first = parse_fragment("a.config", "CONFIG_NUMA=y")
        second = parse_fragment("b.config", "\n# CONFIG_NUMA is not set")
        with self.assertRaises(ConfigError) as raised:
            join([first, second])
        self.assertIn("a.config:1: CONFIG_NUMA=y", str(raised.exception))
        self.assertIn("b.config:2: CONFIG_NUMA=n", str(raised.exception))

    def test_the_same_value_twice_is_no_conflict(self) -> None:
        fragment = parse_fragment("a", "CONFIG_NUMA=y")
        self.assertLen(join([fragment, fragment]), 1)

    @given(
        st.dictionaries(
            st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True),
            st.sampled_from(["y", "n", "4", '"text"']),
        )
    )
    def test_rendering_reads_back(self, options: dict[str, str]) -> None:
        lines = [Line(name, value, "f:1") for name, value in options.items()]
        again = parse_fragment("f", render(lines))
        self.assertEqual([(x.option, x.value) for x in lines], [(x.option, x.value) for x in again])


class VerifyTest(absltest.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.symbols: dict[str, Symbol] = {}
        parse_kconfig("kernel/Kconfig", _KCONFIG, self.symbols)

    def test_definitions_and_dependencies_are_found(self) -> None:
        self.assertEqual({"SCHED_CLASS_EXT", "NUMA"}, set(self.symbols))
        self.assertEqual(("kernel/Kconfig:9",), self.symbols["NUMA"].places)

    def test_a_line_that_stuck_is_silent(self) -> None:
        lines = parse_fragment("a", "CONFIG_NUMA=y\n# CONFIG_SCHED_CLASS_EXT is not set")
        self.assertEqual([], verify(lines, parse_config("CONFIG_NUMA=y\n"), self.symbols))

    def test_a_line_that_did_not_stick_shows_what_it_depends_on(self) -> None:
        lines = parse_fragment("a", "CONFIG_SCHED_CLASS_EXT=y")
        (problem,) = verify(
            lines, parse_config("# CONFIG_SCHED_CLASS_EXT is not set"), self.symbols
        )
        self.assertIn("a:1: CONFIG_SCHED_CLASS_EXT=y did not stick", problem)
        self.assertIn("depends on BPF_SYSCALL && BPF_JIT && DEBUG_INFO_BTF", problem)

    def test_an_unknown_option_is_called_unknown(self) -> None:
        (problem,) = verify(parse_fragment("a", "CONFIG_SCHED_CLAS_EXT=y"), {}, self.symbols)
        self.assertIn("knows no option CONFIG_SCHED_CLAS_EXT", problem)

    def test_unsetting_what_does_not_exist_is_no_problem(self) -> None:
        lines = parse_fragment("a", "# CONFIG_GONE_SINCE_5_0 is not set")
        self.assertEqual([], verify(lines, {}, self.symbols))

    def test_nocheck_exempts(self) -> None:
        lines = parse_fragment("a", "CONFIG_NUMA=y # nocheck: 32-bit only")
        self.assertEqual([], verify(lines, {}, self.symbols))


def _short(lines: list[Line]) -> list[tuple[str, str, str]]:
    return [(line.option, line.value, line.place) for line in lines]


if __name__ == "__main__":
    absltest.main()
