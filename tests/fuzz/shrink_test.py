# SPDX-License-Identifier: Apache-2.0
"""Shrinking, against faults that are known: what is left is what they need."""

from __future__ import annotations

from collections.abc import Sequence

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.fuzz.generate import generated
from ktstr.fuzz.reduce import reductions, without_some
from ktstr.fuzz.shrink import Shrunk, shrunk
from ktstr.fuzz.trial import Trial, all_ops, cgroups_of, measure, ops_count, played_s, works_of
from ktstr.model.scenario.scenario import (
    Fixed,
    MoveAllTasks,
    OfflineCpu,
    SetKnob,
    Step,
)
from ktstr.model.seeds import stream
from ktstr.model.work.policy import Policy
from tests.fuzz.machines import grammar

settings.register_profile("fuzz", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("fuzz")

_SEEDS = st.integers(0, 1 << 30)


def _knob(trial: Trial) -> bool:
    """A fault that a variable brings about."""
    return any(isinstance(op, SetKnob) and op.value == 1 for op in all_ops(trial))


def _moved_idlers(trial: Trial) -> bool:
    """One that needs two parts: SCHED_IDLE workers, and a move."""
    idle = any(work.policy is Policy.IDLE for work in works_of(trial))
    return idle and any(isinstance(op, MoveAllTasks) for op in all_ops(trial))


def _long_without_a_cpu(trial: Trial) -> bool:
    """One that needs time: a CPU is away in a step of 100 ms and more."""
    return any(
        isinstance(step.hold, Fixed)
        and step.hold.seconds >= 0.1
        and any(isinstance(op, OfflineCpu) for op in step.ops)
        for step in trial.scenario.steps
    )


def _first(fault: object, most: int = 4000) -> Trial:
    made = grammar()
    for seed in range(most):
        trial = generated(made, stream(seed, "shrink"))
        if fault(trial) and ops_count(trial) > 5:  # type: ignore[operator]
            return trial
    raise AssertionError(f"no trial of {most} shows {fault}")


class ReductionsTest(absltest.TestCase):
    @given(_SEEDS)
    def test_all_can_be_played_and_are_smaller(self, seed: int) -> None:
        made = grammar()
        trial = generated(made, stream(seed, "shrink"))
        seen = set()
        for smaller in reductions(trial, made):
            made.check(smaller)
            self.assertLess(measure(smaller), measure(trial))
            seen.add(smaller.digest())
        self.assertNotIn(trial.digest(), seen)

    def test_delta_debugging_takes_all_then_halves_then_each(self) -> None:
        self.assertEqual(list(without_some("abc")), [(), ("b", "c"), ("a", "c"), ("a", "b")])
        self.assertEqual(list(without_some("")), [])


class ShrinkTest(absltest.TestCase):
    def _shrunk(self, fault: object, most: int = 500, at_once: int = 1) -> Shrunk:
        def fails(trials: Sequence[Trial]) -> list[bool]:
            self.assertLessEqual(len(trials), at_once)
            return [fault(trial) for trial in trials]  # type: ignore[operator]

        return shrunk(_first(fault), grammar(), fails, most, at_once)

    def test_one_op_is_left_of_a_fault_that_one_brings_about(self) -> None:
        found = self._shrunk(_knob)
        self.assertTrue(found.whole)
        (op,) = all_ops(found.trial)
        self.assertEqual(op, SetKnob("error_after_ns", 1))
        self.assertEqual(ops_count(found.trial), 1)
        self.assertLen(found.trial.scenario.steps, 1)

    def test_what_a_fault_needs_together_stays_together(self) -> None:
        found = self._shrunk(_moved_idlers)
        self.assertTrue(_moved_idlers(found.trial))
        self.assertLessEqual(ops_count(found.trial), 3)
        self.assertEqual([work.workers for work in works_of(found.trial)], [1])

    def test_times_are_as_short_as_the_fault_allows(self) -> None:
        found = self._shrunk(_long_without_a_cpu)
        self.assertEqual(ops_count(found.trial), 1)
        self.assertBetween(played_s(found.trial), 0.1, 0.199)

    def test_the_same_comes_of_it_however_many_are_tried_at_once(self) -> None:
        one, four = self._shrunk(_moved_idlers), self._shrunk(_moved_idlers, at_once=4)
        self.assertEqual(one, four)

    def test_it_ends_when_enough_were_played(self) -> None:
        found = self._shrunk(_moved_idlers, most=3, at_once=2)
        self.assertEqual((found.tried, found.whole), (3, False))
        self.assertTrue(_moved_idlers(found.trial))

    def test_a_trial_of_nothing_is_whole(self) -> None:
        trial = Trial(_first(_knob).scenario.__class__((Step(hold=Fixed(0.01)),)), 1.0)
        found = shrunk(trial, grammar(), lambda trials: [True] * len(trials), 10)
        self.assertEqual(list(cgroups_of(found.trial)), [])
        self.assertTrue(found.whole)


if __name__ == "__main__":
    absltest.main()
