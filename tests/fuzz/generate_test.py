# SPDX-License-Identifier: Apache-2.0
"""Trials that are drawn: all of them can be played, and the same come of a seed."""

from __future__ import annotations

from dataclasses import replace

from absl.testing import absltest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.fuzz.generate import generated, varied
from ktstr.fuzz.grammar import Family, Grammar, families_without, knob_of, setting_of
from ktstr.fuzz.holding import checks_of, lived_long_enough, shares_evenly
from ktstr.fuzz.mend import mended
from ktstr.fuzz.trial import Trial, all_ops, played_s, works_of
from ktstr.model.errors import UsageError
from ktstr.model.machine.cpuset import Exact
from ktstr.model.scenario.inside import SetKernel
from ktstr.model.scenario.limits import Limits
from ktstr.model.scenario.scenario import (
    Backdrop,
    CgroupDef,
    Fixed,
    OfflineCpu,
    OnlineCpu,
    Scenario,
    SetCpuset,
    SetKnob,
    Step,
    StopCgroup,
)
from ktstr.model.seeds import stream
from ktstr.model.work.policy import Policy
from ktstr.model.work.work import Work
from tests.fuzz.machines import KNOB, grammar

settings.register_profile("fuzz", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("fuzz")

_TOPOLOGIES = st.sampled_from(("1n1l1c1t", "1n1l2c1t", "1n2l2c1t", "2n2l2c2t"))
_SEEDS = st.integers(0, 1 << 30)


def _of(seed: int, topology: str = "1n2l2c1t") -> Trial:
    return generated(grammar(topology), stream(seed, "test"))


class GenerateTest(absltest.TestCase):
    @given(_SEEDS, _TOPOLOGIES)
    def test_what_is_drawn_can_be_played(self, seed: int, topology: str) -> None:
        trial = _of(seed, topology)
        grammar(topology).check(trial)
        self.assertLess(played_s(trial), 3.0)
        self.assertLess(sum(work.workers or 0 for work in works_of(trial)), 33)

    @given(st.lists(_SEEDS, min_size=1, max_size=4), _SEEDS)
    def test_so_can_what_is_made_of_others(self, seeds: list[int], seed: int) -> None:
        made = grammar()
        trial = varied([_of(each) for each in seeds], made, stream(seed, "varied"))
        made.check(trial)

    @given(_SEEDS)
    def test_a_seed_gives_the_same(self, seed: int) -> None:
        self.assertEqual(_of(seed).to_json(), _of(seed).to_json())

    @given(_SEEDS)
    def test_a_trial_comes_back_from_its_text(self, seed: int) -> None:
        trial = _of(seed)
        self.assertEqual(Trial.from_json(trial.to_json()), trial)

    def test_all_kinds_of_ops_are_drawn(self) -> None:
        made = {type(op).__name__ for seed in range(400) for op in all_ops(_of(seed))}
        self.assertContainsSubset(
            {"Freeze", "Thaw", "OfflineCpu", "OnlineCpu", "SetCpuset", "SetLimits", "SetKnob"}
            | {"AttachScheduler", "RestartScheduler", "MoveAllTasks", "WaitFor", "SpawnHost"},
            made,
        )

    def test_families_are_left_out(self) -> None:
        made = grammar()
        few = Grammar(
            made.view, made.scheduler, families_without(("hotplug", "knobs", "real_time")), (KNOB,)
        )
        for seed in range(200):
            trial = generated(few, stream(seed, "few"))
            for op in all_ops(trial):
                self.assertNotIsInstance(op, OfflineCpu | OnlineCpu | SetKnob)
            for work in works_of(trial):
                self.assertNotIn(work.policy, (Policy.FIFO, Policy.RR))

    def test_a_family_that_there_is_not(self) -> None:
        with self.assertRaisesRegex(UsageError, "--without hotplugs: there is no such family"):
            families_without(("hotplugs",))
        self.assertEqual(families_without(()), frozenset(Family))

    def test_knobs(self) -> None:
        self.assertEqual(knob_of("a=1,0x10").values, (1, 16))
        for text in ("a", "a=", "=1", "a=b"):
            with self.assertRaisesRegex(UsageError, "say NAME=VALUE"):
                knob_of(text)

    def test_variables_of_the_kernel_are_set_first_in_all(self) -> None:
        setting = setting_of("scx_watchdog_timeout=0x10")
        self.assertEqual(setting, SetKernel("scx_watchdog_timeout", 16))
        made, trials = replace(grammar(), settings=(setting,)), list[Trial]()
        for seed in range(60):
            trials.append(varied(trials, made, stream(seed, "set")))
            self.assertEqual(trials[-1].scenario.backdrop.ops[0], setting)
        for text in ("a", "a=", "a=b"):
            with self.assertRaisesRegex(UsageError, "say NAME=VALUE, with a whole number"):
                setting_of(text)


class MendTest(absltest.TestCase):
    def test_what_does_not_fit_is_dropped_and_the_rest_stays(self) -> None:
        step = Step(ops=(StopCgroup("nowhere"), SetCpuset("a", Exact(frozenset({99}))),
                         StopCgroup("a")), hold=Fixed(0.1))  # fmt: skip
        trial = Trial(Scenario((step,), Backdrop((CgroupDef("a"), CgroupDef("a")))), 1.0)
        left = mended(trial, grammar()).scenario
        self.assertEqual(left.backdrop.cgroups, (CgroupDef("a"),))
        self.assertEqual(left.steps, (Step(ops=(StopCgroup("a"),), hold=Fixed(0.1)),))

    @given(_SEEDS)
    def test_what_can_be_played_stays_as_it_is(self, seed: int) -> None:
        trial = _of(seed)
        self.assertIs(mended(trial, grammar()), trial)


class HoldingTest(absltest.TestCase):
    def _checks(self, cgroup: CgroupDef, seconds: float = 3.0) -> tuple[bool | None, float | None]:
        trial = Trial(Scenario((Step((cgroup,), hold=Fixed(seconds)),)), 1.0)
        checks = checks_of(trial)
        return checks.not_starved, checks.max_gap_ms

    def test_even_shares_have_a_bound_that_grows_with_the_workers(self) -> None:
        self.assertEqual(self._checks(CgroupDef("a", works=(Work(workers=4),))), (None, 1200.0))
        self.assertEqual(self._checks(CgroupDef("a", works=(Work(workers=8),))), (None, 1400.0))

    def test_no_bound_that_the_run_cannot_come_to(self) -> None:
        works = (Work(workers=4),)
        self.assertEqual(self._checks(CgroupDef("a", works=works), 0.5), (None, None))

    def test_who_is_starved_by_right_is_not_asked_about(self) -> None:
        plain = (Work(workers=2),)
        for cgroup in (
            CgroupDef("a", works=(Work(workers=2, policy=Policy.IDLE),)),
            CgroupDef("a", works=(Work(workers=2, policy=Policy.FIFO, rt_priority=1),)),
            CgroupDef("a", works=plain, limits=Limits(weight=1)),
            CgroupDef("a", works=plain, limits=Limits(quota=0.2)),
            CgroupDef("a", works=(Work(workers=2, nice=19),)),
        ):
            self.assertEqual(self._checks(cgroup), (False, None), cgroup)

    def test_a_weight_that_is_near_takes_the_bound_alone(self) -> None:
        cgroup = CgroupDef("a", works=(Work(workers=2),), limits=Limits(weight=200))
        self.assertEqual(self._checks(cgroup), (None, None))

    def test_who_has_just_begun_is_not_starved(self) -> None:
        self.assertFalse(lived_long_enough(26_000_000, 6))
        self.assertTrue(lived_long_enough(500_000_000, 6))
        self.assertFalse(lived_long_enough(500_000_000, 14))

    @given(_SEEDS)
    def test_even_shares_are_of_trials_in_which_nobody_starves_by_right(self, seed: int) -> None:
        trial = _of(seed)
        if shares_evenly(trial):
            self.assertIsNone(checks_of(trial).not_starved)


if __name__ == "__main__":
    absltest.main()
