# SPDX-License-Identifier: Apache-2.0
"""Snapshots at times and at changes, in real guests: exact, and the run is the same without."""

from dataclasses import replace
from itertools import pairwise

from absl.testing import absltest

from ktstr.execute.outcome import Outcome
from ktstr.introspect.invariants.instants import SWITCHED
from ktstr.introspect.invariants.invariant import Category, Invariant
from ktstr.introspect.invariants.part import InvariantLook, Invariants, look_of
from ktstr.introspect.invariants.plan import plan as invariants
from ktstr.introspect.kernel.kernel import Kernel
from ktstr.introspect.occasions.part import Snapshots
from ktstr.introspect.occasions.taken import Taken
from ktstr.model.plan import Plan
from ktstr.model.scenario.inside import Changed, Entered, Snapshot
from ktstr.model.verdict.relations import it
from tests.introspect.plugin.guests import Guests

_DECLARED = (
    Snapshot("often", every=0.02, most=5),
    Snapshot("seldom", every=0.1, most=5),
    Snapshot("queued", when=Entered("enqueue_task_fair", times=100), most=2),
    Snapshot("crowded", when=Changed("runqueues.nr_running", it.above(1), cpu=1)),
    Snapshot("alone", when=Changed("runqueues.cfs.h_nr_queued", it.equals(1), cpu=0), most=2),
    Snapshot("tick", when=Changed("jiffies_64"), most=3),
)


class GuestTest(Guests):
    def taken(self) -> tuple[Outcome, Taken]:
        outcome = self.run_with(Snapshots(_DECLARED))
        assert outcome.run.taken is not None
        self.assertEqual(outcome.run.taken.problem, "")
        return outcome, outcome.run.taken

    def test_each_is_of_its_instant_and_changes_nothing(self) -> None:
        outcome, taken = self.taken()
        names = [each.name for each in taken.snapshots]
        self.assertContainsSubset(
            {
                *(f"often[{number}]" for number in range(1, 6)),
                "seldom[1]",
                "seldom[2]",
                "queued[1]",
                "queued[2]",
                "crowded",
                "alone[1]",
                "tick[3]",
            },
            names,
        )
        by_name = {each.name: each for each in taken.snapshots}
        crowded = next(each for each in by_name["crowded"].runqueues if each.cpu == 1)
        self.assertEqual(crowded.nr_running, 2)
        alone = next(each for each in by_name["alone[1]"].runqueues if each.cpu == 0)
        self.assertEqual(alone.fair, 1)
        at = [by_name[f"often[{number}]"].at_ns for number in range(1, 6)]
        for before, after in pairwise(at):
            self.assertBetween(after - before, 15_000_000, 25_000_000)
        again, same = self.taken()
        self.assertEqual(taken, same)
        without = self.run_with()
        for each in (outcome, again):
            self.assertEqual(
                replace(each.run, taken=None, probes=None, host_samples=(), start=None),
                replace(
                    without.run,
                    taken=None,
                    probes=None,
                    host_samples=(),
                    start=None,
                    scenario_host_s=each.run.scenario_host_s,
                ),
            )

    def test_the_first_broken_invariant_has_a_snapshot(self) -> None:
        outcome = self.run_with(_Broken())
        found = outcome.run.invariants
        assert found is not None
        self.assertGreater(found.counted[0].failed, 1)
        assert found.first is not None
        self.assertEqual(found.first.name, "first-broken-invariant")
        self.assertStartsWith(found.first.cause, "an invariant is broken at switched, on CPU ")
        first = found.broken[0]
        # what fails there is of the instant of the first record
        queue = next(each for each in found.first.runqueues if each.cpu == first.cpu)
        self.assertEqual(queue.clock_ns, first.clock_ns)
        self.assertIn(found.first, outcome.run.all_snapshots)


class _Broken(Invariants):
    """Looks for what is not so."""

    def look(self, kernel: Kernel, plan: Plan, cpus: int) -> InvariantLook:
        del plan, cpus
        false = Invariant(
            name="never",
            says="A runqueue has a hundred tasks.",
            category=Category.QUEUE,
            source="nowhere",
            at=(SWITCHED,),
            holds="rq.nr_running > 100",
        )
        return look_of(invariants((false,), kernel, (6, 12)), kernel).holding()


if __name__ == "__main__":
    absltest.main()
