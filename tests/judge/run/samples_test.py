# SPDX-License-Identifier: Apache-2.0
"""A plan that asks for `trace` needs samples to pass."""

import dataclasses
from typing import Any

from absl.testing import absltest

from ktstr.judge.judge import judge
from ktstr.model.histogram import Histogram
from ktstr.model.verdict.checks import Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.samples import SamplerFacts, SchedSample
from ktstr.record.run import RunRecord
from tests.support import runs

NONE = Histogram({})
SAMPLE = SchedSample(0, runs.S, 2 * runs.S, "cg_0", 100, NONE, NONE, NONE, 4, 1)
SAMPLER = SamplerFacts("", 0, runs.S - 1, 2 * runs.S + 1)


def traced(**changes: Any) -> RunRecord:
    """A good run of a plan with `trace`, sampled well."""
    whole: dict[str, Any] = {"samples": (SAMPLE,), "samplers": (SAMPLER,)}
    return runs.good_run(runs.plan(trace=True), **{**whole, **changes})


class SamplesTest(absltest.TestCase):
    def assert_missing(self, run: RunRecord, *words: str) -> None:
        judged = judge(run)
        self.assertIs(judged.verdict, Verdict.INCONCLUSIVE, judged.details)
        found = [each.message for each in judged.details if each.kind is Kind.NO_DATA]
        self.assertLen(found, 1)
        for each in words:
            self.assertIn(each, found[0])

    def test_a_sampled_run_passes(self) -> None:
        self.assertIs(judge(traced()).verdict, Verdict.PASS, judge(traced()).details)

    def test_what_a_sampler_could_not_do_is_the_reason(self) -> None:
        for ready in (None, runs.S - 1):
            error = "cannot sample: no attachment of its programs: it ended"
            failed = SamplerFacts(error, 0, ready, 2 * runs.S)
            self.assert_missing(traced(samplers=(failed,), samples=()), error)
            # one of a function's runs is enough, and what came before it failed changes nothing
            self.assert_missing(traced(samplers=(SAMPLER, failed)), error)

    def test_a_sampler_that_was_never_ready(self) -> None:
        self.assert_missing(traced(samplers=(SamplerFacts("", 0, None, runs.S),)), "never ready")

    def test_silence_is_no_sample(self) -> None:
        self.assert_missing(traced(samplers=(), samples=()), "no sampler reported")

    def test_workers_that_were_not_seen(self) -> None:
        self.assert_missing(traced(samples=()), "saw nothing of 2 workers")
        before = dataclasses.replace(SAMPLE, started_ns=runs.S - 2)
        self.assert_missing(traced(samples=(before,)), "saw nothing of 2 workers")

    def test_there_is_nothing_to_see_of_workers_outside(self) -> None:
        outside = runs.worker(cgroup=""), runs.worker(cgroup="", index=1)
        run = traced(samples=(), workers=outside)
        self.assertIs(judge(run).verdict, Verdict.PASS, judge(run).details)

    def test_a_function_may_leave_it_out_of_a_run_but_not_of_all(self) -> None:
        of = runs.function_plan(trace=True)
        scenario = runs.good_run().scenarios[0]
        later = dataclasses.replace(scenario, started_ns=3 * runs.S, ended_ns=4 * runs.S)
        some = runs.good_run(
            of, samples=(SAMPLE,), samplers=(SAMPLER,), scenarios=(scenario, later)
        )
        self.assertIs(judge(some).verdict, Verdict.PASS, judge(some).details)
        self.assert_missing(runs.good_run(of), "no sampler reported", "trace=False")
        without = runs.good_run(of, scenarios=(), workers=(), cgroups=())
        self.assertNotIn("sampler", " ".join(each.message for each in judge(without).details))

    def test_a_plan_without_trace_needs_none(self) -> None:
        self.assertIs(judge(runs.good_run()).verdict, Verdict.PASS)


if __name__ == "__main__":
    absltest.main()
