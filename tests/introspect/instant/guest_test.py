# SPDX-License-Identifier: Apache-2.0
"""Real guests stand where they are asked to, and their run is the same for it, to the byte."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from absl.testing import absltest

from ktstr.execute.outcome import Outcome
from ktstr.introspect.instant.place import Place
from ktstr.introspect.instant.stand import KERNEL_HALF, Stand
from ktstr.introspect.instant.walk import Walk
from ktstr.introspect.plugin.orders import Word
from ktstr.model.verdict.checks import Verdict
from tests.introspect.plugin.guests import Guests

_MS = 1_000_000
_STEPS, _WRITES = 40, 5


class InstantTest(Guests):
    def walked(self, place: Place, stood: Callable[[Stand], Place | bool]) -> tuple[Walk, Outcome]:
        """What became of a guest that was taken to a place."""
        walk = Walk(place, stood)
        outcome = self.run_with(walk)
        if walk.raised is not None:
            raise walk.raised
        self.assertEqual(walk.problem, "")
        return walk, outcome

    def said(self) -> bytes:
        """Every byte that the last guest sent."""
        (frames,) = self.target.place.rglob("frames.bin")
        return frames.read_bytes()

    def begin_ns(self) -> int:
        """When the scenario began, by a run that nobody looked into."""
        outcome = self.run_with()
        self.assertIs(outcome.judgement.verdict, Verdict.PASS)
        return outcome.run.events[0].at_ns

    def test_a_time_is_the_same_instant_each_time(self) -> None:
        stands: list[tuple[int, int, dict[str, int]]] = []

        def stood(stand: Stand) -> bool:
            others = stand.registers(1 - stand.held.cpu)
            stands.append((stand.at_ns, stand.held.cpu, stand.told.registers | others))
            snapshot = stand.snapshot("")
            assert snapshot is not None
            # a CPU may be idle just then
            running = [each.cpu for each in snapshot.tasks if each.state == "running"]
            self.assertContainsSubset(running, (0, 1))
            self.assertNotEmpty(running)
            return False

        at_ns = self.begin_ns() + 100 * _MS
        for closely in (False, False, True):
            walk, _ = self.walked(Place(at_ns=at_ns, closely=closely), stood)
            self.assertTrue(walk.reached and walk.killed)
        self.assertEqual(stands[0], stands[1])
        # whoever steps comes to the same instant
        self.assertEqual(stands[0], stands[2])
        self.assertBetween(stands[0][0] - at_ns, 0, 100_000)

    def test_a_run_with_stands_and_steps_is_the_same_to_the_byte(self) -> None:
        begin_ns = self.begin_ns()
        undisturbed = self.said()
        why: list[Word | None] = []
        passed: list[tuple[int, int]] = []

        def stood(stand: Stand) -> Place | bool:
            why.append(stand.told.why)
            passed.append((stand.told.now_ns, stand.told.registers["rip"]))
            tick, jiffies = stand.kernel.symbol("sched_tick"), stand.kernel.symbol("jiffies_64")
            if len(why) < _STEPS:
                stand.orders.step(stand.held.cpu)
            elif len(why) == _STEPS:
                stand.orders.stop_at(tick, skip=1)
            elif stand.told.why is Word.BREAK:
                self.assertEqual(stand.told.registers["rip"], tick)
                stand.orders.clear()
                stand.orders.stop_behind_write(jiffies, 8)
            elif why.count(Word.WATCH) == _WRITES and why[-1] is Word.WATCH:
                return Place(at_ns=stand.at_ns + 20 * _MS, closely=True)
            return True

        walk, outcome = self.walked(Place(at_ns=begin_ns + 50 * _MS, closely=True), stood)
        self.assertFalse(walk.killed)
        self.assertIs(outcome.judgement.verdict, Verdict.PASS, outcome.judgement.details)
        self.assertEqual(self.said(), undisturbed)
        self.assertEqual(
            why,
            [Word.UNTIL, *[Word.STEP] * (_STEPS - 1), Word.BREAK]
            + [Word.WATCH] * _WRITES
            + [Word.UNTIL],
        )
        times = [now for now, _ in passed]
        self.assertEqual(times, sorted(times))
        # a step is one instruction of 8 ns where no other vCPU ran meanwhile
        self.assertEqual({b - a for a, b in pairwise(times[:9])}, {8})

    def test_a_function_at_a_time(self) -> None:
        stands: list[tuple[str, int]] = []

        def stood(stand: Stand) -> bool:
            stands.append((stand.where, stand.at_ns))
            frames = stand.stack(stand.held.cpu).frames
            self.assertEqual(frames[0].name, "try_to_wake_up+0x0")
            self.assertGreater(len(frames), 3)
            return False

        at_ns = self.begin_ns() + 100 * _MS
        for hit in (1, 2):
            self.walked(Place("try_to_wake_up", hit, at_ns), stood)
        (first, first_ns), (second, second_ns) = stands
        self.assertEqual({first, second}, {"try_to_wake_up+0x0"})
        self.assertLess(at_ns, first_ns)
        self.assertLess(first_ns, second_ns)

    def test_programs_stand_and_their_memory_is_theirs(self) -> None:
        seen: list[int] = []

        def stood(stand: Stand) -> bool:
            seen.append(stand.told.registers["rip"])
            return False

        begin_ns = self.begin_ns()
        for after_ms in (60, 80, 100):
            self.walked(Place(at_ns=begin_ns + after_ms * _MS), stood)
        # workers spin most of the time
        self.assertTrue(any(each < KERNEL_HALF for each in seen), seen)


if __name__ == "__main__":
    absltest.main()
