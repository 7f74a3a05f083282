# SPDX-License-Identifier: Apache-2.0
"""What a test function's claims become on their way to the host."""

from __future__ import annotations

import os

from absl.testing import absltest

from ktstr.guest.function.claims import Claims
from ktstr.guest.system.port import FramePort
from ktstr.model.errors import UsageError
from ktstr.model.verdict.claim_facts import ClaimFacts
from ktstr.model.wire.frames import Frame, FrameReader, FrameType


class ClaimsTest(absltest.TestCase):
    def test_each_relation_is_a_claim_and_silence_is_one(self) -> None:
        facts: list[ClaimFacts] = []
        claims = Claims(facts.append)
        claims.make("cpus", {2, 0}).non_empty().subset_of({0, 1})
        claims.make("idle", None)
        claims.close()
        found = [(each.name, each.value, each.passed) for each in facts]
        self.assertEqual(
            found, [("cpus", [0, 2], True), ("cpus", [0, 2], False), ("idle", None, None)]
        )
        self.assertIsNone(facts[-1].relation)

    def test_what_cannot_be_claimed_is_refused_by_name(self) -> None:
        claims = Claims(lambda fact: None)
        with self.assertRaisesRegex(UsageError, "claim 'x': object is no number"):
            claims.make("x", object())
        with self.assertRaisesRegex(UsageError, "claim 'y': at least 1: int or float is expected"):
            claims.make("y", "text").at_least(1)

    def test_a_claim_has_a_frame_type_of_its_own(self) -> None:
        read, write = os.pipe()
        try:
            FramePort(write).emit(ClaimFacts("x", 1, None, None))
            (frame,) = FrameReader().feed(os.read(read, 1 << 16))
        finally:
            os.close(read)
            os.close(write)
        assert isinstance(frame, Frame)
        self.assertEqual(frame.type, FrameType.CLAIM)


if __name__ == "__main__":
    absltest.main()
