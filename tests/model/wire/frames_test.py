# SPDX-License-Identifier: Apache-2.0
"""Frames survive any splitting; damage costs the frames it hits, and is told with its offset."""

from absl.testing import absltest
from hypothesis import example, given
from hypothesis import strategies as st

from ktstr.model.errors import InfraError
from ktstr.model.wire.frames import MAGIC, MAX_BODY, Damage, Frame, FrameReader, encode_frame
from tests.model.strategies import BODIES

FRAMES = st.lists(st.tuples(st.integers(0, 2**16 - 1), BODIES), max_size=6)


def encoded(frames: list[tuple[int, object]]) -> list[bytes]:
    return [encode_frame(kind, seq, body) for seq, (kind, body) in enumerate(frames)]


def read(*pieces: bytes) -> tuple[list[Frame], list[Damage]]:
    reader = FrameReader()
    items = [item for piece in pieces for item in reader.feed(piece)]
    last = reader.finish()
    damages = [item for item in items if isinstance(item, Damage)]
    return [item for item in items if isinstance(item, Frame)], damages + ([last] if last else [])


class FramesTest(absltest.TestCase):
    @given(FRAMES, st.lists(st.integers(0, 2000), max_size=8))
    def test_any_splitting_gives_the_same_frames(
        self, sent: list[tuple[int, object]], cuts: list[int]
    ) -> None:
        stream = b"".join(encoded(sent))
        ends = [*sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
        starts = [0, *ends]
        frames, damages = read(*(stream[a:b] for a, b in zip(starts, ends, strict=False)))
        self.assertEqual([(frame.type, frame.body) for frame in frames], sent)
        self.assertEqual([frame.seq for frame in frames], list(range(len(sent))))
        self.assertEmpty(damages)

    @given(FRAMES.filter(bool), st.data())
    def test_a_cut_stream_gives_the_whole_frames_and_one_damage(
        self, sent: list[tuple[int, object]], data: st.DataObject
    ) -> None:
        parts = encoded(sent)
        stream = b"".join(parts)
        cut = data.draw(st.integers(0, len(stream) - 1))
        whole = sum(1 for i in range(len(parts)) if len(b"".join(parts[: i + 1])) <= cut)
        frames, damages = read(stream[:cut])
        self.assertLen(frames, whole)
        start = len(b"".join(parts[:whole]))
        found = [(damage.offset, damage.length) for damage in damages]
        self.assertEqual(found, [(start, cut - start)] if cut > start else [])

    @given(FRAMES.filter(bool), st.data())
    def test_a_bad_byte_costs_one_frame_and_is_told(
        self, sent: list[tuple[int, object]], data: st.DataObject
    ) -> None:
        parts = encoded(sent)
        hit = data.draw(st.integers(0, len(parts) - 1))
        at = data.draw(st.integers(0, len(parts[hit]) - 1))
        bit = data.draw(st.integers(0, 7))
        bad = bytearray(parts[hit])
        bad[at] ^= 1 << bit
        frames, damages = read(b"".join([*parts[:hit], bytes(bad), *parts[hit + 1 :]]))
        kept = [seq for seq in range(len(parts)) if seq != hit]
        self.assertEqual([frame.seq for frame in frames], kept)
        start = len(b"".join(parts[:hit]))
        self.assertEqual(damages[0].offset, start)
        if hit + 1 < len(parts):
            reasons = [damage.reason for damage in damages]
            self.assertIn(f"sequence number {hit + 1} where {hit} was due", reasons)

    @given(st.binary(max_size=200), FRAMES)
    @example(MAGIC[:3], [(1, 0)])
    @example(MAGIC, [(1, 0)])
    def test_frames_after_junk_are_found(self, junk: bytes, sent: list[tuple[int, object]]) -> None:
        frames, damages = read(junk + b"\n", *encoded(sent))
        self.assertEqual([frame.body for frame in frames], [body for _, body in sent])
        lost = sum(damage.length for damage in damages)
        self.assertEqual(lost, len(junk) + 1)

    def test_a_lost_frame_shows_by_its_number(self) -> None:
        parts = encoded([(1, "a"), (1, "b"), (1, "c")])
        frames, damages = read(parts[0], parts[2])
        self.assertLen(frames, 2)
        self.assertEqual(damages, [Damage(len(parts[0]), 0, "sequence number 2 where 1 was due")])

    def test_a_type_of_the_future_is_a_frame_like_any(self) -> None:
        frames, damages = read(encode_frame(60000, 0, {"new": 1}))
        self.assertEqual(frames, [Frame(60000, 0, {"new": 1}, 0)])
        self.assertEmpty(damages)

    def test_a_body_that_no_reader_takes_is_not_sent(self) -> None:
        with self.assertRaisesRegex(InfraError, "bytes are above"):
            encode_frame(6, 0, "x" * MAX_BODY)


if __name__ == "__main__":
    absltest.main()
