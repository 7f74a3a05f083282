# SPDX-License-Identifier: Apache-2.0
"""All checks together are what each is by itself; a looser limit finds no more."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any
from unittest import mock

from absl.testing import absltest, parameterized
from hypothesis import given, settings
from hypothesis import strategies as st

from ktstr.judge.checks import all as all_checks
from ktstr.judge.checks import gaps
from ktstr.judge.checks.all import LIMITS, SWITCHES, evaluate
from ktstr.judge.checks.measure import Limit
from ktstr.judge.judge import judge
from ktstr.judge.workers.scope import Scope
from ktstr.model.facts import CgroupFacts, ScenarioFacts, StepFacts
from ktstr.model.histogram import Histogram
from ktstr.model.machine.topology import Topology, TopologyView
from ktstr.model.verdict.checks import OPTIONS, VERIFIER_CHECKS, Checks, Verdict
from ktstr.model.verdict.checks import SWITCHES as ON_OFF
from ktstr.model.verdict.figures import figure_of_check
from ktstr.model.verdict.kinds import Kind
from tests.support import runs
from tests.support.runs import MS, S

settings.register_profile("ktstr", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("ktstr")

_NS = st.integers(0, 2 * S)
_COUNTS = st.integers(0, 10_000)
_WAKES = st.lists(st.integers(0, 10**7), max_size=5).map(Histogram.of)
_VALUES = st.floats(0.001, 1e6)
_NAMES = [*SWITCHES, *(limit.name for limit in LIMITS)]


@st.composite
def _workers(draw: st.DrawFn) -> Any:
    waits = runs.phase(run_delay=draw(_WAKES))
    return runs.worker(
        cgroup=draw(st.sampled_from(["a", "a/b", "c"])),
        index=draw(st.integers(0, 3)),
        work_type=draw(st.sampled_from(["CpuSpin", "Bursty"])),
        cpu_hungry=draw(st.booleans()),
        cpuset=draw(st.sampled_from(["", "0", "0-1"])),
        ended_ns=S + draw(_NS),
        cpu_ns=draw(_NS),
        work_units=draw(_COUNTS),
        iterations=draw(_COUNTS),
        max_gap_ns=draw(_NS),
        kernel_migrations=draw(st.none() | _COUNTS),
        samples=draw(_COUNTS),
        ran_on=draw(st.dictionaries(st.integers(0, 1), st.integers(1, S), max_size=2)),
        wake=draw(_WAKES),
        phases=draw(st.sampled_from([(), (waits,)])),
        completed=draw(st.booleans()),
        numa_pages=draw(st.dictionaries(st.integers(0, 1), _COUNTS, max_size=2)),
        numa_pages_migrated=draw(st.none() | _COUNTS),
    )


def _scopes() -> st.SearchStrategy[Scope]:
    step = StepFacts(0, "", S, 2 * S, 2 * S + 3 * MS)
    played = ScenarioFacts(S, 2 * S, 1, 1, steps=(step,), cleanup_ns=MS)
    cgroups = tuple(CgroupFacts(name, 0, "", "0-1", 100) for name in ("a", "a/b", "c"))
    machines = [TopologyView.of(Topology(1, 1, 2, 1)), TopologyView.of(Topology(2, 2, 1, 1))]
    return st.builds(
        lambda workers, machine: Scope(tuple(workers), machine, cgroups, (played,)),
        st.lists(_workers(), max_size=5),
        st.sampled_from(machines),
    )


def _set(values: dict[str, float]) -> Checks:
    fields = {n: bool(v > 1) if n in SWITCHES else v for n, v in values.items()}
    return dataclasses.replace(Checks(), **fields)  # type: ignore[arg-type]


class ThresholdsTest(absltest.TestCase):
    def test_a_limit_is_in_its_figures_unit(self) -> None:
        for limit in LIMITS:
            unit = limit.unit.partition(" ")[0]
            # rates and ratios are spelled out
            if unit in ("us", "ms", "%"):
                self.assertEqual(unit, figure_of_check(limit.name).unit, limit.name)

    @given(_scopes(), st.dictionaries(st.sampled_from(_NAMES), _VALUES))
    def test_no_check_depends_on_another(self, scope: Scope, values: dict[str, float]) -> None:
        together = evaluate(scope, _set(values), {})
        alone = [
            each
            for name in _NAMES
            if name in values
            for each in evaluate(scope, _set({name: values[name]}), {})
        ]
        self.assertEqual(together, alone)

    @given(_scopes(), _VALUES, _VALUES)
    def test_a_looser_limit_fails_no_more(self, scope: Scope, one: float, other: float) -> None:
        for limit in LIMITS:
            tight, loose = sorted((one, other), reverse=limit.least)
            strict, mild = (
                {d.subject for d in limit.judge(scope, bound) if d.verdict is Verdict.FAIL}
                for bound in (tight, loose)
            )
            self.assertLessEqual(mild, strict, limit.name)

    @given(_scopes(), st.dictionaries(st.sampled_from(_NAMES), _VALUES))
    def test_the_value_that_is_shown_explains_the_verdict(
        self, scope: Scope, values: dict[str, float]
    ) -> None:
        limits = {limit.name: limit for limit in LIMITS}
        for each in evaluate(scope, _set(values), {}):
            result = each.judged(list(each.details))
            if result.limit is None:
                continue
            if result.measured is None:
                self.assertIsNot(result.verdict, Verdict.FAIL)
                self.assertTrue(result.verdict is Verdict.INCONCLUSIVE or not scope.workers)
            else:
                missed = limits[result.name].misses(result.measured, result.limit)
                self.assertEqual(result.verdict is Verdict.FAIL, missed)

    def test_what_the_scenario_froze_is_no_gap(self) -> None:
        stood = runs.worker(max_gap_ns=350 * MS)
        frozen = (CgroupFacts("cg_0", 0, "", "0-1", 100, frozen_ns=300 * MS),)
        checks = {"max_gap_ms": 60.0}
        for cgroups, verdict in ((frozen, Verdict.PASS), ((), Verdict.FAIL)):
            scope = runs.scope(stood, cgroups=cgroups)
            (each,) = evaluate(scope, _set(checks), {})
            self.assertIs(each.judged(list(each.details)).verdict, verdict)

    def test_the_table_of_a_run_has_every_check_that_is_on(self) -> None:
        judged = judge(runs.good_run())
        names = [check.name for check in judged.checks]
        self.assertEqual(
            names, ["scheduler_alive", "clean_kernel_log", "not_starved", "max_gap_ms"]
        )
        self.assertTrue(all(check.verdict is Verdict.PASS for check in judged.checks))


class LimitsTest(parameterized.TestCase):
    def test_every_threshold_has_exactly_one_check(self) -> None:
        names = [limit.name for limit in LIMITS] + [*SWITCHES, "scheduler_alive"]
        fields = [field.name for field in dataclasses.fields(Checks)]
        self.assertCountEqual([*names, "clean_kernel_log", "invariants", *OPTIONS], fields)
        switches = [n for n, hint in typing.get_type_hints(Checks).items() if hint == bool | None]
        self.assertCountEqual(ON_OFF, switches)

    def test_every_limit_has_a_kind_of_its_own(self) -> None:
        # but those of one budget
        several = [limit for limit in LIMITS if limit.name not in VERIFIER_CHECKS[1:]]
        self.assertLen({limit.kind for limit in several}, len(several))
        of_budget = {limit.kind for limit in LIMITS if limit.name in VERIFIER_CHECKS}
        self.assertEqual(of_budget, {Kind.VERIFIER_BUDGET})

    @parameterized.parameters(*LIMITS)
    def test_the_limit_itself_is_allowed(self, limit: Limit) -> None:
        self.assertFalse(limit.misses(3.0, 3.0))
        self.assertTrue(limit.misses(2.0 if limit.least else 4.0, 3.0))
        self.assertEqual(limit.least, limit.name.startswith("min_"))

    def test_a_threshold_that_nobody_judges_stops_the_judge(self) -> None:
        wider = dataclasses.make_dataclass("Wider", ["not_starved", "max_boredom"])
        with mock.patch.object(all_checks, "Checks", wider), self.assertRaises(KeyError):
            all_checks._limits()

    def test_a_limit_that_no_threshold_turns_on_stops_the_judge(self) -> None:
        stray = Limit("max_boredom", Kind.STUCK, "", lambda _: [])
        with (
            mock.patch.object(gaps, "STRAY", stray, create=True),
            self.assertRaisesRegex(TypeError, "no field max_boredom"),
        ):
            all_checks._limits()


if __name__ == "__main__":
    absltest.main()
