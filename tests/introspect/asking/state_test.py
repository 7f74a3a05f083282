# SPDX-License-Identifier: Apache-2.0
"""Snapshots that are asked for again and again."""

from __future__ import annotations

from unittest import mock

from absl.testing import absltest

from ktstr.introspect.asking import state
from ktstr.introspect.asking.state import MOST_SNAPSHOTS, GuestState
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.model.errors import NoSuchName


class StateTest(absltest.TestCase):
    def test_so_many_and_no_more(self) -> None:
        kept: list[Snapshot] = []
        guest = GuestState(mock.Mock(), mock.Mock(), kept.append)
        with mock.patch.object(state, "take_all", lambda *_: Snapshot("a", 1, "6.12")):
            for _ in range(MOST_SNAPSHOTS):
                guest.take_snapshot("a")
            with self.assertRaisesRegex(NoSuchName, "snapshot 'b': 64 were taken in this run"):
                guest.take_snapshot("b")
        self.assertLen(kept, MOST_SNAPSHOTS)


if __name__ == "__main__":
    absltest.main()
