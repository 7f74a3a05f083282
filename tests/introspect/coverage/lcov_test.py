# SPDX-License-Identifier: Apache-2.0
"""Coverage: stretches of addresses, files put together, and lcov's tracefiles."""

from __future__ import annotations

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.introspect.coverage.addresses import Addresses
from ktstr.introspect.coverage.coverage import FileCoverage, Function, merged
from ktstr.introspect.coverage.lcov import files_of, text_of
from ktstr.model.errors import UsageError

_NAMES = st.text("abcdefgh_.", min_size=1, max_size=6)
_COUNTS = st.integers(0, 5)


@st.composite
def _files(draw: st.DrawFn) -> FileCoverage:
    functions = {
        name: Function(name, draw(st.integers(1, 99)), draw(_COUNTS))
        for name in draw(st.sets(_NAMES, max_size=4))
    }
    return FileCoverage(
        draw(st.sampled_from(("kernel/sched/ext.c", "my/mine.bpf.c"))),
        draw(st.dictionaries(st.integers(1, 99), _COUNTS, max_size=9)),
        functions,
    )


class AddressesTest(absltest.TestCase):
    @given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))), st.integers(0, 60))
    def test_touch_is_what_the_bytes_say(self, stretches: list[tuple[int, int]], at: int) -> None:
        there = {byte for start, end in stretches for byte in range(start, end)}
        found = Addresses(stretches)
        for size in (1, 3, 20):
            self.assertEqual(found.touch(at, at + size), bool(there & set(range(at, at + size))))


class LcovTest(absltest.TestCase):
    @given(st.lists(_files()))
    def test_what_is_written_is_read(self, files: list[FileCoverage]) -> None:
        whole = merged(files)
        self.assertEqual(files_of(text_of("a test", whole), "here"), whole)

    @given(st.lists(_files()), st.lists(_files()))
    def test_put_together_in_any_order(
        self, one: list[FileCoverage], other: list[FileCoverage]
    ) -> None:
        at_once = merged([*one, *other])
        in_turns = merged([*merged(other), *merged(one)])
        for left, right in zip(at_once, in_turns, strict=True):
            self.assertEqual((left.path, left.lines), (right.path, right.lines))
            self.assertEqual(left.missed, right.missed)

    def test_the_text(self) -> None:
        file = FileCoverage("a.c", {3: 1, 2: 0}, {"f": Function("f", 2, 0)})
        self.assertEqual(
            text_of("mine::one", [file]),
            "TN:mine__one\nSF:a.c\nFN:2,f\nFNDA:0,f\nFNF:1\nFNH:0\nDA:2,0\nDA:3,1\nLF:2\nLH:1\n"
            "end_of_record\n",
        )

    def test_others_tracefiles_and_what_is_none(self) -> None:
        (file,) = files_of(
            "SF:a.c\nFN:1,9,f\nFNDA:2,f\nBRDA:1,0,0,1\nDA:1,2,checksum\nend_of_record\n", "x.info"
        )
        self.assertEqual(file, FileCoverage("a.c", {1: 2}, {"f": Function("f", 1, 2)}))
        with self.assertRaisesRegex(UsageError, "x.info, line 2: 'DA:one,2' is none of lcov's"):
            files_of("SF:a.c\nDA:one,2\n", "x.info")

    def test_a_tracefile_that_is_cut_is_no_whole_one(self) -> None:
        text = "SF:a.c\nDA:1,2\nend_of_record\nSF:b.c\nDA:1,2\n"
        with self.assertRaisesRegex(UsageError, "x.info: it is cut: the record of b.c has no end"):
            files_of(text, "x.info")


if __name__ == "__main__":
    absltest.main()
