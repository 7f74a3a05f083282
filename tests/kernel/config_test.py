# SPDX-License-Identifier: Apache-2.0
"""Configuration fragments: what is read, what contradicts itself, what did not stick."""

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from tools.kernel.config import (
    ConfigError,
    Line,
    Symbol,
    fragment_text,
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


class ParseTest(parameterized.TestCase):
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

    @parameterized.parameters(
        "# CONFIG_X is not set # smaller image",
        "# CONFIG_X is not set.",
        "# CONFIG_X is not set because",
        "#CONFIG_X is not set",
        "# CONFIG_X is  not set",
        "## CONFIG_X is not set",
        "# config_x is not set",
        "# CONFIG_A CONFIG_B is not set",
        "# CONFIG_A, CONFIG_B are not set",
        "# CONFIG_A and CONFIG_B are not set",
        "# CONFIG_X not set",
        "# CONFIG_X is unset",
        "# CONFIG_X isn't set",
        "# CONFIG_X: is not set",
        "# why\rCONFIG_X=y",
        "CONFIG_X=y # schedulers need it",
        "CONFIG_X=y# why",
        "CONFIG_A=y CONFIG_B=y",
        "CONFIG_A=y, CONFIG_B=y",
        'CONFIG_X="a" # why',
        'CONFIG_X="a',
        'CONFIG_X="a"b"',
        "CONFIG_X=yes",
        "CONFIG_X=Y",
        "CONFIG_X=",
        "CONFIG_X =y",
        "CONFIG_X= y",
        "CONFIG_X\u00c4=y",
        "export CONFIG_X=y",
        "y",
    )
    def test_what_is_not_exactly_a_setting_is_refused(self, text: str) -> None:
        with self.assertRaisesRegex(ConfigError, r"^mine\.config:2: .*line of its own$"):
            parse_fragment("mine.config", f"CONFIG_OK=y\n{text}\n")

    @parameterized.parameters(
        ("CONFIG_X=y", "y"),
        ("  CONFIG_X=m\r", "m"),
        ("CONFIG_X=-12", "-12"),
        ("CONFIG_X=0x1F", "0x1F"),
        ('CONFIG_X=""', '""'),
        ('CONFIG_X="a # b"', '"a # b"'),
        ('CONFIG_X="a # nocheck: b"', '"a # nocheck: b"'),
        ('CONFIG_X="a # nocheck: b" # nocheck: c', '"a # nocheck: b"'),
        (r'CONFIG_X="say \"y\" # \\"', r'"say \"y\" # \\"'),
    )
    def test_values(self, text: str, value: str) -> None:
        (line,) = parse_fragment("a", text)
        self.assertEqual((line.option, line.value), ("X", value))

    def test_comments_say_what_they_like(self) -> None:
        text = "# Without it CONFIG_X is not set.\n#\n#CONFIG_X=y\n# CONFIG_X=y # why\n#!\n"
        self.assertEqual([], parse_fragment("a", text))

    def test_every_malformed_line_is_named(self) -> None:
        with self.assertRaises(ConfigError) as raised:
            parse_fragment("a", "SMP=y\nCONFIG_OK=y\nCONFIG_BAD\n")
        self.assertIn("a:1: 'SMP=y'", str(raised.exception))
        self.assertIn("a:3: 'CONFIG_BAD'", str(raised.exception))

    def test_another_encoding_is_refused_at_its_line(self) -> None:
        with self.assertRaisesRegex(ConfigError, "^a:2: byte 0xe4 is no UTF-8; save the fragment"):
            fragment_text("a", b"CONFIG_X=y\n# sp\xe4ter\n")
        self.assertEqual(fragment_text("a", "# später\n".encode()), "# später\n")


_REPLACE = "# ktstr: replaces CONFIG_NUMA\n"


class ReplaceTest(parameterized.TestCase):
    def test_a_fragment_may_replace_a_line_of_another(self) -> None:
        base = parse_fragment("a", "CONFIG_X=1\nCONFIG_NUMA=y # nocheck: old\nCONFIG_Y=1\n")
        mine = parse_fragment("b", f"{_REPLACE}# CONFIG_NUMA is not set\n")
        for order in ([base, mine], [mine, base]):
            joined = {line.option: line for line in join(order)}
            self.assertEqual(joined["NUMA"].value, "n")
            self.assertEqual((joined["NUMA"].place, joined["NUMA"].nocheck), ("b:2", ""))
            self.assertCountEqual(joined, ["X", "NUMA", "Y"])
            self.assertIn("# CONFIG_NUMA is not set\n", render(join(order)))

    def test_contradictions_say_how(self) -> None:
        first, second = parse_fragment("a", "CONFIG_NUMA=y"), parse_fragment("b", "CONFIG_NUMA=m")
        with self.assertRaisesRegex(ConfigError, "write `# ktstr: replaces CONFIG_NUMA` right"):
            join([first, second])

    def test_two_that_replace_contradict_each_other(self) -> None:
        base = parse_fragment("a", "CONFIG_NUMA=y")
        first = parse_fragment("b", f"{_REPLACE}CONFIG_NUMA=m")
        second = parse_fragment("c", f"{_REPLACE}# CONFIG_NUMA is not set")
        with self.assertRaisesRegex(ConfigError, r"two values(?s:.*)b:2: .*=m(?s:.*)c:2: .*=n"):
            join([base, first, second])
        again = parse_fragment("c", f"{_REPLACE}CONFIG_NUMA=m")
        self.assertEqual([line.value for line in join([base, first, again])], ["m"])

    def test_its_own_fragment_it_cannot_replace(self) -> None:
        both = parse_fragment("b", f"CONFIG_NUMA=y\n{_REPLACE}CONFIG_NUMA=m\n")
        base = parse_fragment("a", "CONFIG_NUMA=y")
        with self.assertRaisesRegex(ConfigError, r"two values(?s:.*)b:1: (?s:.*)b:3: "):
            join([base, both])

    def test_what_nobody_else_sets_cannot_be_replaced(self) -> None:
        mine = parse_fragment("b", f"{_REPLACE}CONFIG_NUMA=y")
        words = "b:2: replaces CONFIG_NUMA, which no other fragment sets"
        with self.assertRaisesRegex(ConfigError, words):
            join([parse_fragment("a", "CONFIG_X=y"), mine])

    @parameterized.parameters(
        _REPLACE,
        _REPLACE.strip(),
        f"{_REPLACE}\nCONFIG_NUMA=y",
        f"{_REPLACE}# why\nCONFIG_NUMA=y",
        f"{_REPLACE}CONFIG_NUMMA=y",
        f"{_REPLACE}{_REPLACE}CONFIG_NUMA=y",
    )
    def test_it_stands_right_above(self, text: str) -> None:
        words = "^a:1: replaces CONFIG_NUMA, and the line below does not set it"
        with self.assertRaisesRegex(ConfigError, words):
            parse_fragment("a", text)

    @parameterized.parameters(
        "# ktstr: replace CONFIG_NUMA",
        "# ktstr: replaces NUMA",
        "#ktstr: replaces CONFIG_NUMA",
        "# ktstr: replaces CONFIG_NUMA # why",
        "# KTSTR: replaces CONFIG_NUMA",
    )
    def test_a_mistyped_one_is_no_mere_comment(self, text: str) -> None:
        with self.assertRaisesRegex(ConfigError, "^a:1: .* is no comment for ktstr; write"):
            parse_fragment("a", f"{text}\nCONFIG_NUMA=y")


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

    def test_unsetting_what_does_not_exist_is_told(self) -> None:
        (problem,) = verify(parse_fragment("a", "# CONFIG_NUMMA is not set"), {}, self.symbols)
        self.assertIn("a:1: CONFIG_NUMMA=n: this kernel knows no option CONFIG_NUMMA", problem)
        old = parse_fragment("a", "# CONFIG_GONE is not set # nocheck: until 5.0")
        self.assertEqual([], verify(old, {}, self.symbols))

    def test_a_definition_may_be_indented_and_have_a_comment(self) -> None:
        symbols: dict[str, Symbol] = {}
        parse_kconfig("Kconfig", "if X\n  config INNER # old\n\tbool\nendif\n", symbols)
        self.assertEqual(symbols["INNER"].places, ("Kconfig:2",))

    def test_nocheck_exempts(self) -> None:
        lines = parse_fragment("a", "CONFIG_NUMA=y # nocheck: 32-bit only")
        self.assertEqual([], verify(lines, {}, self.symbols))


def _short(lines: list[Line]) -> list[tuple[str, str, str]]:
    return [(line.option, line.value, line.place) for line in lines]


if __name__ == "__main__":
    absltest.main()
