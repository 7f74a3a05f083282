# SPDX-License-Identifier: Apache-2.0
"""The guest's stream becomes a record, whole or damaged, in pieces of any size."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr import metric
from ktstr.model.codec import encode
from ktstr.model.facts import End, LogChunk, Metric
from ktstr.model.payload import Stream
from ktstr.model.wire.frames import FrameType, encode_frame
from ktstr.record.collect import Collector
from ktstr.record.run import RunRecord
from tests.support import runs
from tests.support.saved import sightings_of

_CHECKS = (
    metric.Min("a", 1),
    metric.Max("a", 2.5),
    metric.Range("a", 1, 2),
    metric.Exists("b"),
    metric.ExitCodeEq(-1),
)
_PAYLOAD = runs.payload(checks=_CHECKS, metrics=(Metric("a", math.inf, Stream.STDERR),))
_GOOD = runs.good_run(payloads=(_PAYLOAD,), disks=(runs.disk_facts(),))
_LOG = LogChunk("scheduler", "attached\n")


@functools.cache
def _stream() -> bytes:
    facts = [
        (FrameType.HELLO, _GOOD.hello),
        *((FrameType.EVENT, event) for event in _GOOD.events),
        *((FrameType.WORKER, worker) for worker in _GOOD.workers),
        *((FrameType.CGROUP, cgroup) for cgroup in _GOOD.cgroups),
        *((FrameType.PAYLOAD, payload) for payload in _GOOD.payloads),
        *((FrameType.DISK, disk) for disk in _GOOD.disks),
        *((FrameType.SCENARIO, scenario) for scenario in _GOOD.scenarios),
        (FrameType.SCHEDULER, _GOOD.scheduler),
        (FrameType.SIGHTINGS, sightings_of(_GOOD)),
        (FrameType.LOG, _LOG),
    ]
    frames = [encode_frame(kind, seq, encode(fact)) for seq, (kind, fact) in enumerate(facts)]
    end = End(len(frames), 3 * runs.S)
    return b"".join([*frames, encode_frame(FrameType.END, len(frames), encode(end))])


def _collect(*pieces: bytes) -> RunRecord:
    collector = Collector()
    for piece in pieces:
        for _ in collector.feed(piece):
            pass
    collector.finish()
    return collector.record(_GOOD.plan, _GOOD.accel, _GOOD.ending, console=())


class CollectTest(absltest.TestCase):
    def test_everything_sent_is_in_the_record(self) -> None:
        record = _collect(_stream())
        expected = dataclasses.replace(_GOOD, logs=(_LOG,), end=End(14, 3 * runs.S), frames_seen=14)
        self.assertEqual(record, expected)

    def test_a_metric_that_is_no_number_arrives(self) -> None:
        odd = runs.payload(metrics=(Metric("a", math.nan, Stream.STDOUT),))
        record = _collect(encode_frame(FrameType.PAYLOAD, 0, encode(odd)))
        self.assertTrue(math.isnan(record.payloads[0].metrics[0].value))

    def test_a_report_of_the_witness_that_cannot_be_read(self) -> None:
        odd = dataclasses.replace(sightings_of(_GOOD), phases=())
        record = _collect(encode_frame(FrameType.SIGHTINGS, 0, encode(odd)))
        self.assertEqual(record.ran_under, ())
        self.assertIn("a report of the witness cannot be read: KeyError", record.damages[0].reason)

    def test_a_report_of_the_witness_with_a_value_of_another_type(self) -> None:
        good = sightings_of(_GOOD)
        odd = dataclasses.replace(good, records=good.records.replace('"pid": ', '"pid": 0.'))
        self.assertNotEqual(odd, good)
        record = _collect(encode_frame(FrameType.SIGHTINGS, 0, encode(odd)))
        self.assertEqual(record.ran_under, ())
        self.assertIn("cannot be read: UsageError: RanUnder.pid", record.damages[0].reason)

    @settings(deadline=None, derandomize=True)
    @given(st.lists(st.integers(0, len(_stream())), max_size=8))
    def test_pieces_of_any_size_give_the_same(self, cuts: list[int]) -> None:
        stream, edges = _stream(), [0, *sorted(cuts), len(_stream())]
        pieces = [stream[a:b] for a, b in itertools.pairwise(edges)]
        self.assertEqual(_collect(*pieces), _collect(stream))

    @settings(deadline=None, derandomize=True)
    @given(st.integers(0, len(_stream()) - 1), st.integers(1, 255))
    def test_a_changed_byte_is_seen(self, at: int, flip: int) -> None:
        stream = bytearray(_stream())
        stream[at] ^= flip
        record = _collect(bytes(stream))
        # two bytes of the header are not used
        if record != _collect(_stream()):
            self.assertTrue(record.damages or record.end is None)

    @settings(deadline=None, derandomize=True)
    @given(st.integers(0, len(_stream()) - 1))
    def test_a_cut_stream_lacks_its_end(self, length: int) -> None:
        record = _collect(_stream()[:length])
        self.assertIsNone(record.end)

    def test_unknown_frames_are_counted_and_survived(self) -> None:
        record = _collect(encode_frame(99, 0, {"new": 1}) + encode_frame(98, 1, []))
        self.assertEqual((record.frames_seen, record.unknown_frames), (2, 2))
        self.assertEqual(record.damages, ())

    def test_every_type_of_frame_is_taken(self) -> None:
        for kind in FrameType:
            self.assertEqual(_collect(encode_frame(kind, 0, None)).unknown_frames, 0, kind.name)

    def test_a_body_that_does_not_fit_its_type_is_damage_with_its_place(self) -> None:
        record = _collect(encode_frame(FrameType.END, 0, {"frames": "many"}))
        self.assertIsNone(record.end)
        (damage,) = record.damages
        self.assertIn("End", damage.reason)


if __name__ == "__main__":
    absltest.main()
