# SPDX-License-Identifier: Apache-2.0
"""Claims about series of a run: of the monitor's and of snapshots, in steps and after events."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from absl.testing import absltest, parameterized

from ktstr.introspect.occasions.taken import Taken
from ktstr.introspect.snapshot.state import Snapshot
from ktstr.judge.claims import check_claims
from ktstr.judge.judge import judge
from ktstr.judge.series.claims import series_result
from ktstr.model.codec import decode, encode
from ktstr.model.errors import UsageError
from ktstr.model.facts import Event
from ktstr.model.scenario.scenario import Scenario, Step
from ktstr.model.verdict.checks import Checks, Verdict
from ktstr.model.verdict.claims import SeriesClaim
from ktstr.model.verdict.kinds import Kind
from ktstr.model.verdict.series import series
from ktstr.model.wire.events import EventName
from ktstr.record.run import RunRecord
from tests.support import monitored
from tests.support.runs import MS, S

# what authors give who check no types
_WORD: Any = "1"
_NOTHING: Any = None


def _run(**changes: Any) -> RunRecord:
    seen = monitored.series(
        {
            "nr_running": {0: lambda ms: 4 if ms < 500 else 1, 1: 1},
            "user_dsq": {7: lambda ms: ms // 100},
            "bypass_depth": {None: 0},
        }
    )
    return monitored.run_of(seen, Checks(), **changes)


def _snapshot(number: int, queued: Any, at_ms: int) -> Snapshot:
    elements = [{"key": 3, "value": {"nr_queued": queued, "hist": [1, 2]}}]
    maps = json.dumps([{"name": "cpu_ctx", "elements": elements}])
    name = f"load[{number}]"
    return Snapshot(name, S + at_ms * MS, "6.12", maps=maps, monotonic_ns=S + at_ms * MS)


class ClaimsTest(parameterized.TestCase):
    def judged(self, claim: SeriesClaim, run: RunRecord | None = None) -> tuple[Verdict, str]:
        # as the plan has it
        same = decode(SeriesClaim, encode(claim))
        self.assertEqual(same, claim)
        found = series_result(run or _run(), same)
        return found.verdict, found.why or found.value

    def test_one_cpu_and_all(self) -> None:
        self.assertEqual(
            self.judged(series("nr_running", cpu=0).steady(2)),
            (Verdict.FAIL, "least 1 at 0.500 s, most 4 at 0.000 s"),
        )
        self.assertIs(self.judged(series("nr_running", cpu=1).steady(0))[0], Verdict.PASS)
        self.assertEqual(
            self.judged(series("nr_running").within(2, 5)),
            (Verdict.PASS, "least 2 at 0.500 s, most 5 at 0.000 s"),
        )
        self.assertIs(self.judged(series("user_dsq", dsq=7).rises(by=8))[0], Verdict.PASS)

    def test_after_an_event(self) -> None:
        op = Event(S + 500 * MS, EventName.OP, 0, "SetCpuset(cgroup='a')")
        run = _run()
        run = replace(run, events=(*run.events, op))
        claim = series("nr_running", cpu=0).after("op", "SetCpuset").steady(0)
        self.assertIs(self.judged(claim, run)[0], Verdict.PASS)
        late = series("nr_running", cpu=0).after("op", "Freeze").steady(0)
        self.assertEqual(
            self.judged(late, run),
            (Verdict.INCONCLUSIVE, "there was no event 'op' with 'Freeze' in that time"),
        )

    def test_means(self) -> None:
        jumping = monitored.series({"nr_running": {0: lambda ms: ms // 4 % 2 * 10}})
        run = monitored.run_of(jumping, Checks())
        self.assertIs(self.judged(series("nr_running", cpu=0).steady(1), run)[0], Verdict.FAIL)
        calm = series("nr_running", cpu=0, mean_ms=200).steady(1)
        self.assertIs(self.judged(calm, run)[0], Verdict.PASS)

    def test_numbers_in_maps(self) -> None:
        taken = Taken(tuple(_snapshot(n, n * 2, n * 100) for n in (1, 2, 3)))
        run = _run(taken=taken)
        rises = series("cpu_ctx[3].nr_queued", snapshots="load").rises(by=3)
        self.assertEqual(
            self.judged(rises, run), (Verdict.PASS, "from 2 at 0.100 s to 6 at 0.300 s")
        )
        steady = series("cpu_ctx[3].hist[1]", snapshots="load").within(2, 2)
        self.assertIs(self.judged(steady, run)[0], Verdict.PASS)

    @parameterized.parameters(
        (series("nr_running", cpu=9).steady(1), "saw no nr_running of 9; it saw those of 0, 1"),
        (series("local_dsq", cpu=0).steady(1), "saw no local_dsq of 0; it saw those of none"),
        (series("nr_running", step="none").steady(1), "0 steps 'none' were played"),
        (series("cpu_ctx[3].x", snapshots="gone").steady(1), "no snapshot 'gone' was taken"),
        (series("cpu_ctx[3].x", snapshots="load").steady(1), r"cpu_ctx\[3\] has no 'x'"),
        (series("cpu_ctx[4].x", snapshots="load").steady(1), r"has 0 entries cpu_ctx\[4\]"),
        (series("cpu_ctx[3].hist", snapshots="load").steady(1), "there is no number"),
        (series("cpu_ctx[3].nr_queued", snapshots="load").steady(1), "it has 2 values in that"),
    )
    def test_without_data_there_is_no_verdict(self, claim: SeriesClaim, why: str) -> None:
        run = _run(taken=Taken((_snapshot(1, 1, 100), _snapshot(2, 2, 200))))
        verdict, words = self.judged(claim, run)
        self.assertIs(verdict, Verdict.INCONCLUSIVE)
        self.assertRegex(words, why)

    @parameterized.parameters(
        (Snapshot("load[4]", 0, "6.12", missing=("unmapped",)), "", "has no time: unmapped"),
        (Snapshot("load[4]", 5, "6.12"), "", "'load.4.' has no time: nobody knows when"),
        (None, "the host closed it", "not every snapshot 'load' was taken: the host closed it"),
    )
    def test_of_what_is_left_of_snapshots_nothing_is_said(
        self, lost: Snapshot | None, problem: str, why: str
    ) -> None:
        some = [_snapshot(n, n * 2, n * 100) for n in (1, 2, 3)]
        run = _run(taken=Taken((*some, *([lost] if lost else [])), problem))
        claim = series("cpu_ctx[3].nr_queued", snapshots="load").rises(by=3)
        verdict, words = self.judged(claim, run)
        self.assertIs(verdict, Verdict.INCONCLUSIVE)
        self.assertRegex(words, why)

    def test_where_nobody_looked(self) -> None:
        verdict, why = self.judged(series("nr_running").steady(1), replace(_run(), monitor=None))
        self.assertEqual(
            (verdict, why),
            (Verdict.INCONCLUSIVE, "nobody looked at runqueues: the run has no monitor"),
        )

    def test_a_run_is_judged_by_it(self) -> None:
        run = _run()
        claims = (series("nr_running", cpu=0).steady(2),)
        found = judge(replace(run, plan=replace(run.plan, claims=claims)))
        (detail,) = [each for each in found.details if each.kind is Kind.CLAIM]
        self.assertEqual(
            detail.message,
            "claim 'nr_running of 0': 'least 1 at 0.500 s, most 4 at 0.000 s' is not steady, 2 "
            "from least to most",
        )

    @parameterized.parameters(
        (series("nr_runing").steady(1), r"the monitor has none of that name \(did you mean 'nr_r"),
        (series("lb_count").steady(1), "the monitor has none of that name"),
        (series("bypass_depth", cpu=1).steady(1), "there is one of the whole machine alone"),
        (series("cpu_ctx", snapshots="load").steady(1), "'cpu_ctx' is no place in a map"),
        (series("nr_running", step="b").steady(1), "the scenario has no step 'b'; its steps: 0, a"),
    )
    def test_what_no_run_could_have_is_refused(self, claim: SeriesClaim, words: str) -> None:
        scenario = Scenario(steps=(Step(name="a"),))
        with self.assertRaisesRegex(UsageError, words):
            check_claims((claim,), scenario)

    @parameterized.parameters(
        (lambda: series("x", cpu=1, dsq=2), "it is of a CPU or of a DSQ, not of both"),
        (lambda: series("x", step=""), "step is ''; give its number or its name"),
        (lambda: series("x", mean_ms=-1), "mean_ms is -1; it must not be negative"),
        (lambda: series("x").within(2, 1), r"within\(2, 1\): the lower bound comes first"),
        (lambda: series("x").within(_WORD, 2), "within: a number is expected, str was given"),
        (lambda: series("x").rises(by=_WORD), "rises: a number is expected, str was given"),
        (lambda: series("x").steady(_NOTHING), "steady: a number is expected, NoneType was given"),
        (lambda: series("x", mean_ms=_WORD), "mean_ms is '1'; a number is expected"),
        (lambda: series("x").steady(-1), "spread is -1; it must not be negative"),
        (lambda: series("x").rises(by=float("inf")), "rises: the bound is inf; it must be finite"),
        (lambda: series("x").after(""), r"series\('x'\).after: the event has no name"),
    )
    def test_what_cannot_be_claimed(self, make: Any, words: str) -> None:
        with self.assertRaisesRegex(UsageError, words):
            make()


if __name__ == "__main__":
    absltest.main()
