# SPDX-License-Identifier: Apache-2.0
"""Limits that were in force and not kept."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.judge.checks.share import MAX_ERROR
from ktstr.judge.judge import judge
from ktstr.judge.workers.phases import whole
from ktstr.judge.workers.quota import overruns
from ktstr.model.facts import CgroupFacts, Event, ScenarioFacts, StepFacts, WorkerFacts
from ktstr.model.scenario.limits import Limits
from ktstr.model.scenario.scenario import SetLimits
from ktstr.model.verdict.checks import Checks, Verdict
from ktstr.model.wire.events import EventName
from ktstr.record.run import RunRecord
from tests.support import runs

S, MS = runs.S, runs.MS
_STEP = StepFacts(0, "", S, 2 * S, 2 * S)
_SCENARIO = ScenarioFacts(S, 2 * S, 1, 1, steps=(_STEP,))


def cgroup(name: str = "cg_0", used_s: float = 0.5, **changes: Any) -> CgroupFacts:
    """A cgroup that may use half a CPU."""
    limits = {"cpu.max": "50000 100000"}
    made = CgroupFacts(
        name, 0, "", "0-1", 100, {"usage_usec": int(used_s * 1e6)}, "", limits, limits
    )
    return dataclasses.replace(made, **changes)


def run_of(*cgroups: CgroupFacts, **changes: Any) -> RunRecord:
    return runs.good_run(cgroups=cgroups, scenarios=(_SCENARIO,), **changes)


class QuotaTest(parameterized.TestCase):
    @parameterized.parameters((0.5, False), (0.54, False), (0.56, True), (1.35, True))
    def test_ten_percent_more_is_too_much(self, used_s: float, told: bool) -> None:
        judged = judge(run_of(cgroup(used_s=used_s)))
        self.assertIs(judged.verdict, Verdict.PASS, judged.details)
        words = (
            f"cpu.max of cg_0 allowed 0.50 s of CPU and it used {used_s:.2f} s: fifo does not keep "
            f"it, and the kernel does for EEVDF's tasks alone"
        )
        self.assertEqual(words in judged.remarks, told, judged.remarks)

    def test_some_milliseconds_are_the_kernels_slices(self) -> None:
        little = cgroup(used_s=0.019, limits_in_force={"cpu.max": "1000 100000"})
        self.assertEmpty(overruns(run_of(little)))
        self.assertLen(
            overruns(run_of(dataclasses.replace(little, cpu_stat={"usage_usec": 21000}))), 1
        )

    def test_under_eevdf_it_is_not_a_schedulers(self) -> None:
        run = runs.good_run(
            runs.plan(scheduler=None), cgroups=(cgroup(used_s=1),), scenarios=(_SCENARIO,)
        )
        (remark,) = judge(run).remarks
        self.assertEndsWith(remark, "it used 1.00 s: the kernel keeps it for EEVDF's tasks alone")

    @parameterized.named_parameters(
        ("no_limit", {"limits_in_force": {"cpu.max": "max 100000"}}),
        ("unread", {"cpu_stat": {}}),
        ("of_no_step", {"step": 7}),
    )
    def test_what_is_not_known_is_not_told(self, changes: dict[str, Any]) -> None:
        self.assertEmpty(overruns(run_of(cgroup(used_s=1, **changes))))

    def test_the_backdrops_lives_from_beginning_to_end(self) -> None:
        scenario = ScenarioFacts(S, 4 * S, 1, 1, steps=(_STEP,))
        run = runs.good_run(cgroups=(cgroup(used_s=1.6, step=None),), scenarios=(scenario,))
        self.assertEmpty(overruns(run))

    def test_a_limit_that_was_set_later_holds_from_then_on(self) -> None:
        def worker(second_half_s: float) -> WorkerFacts:
            phases = (
                runs.phase(cpu_ns=S // 2),
                runs.phase(started_ns=S + S // 2, ended_ns=2 * S, cpu_ns=int(second_half_s * S)),
            )
            return runs.worker(phases=phases)

        op = repr(SetLimits("cg_0", Limits(quota=0.5)))
        events = (Event(S + 400 * MS, EventName.OP, 0, op),)
        run = run_of(cgroup(used_s=0.75), events=events, workers=(worker(0.25), runs.worker()))
        self.assertEmpty(overruns(run))
        run = run_of(cgroup(used_s=0.75), events=events, workers=(worker(0.5), runs.worker()))
        self.assertLen(overruns(run), 1)

    def test_shares_beside_it_are_not_known(self) -> None:
        of = runs.plan(checks=Checks(max_share_error_pct=10))
        run = run_of(cgroup(used_s=1), cgroup("cg_1", used_s=0.1))
        run = dataclasses.replace(run, plan=of)
        (found,) = MAX_ERROR.judge(whole(run), 10)
        self.assertIs(found.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("does not keep cpu.max of cg_0", found.message)


class WeightTest(absltest.TestCase):
    def test_a_weight_that_is_not_kept_is_a_remark(self) -> None:
        weights = {"cg_0": 300, "cg_1": 100}
        cgroups = tuple(
            CgroupFacts(name, 0, "", "0-1", weight, limits={"cpu.weight": f"{weight}"})
            for name, weight in weights.items()
        )
        cgroups = tuple(dataclasses.replace(each, limits_in_force=each.limits) for each in cgroups)
        workers = tuple(
            runs.worker(cgroup=name, index=i, pid=100 + i, cpu_ns=S // 2)
            for name in weights
            for i in range(2)
        )
        run = run_of(*cgroups, workers=workers)
        (remark, *_) = judge(run).remarks
        self.assertStartsWith(remark, "cpu.weight of cg_0 promises 1.50 CPUs and it got 1.00")
        checked = dataclasses.replace(run, plan=runs.plan(checks=Checks(max_share_error_pct=10)))
        self.assertEmpty(judge(checked).remarks)


if __name__ == "__main__":
    absltest.main()
