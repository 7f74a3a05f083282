# SPDX-License-Identifier: Apache-2.0
"""Which trials come of a seed: the same, in whatever order answers come, and after every break."""

from __future__ import annotations

import random
import zlib

from absl.testing import absltest

from ktstr.fuzz.campaign import WINDOW, Campaign
from ktstr.fuzz.cause import Cause, Standing
from ktstr.fuzz.journal import Entry
from ktstr.fuzz.judged import Judged
from ktstr.fuzz.trial import Trial
from tests.fuzz.machines import grammar

_COUNT = 60


def _entry(number: int, trial: Trial) -> Entry:
    """What a machine would say that reaches other code with each kind of op."""
    text = trial.to_json()
    start = zlib.crc32(text.encode()) % 1000 * 16
    judged = Judged(Standing.HELD)
    if '"OfflineCpu"' in text:
        judged = Judged(Standing.FAILED, Cause("panic", "panic off", "off"))
    return Entry.of(number, judged, ((0, 8), (start, start + 16)), 1.0, number)


def _growth(campaign: Campaign) -> list[tuple[int, float, int]]:
    return [each for each in campaign.growth if each[0] <= _COUNT]


class CampaignTest(absltest.TestCase):
    def setUp(self) -> None:
        self._trials: dict[int, Trial] = {}

    def _campaign(self, entries: dict[int, Entry] | None = None) -> Campaign:
        return Campaign(grammar(), 5, entries or {}, self._trials.__getitem__)

    def _played(self, campaign: Campaign, count: int, at_once: int, seed: int) -> dict[int, Entry]:
        """Plays trials, whose answers come in an order that chance decides."""
        chance, out = random.Random(seed), list[tuple[int, Trial]]()
        told: dict[int, Entry] = {}
        while campaign.done < count:
            while len(out) < at_once and (following := campaign.next()) is not None:
                out.append(following)
            number, trial = out.pop(chance.randrange(len(out)))
            self._trials[number] = trial
            told[number] = _entry(number, trial)
            campaign.came(told[number])
            list(campaign.settle())
        return told

    def test_the_same_whatever_the_order(self) -> None:
        made = []
        for at_once, seed in ((1, 1), (4, 2), (WINDOW, 3)):
            self._trials = {}
            campaign = self._campaign()
            self._played(campaign, _COUNT, at_once, seed)
            made.append([self._trials[number].digest() for number in range(_COUNT)])
        self.assertEqual(made[0], made[1])
        self.assertEqual(made[0], made[2])
        self.assertGreater(len(set(made[0])), _COUNT * 0.9)

    def test_the_same_after_a_break(self) -> None:
        whole = self._campaign()
        self._played(whole, _COUNT, 4, 1)
        expected = [self._trials[number].digest() for number in range(_COUNT)]
        self._trials = {}
        entries = self._played(self._campaign(), 25, 4, 9)
        again = self._campaign(entries)
        list(again.settle())
        self.assertGreaterEqual(again.done, 25)
        self._played(again, _COUNT, 3, 4)
        self.assertEqual([self._trials[number].digest() for number in range(_COUNT)], expected)
        self.assertEqual(_growth(again), _growth(whole))

    def test_no_more_than_the_window_are_under_way(self) -> None:
        campaign = self._campaign()
        for _ in range(WINDOW):
            self.assertIsNotNone(campaign.next())
        self.assertIsNone(campaign.next())

    def test_what_fails_is_told_with_its_trial_and_is_nobodys_parent(self) -> None:
        campaign = self._campaign()
        failed = 0
        for _ in range(40):
            following = campaign.next()
            assert following is not None
            campaign.came(_entry(*following))
            for entry, trial in campaign.settle():
                self.assertEqual(trial is not None, entry.standing is Standing.FAILED)
                failed += trial is not None
        self.assertGreater(failed, 0)
        for parent in campaign.parents:
            self.assertNotIn('"OfflineCpu"', parent.to_json())

    def test_what_reaches_nothing_new_is_not_kept(self) -> None:
        campaign = self._campaign()
        judged = Judged(Standing.HELD)
        for _ in range(3):
            following = campaign.next()
            assert following is not None
            campaign.came(Entry.of(following[0], judged, ((0, 8),), 1.0, 1.0))
            list(campaign.settle())
        self.assertLen(campaign.parents, 1)
        self.assertEqual(campaign.growth, [(1, 1.0, 8)])


if __name__ == "__main__":
    absltest.main()
