# SPDX-License-Identifier: Apache-2.0
"""Figures of a result: those that claims are about, by the same names, and nothing unmeasured."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest, parameterized
from google.protobuf import json_format

from ktstr import stat
from ktstr.judge.statistics.figure_table import OF_A_CGROUP, OF_ALL
from ktstr.model.facts import ScenarioFacts, StepFacts
from ktstr.model.payload import Polarity
from ktstr.result import result_pb2
from tests.support import runs
from tests.support.results import RUNS, result
from tests.support.runs import MS, S


def found(
    made: result_pb2.Result, cgroup: str | None, step: int | None = None
) -> dict[str, result_pb2.Figure]:
    """The figures of one cgroup, or of all workers, by name."""
    return {
        each.name: each
        for each in made.figures
        if (each.cgroup if each.HasField("cgroup") else None) == cgroup
        and (each.step if each.HasField("step") else None) == step
    }


class FiguresTest(parameterized.TestCase):
    def test_they_say_name_value_unit_polarity_and_of_whom(self) -> None:
        made = result(RUNS["passed"]())
        of_all, wake = found(made, None), found(made, "late/sleepers")["wake_p99_us"]
        self.assertEqual((wake.unit, wake.polarity), ("us", "lower_better"))
        self.assertAlmostEqual(wake.value, 40, delta=2)
        self.assertEqual(of_all["workers"].value, made.total.workers)
        self.assertEqual(of_all["max_gap_ms"].value, made.total.max_gap_ns / MS)
        self.assertFalse(of_all["workers"].HasField("step"))

    @parameterized.named_parameters((name, name) for name in RUNS)
    def test_each_is_there_once_and_has_a_known_polarity(self, name: str) -> None:
        made = result(RUNS[name]())
        keys = [
            (each.name, each.cgroup, each.HasField("cgroup"), each.step, each.HasField("step"))
            for each in made.figures
        ]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertLessEqual({each.polarity for each in made.figures}, {*map(str, Polarity)})
        self.assertTrue(all(each.HasField("value") for each in made.figures))

    def test_claims_and_figures_say_the_same(self) -> None:
        names = [f"cg_0.{name}" for name in OF_A_CGROUP] + [f"total.{name}" for name in OF_ALL]
        run = RUNS["by_step"]()
        claims = tuple(stat(name).is_finite() for name in names)
        made = result(dataclasses.replace(run, plan=dataclasses.replace(run.plan, claims=claims)))
        claimed = {claim.name: claim.value for claim in made.claims if claim.value != "null"}
        listed = {f"cg_0.{name}": each.value for name, each in found(made, "cg_0").items()}
        listed |= {f"total.{name}": each.value for name, each in found(made, None).items()}
        self.assertEqual({name: float(value) for name, value in claimed.items()}, listed)

    def test_steps_have_their_own(self) -> None:
        made = result(RUNS["by_step"]())
        gaps = [found(made, "cg_0", step)["max_gap_ms"] for step in (0, 1)]
        self.assertEqual([each.scenario for each in gaps], [0, 0])
        self.assertEqual(gaps[1].value, 70)
        self.assertLess(gaps[0].value, 70)

    def test_steps_of_several_scenarios_are_told_apart(self) -> None:
        steps = (StepFacts(0, "", S, S + MS, S + MS), StepFacts(1, "", S + MS, 2 * S, 2 * S))
        played = ScenarioFacts(S, 2 * S, 2, 2, steps=steps)
        made = result(runs.good_run(scenarios=(played, played)))
        workers = [
            (each.scenario, each.step)
            for each in made.figures
            if each.name == "workers" and each.HasField("step") and not each.HasField("cgroup")
        ]
        self.assertEqual(workers, [(0, 0), (0, 1), (1, 0), (1, 1)])

    def test_what_was_not_measured_is_not_there(self) -> None:
        made = result(RUNS["starved"]())
        self.assertNotIn("wake_p99_us", found(made, "cg_0"))
        self.assertEmpty(result(RUNS["no_boot"]()).figures)

    def test_json_has_a_zero(self) -> None:
        made = result(RUNS["starved"]())
        zero = found(made, "cg_0")["share_min_pct"]
        self.assertEqual(json_format.MessageToDict(zero)["value"], 0.0)


if __name__ == "__main__":
    absltest.main()
