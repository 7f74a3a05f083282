# SPDX-License-Identifier: Apache-2.0
"""What the plugin wrote comes back as it was; what it cannot have written ends with an error."""

from absl.testing import absltest
from hypothesis import given
from hypothesis import strategies as st

from ktstr.introspect.plugin.records import (
    BLOCK,
    PredicateCount,
    ProbeCount,
    Record,
    State,
    StreamError,
    decode,
    records_at,
    run_sizes,
    seen,
)
from ktstr.introspect.plugin.watch import EACH_CPU, Probe, Read, Watch
from tests.introspect.plugin import streams

_TICK = Probe(
    "tick",
    streams.TEXT,
    streams.TEXT + 16,
    reads=(Read("rdi", (0,), 4), Read(EACH_CPU, (64,), 2)),
    predicates=(0,),
)
_WATCH = Watch(2, streams.KERNEL, (_TICK,), (b"program",))
_RECORD = Record("tick", 1, 5, (b"abcd", b"ef", b"gh"))


class RecordsTest(absltest.TestCase):
    @given(st.data())
    def test_records_come_back(self, data: st.DataObject) -> None:
        watch = data.draw(streams.watches())
        made = data.draw(st.lists(streams.records(watch), max_size=4))
        self.assertEqual(list(decode(watch, streams.stream(watch, *made))), made)

    @given(st.data())
    def test_whatever_the_bytes_are_it_ends_with_records_or_an_error(
        self, data: st.DataObject
    ) -> None:
        watch = data.draw(streams.watches())
        made = data.draw(st.lists(streams.records(watch), min_size=1, max_size=3))
        whole = bytearray(streams.stream(watch, *made))
        for _ in range(data.draw(st.integers(1, 4))):
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
        cut = whole[: data.draw(st.integers(0, len(whole)))]
        try:
            found = list(decode(watch, bytes(cut)))
        except StreamError as error:
            self.assertNotEmpty(str(error))
        else:
            self.assertLessEqual(len(found), len(cut) // 32)

    def test_a_block_is_a_row(self) -> None:
        blocks = Probe("code", streams.TEXT, streams.TEXT + 99, blocks=True)
        self.assertEqual(list(run_sizes(Watch(1, streams.KERNEL, (blocks,)), blocks)), [BLOCK.size])

    def test_records_before_a_broken_one_have_come(self) -> None:
        whole = streams.stream(_WATCH, _RECORD, _RECORD)
        at = records_at(_WATCH)
        size = (len(whole) - at) // 2
        found = []
        with self.assertRaisesRegex(StreamError, f"a record of 0 bytes at byte {at + size}"):
            for each in decode(_WATCH, whole[: at + size] + bytes(4) + whole[at + size + 4 :]):
                found.append(each)
        self.assertEqual(found, [_RECORD])

    def test_a_cut_stream_says_so(self) -> None:
        with self.assertRaisesRegex(StreamError, "are said to be in"):
            list(decode(_WATCH, streams.stream(_WATCH, _RECORD)[:-8]))

    def test_a_record_of_a_probe_that_there_is_not(self) -> None:
        whole = bytearray(streams.stream(_WATCH, _RECORD))
        whole[records_at(_WATCH) + 4] = 7
        with self.assertRaisesRegex(StreamError, "is of probe 7 on CPU 1"):
            list(decode(_WATCH, bytes(whole)))

    def test_what_a_plugin_says_of_the_whole_run(self) -> None:
        said = seen(_WATCH, streams.stream(_WATCH, _RECORD, lost=3))
        self.assertEqual((said.state, said.lost), (State.ENDED, 3))
        self.assertEqual(said.probes, {"tick": ProbeCount(10, 1)})
        self.assertEqual(said.predicates, (PredicateCount(7, 3, 2, 1),))

    def test_a_killed_qemu_leaves_what_it_saw(self) -> None:
        whole = streams.stream(_WATCH, _RECORD, state=streams.WATCHES)
        self.assertIs(seen(_WATCH, whole + bytes(100)).state, State.WATCHES)
        self.assertEqual(list(decode(_WATCH, whole + bytes(100))), [_RECORD])

    def test_nothing_was_written(self) -> None:
        for nothing in (b"", bytes(4096)):
            self.assertIs(seen(_WATCH, nothing).state, State.ABSENT)
            self.assertEmpty(list(decode(_WATCH, nothing)))

    def test_a_watch_was_refused(self) -> None:
        none = Watch(1, streams.KERNEL)
        whole = streams.header(none, streams.REFUSED, 200, reason="the watch has a flaw")
        self.assertEqual(seen(_WATCH, whole).reason, "the watch has a flaw")
        self.assertIs(seen(_WATCH, whole).state, State.REFUSED)
        self.assertEmpty(list(decode(_WATCH, whole)))

    def test_another_plugin_wrote_it(self) -> None:
        whole = bytearray(streams.stream(_WATCH))
        whole[8] = 9
        with self.assertRaisesRegex(StreamError, "version 9; this reads .* version 1"):
            seen(_WATCH, bytes(whole))
        whole[8], whole[12] = 1, 9
        with self.assertRaisesRegex(StreamError, "state 9, which there is not"):
            seen(_WATCH, bytes(whole))
        with self.assertRaisesRegex(StreamError, "had 1 probes and 1 predicates; its watch has 0"):
            seen(Watch(2, streams.KERNEL), streams.stream(_WATCH))


if __name__ == "__main__":
    absltest.main()
