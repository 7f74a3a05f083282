# SPDX-License-Identifier: Apache-2.0
"""CPUs that come and go: what is judged by CPUs is judged by those that were there."""

from __future__ import annotations

import dataclasses

from absl.testing import absltest, parameterized
from hypothesis import given
from hypothesis import strategies as st

from ktstr.judge.checks.fairness import MAX_SPREAD, cohorts
from ktstr.judge.checks.gaps import MAX_GAP
from ktstr.judge.checks.isolation import isolation
from ktstr.judge.checks.locality import MIN_LOCALITY
from ktstr.judge.checks.share import MAX_ERROR, portions
from ktstr.judge.judge import judge
from ktstr.judge.run.cgroups import cpusets
from ktstr.judge.workers.presence import ALL_THERE, Change, Presence, presence_of
from ktstr.judge.workers.scope import Scope
from ktstr.model.facts import CgroupFacts, Event
from ktstr.model.verdict.checks import Checks, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.events import EventName
from tests.support import runs
from tests.support.runs import MS, S

_CHANGES = st.lists(
    st.builds(Change, st.integers(0, 99), st.integers(0, 3), st.booleans()), max_size=8
).map(lambda found: Presence(tuple(sorted(found, key=lambda change: change.at_ns))))


def gone(cpu: int, at_ns: int, back_ns: int | None = None) -> Presence:
    """A CPU that goes, and perhaps comes back."""
    changes = [Change(at_ns, cpu, online=False)]
    changes += [] if back_ns is None else [Change(back_ns, cpu, online=True)]
    return Presence(tuple(changes))


class PresenceTest(parameterized.TestCase):
    @given(_CHANGES, st.integers(0, 99), st.integers(1, 99))
    def test_spans_make_up_the_window(self, presence: Presence, start: int, length: int) -> None:
        spans = presence.spans(start, start + length)
        self.assertAlmostEqual(sum(span.part for span in spans), 1.0)
        self.assertTrue(all(span.part > 0 for span in spans), spans)

    @given(_CHANGES, st.integers(0, 99))
    def test_a_span_is_what_a_moment_in_it_sees(self, presence: Presence, at: int) -> None:
        away: set[int] = set()
        for change in presence.changes:
            if change.at_ns <= at:
                (away.discard if change.online else away.add)(change.cpu)
        (span,) = presence.spans(at, at + 1)
        self.assertEqual(span.gone, away)

    def test_spans_of_a_cpu_that_goes_and_comes(self) -> None:
        spans = gone(1, 10, 30).spans(0, 40)
        self.assertEqual([(span.part, set(span.gone)) for span in spans], [
            (0.25, set()), (0.5, {1}), (0.25, set())
        ])  # fmt: skip
        self.assertLen(gone(1, 10, 30).spans(50, 60), 1)

    @given(_CHANGES, st.integers(0, 99), st.integers(1, 99))
    def test_who_was_gone_in_a_window_is_what_its_moments_see(
        self, presence: Presence, start: int, length: int
    ) -> None:
        window = start, start + length
        seen = [presence.spans(at, at + 1)[0].gone for at in range(*window)]
        self.assertEqual(presence.gone_throughout(*window), frozenset.intersection(*seen))
        self.assertEqual(presence.gone_sometime(*window), frozenset.union(*seen))

    @parameterized.named_parameters(
        ("within", S, None, 500),
        ("before the window, and never back", 100 * MS, None, -400),
        ("back before the window", 100 * MS, 200 * MS, None),
        ("after the window", 3 * S, None, None),
        ("told just after the window, gone within it", 1550 * MS, None, 1050),
    )
    def test_losses(self, at: int, back: int | None, told_ms: int | None) -> None:
        words = gone(1, at, back).lost(frozenset({1}), 500 * MS, 1500 * MS)
        if told_ms is None:
            self.assertEmpty(words)
        elif told_ms < 0:
            self.assertIn("CPU 1 went offline, before its start", words)
        else:
            self.assertIn(f"CPU 1 went offline, {told_ms} ms after its start", words)
            at_birth = gone(1, at, back).lost(frozenset({1}), 500 * MS, 1500 * MS, since_ns=0)
            self.assertIn(f"CPU 1 went offline, {told_ms + 500} ms after its start", at_birth)
        self.assertEmpty(gone(1, at, back).lost(frozenset({1, 2}), 500 * MS, 1500 * MS))
        self.assertEmpty(gone(1, at, back).lost(frozenset(), 500 * MS, 1500 * MS))

    def test_events_in_any_order(self) -> None:
        events = (
            Event(3, EventName.CPU_ONLINE, None, "1"),
            Event(1, EventName.CPU_OFFLINE, None, "1"),
            Event(2, EventName.OP, 0, "OfflineCpu(cpu=1)"),
            Event(4, EventName.CPU_OFFLINE, None, "?"),
        )
        self.assertEqual(presence_of(events), gone(1, 1, 3))
        self.assertEqual(presence_of(()), ALL_THERE)


class JudgedByWhatWasThereTest(parameterized.TestCase):
    """The worker of `runs` lives from 1 s to 2 s."""

    def test_a_cpuset_without_a_cpu_is_nobody_s_fault(self) -> None:
        stray = runs.worker(cpuset="1", ran_on={1: S // 2, 0: S // 2})
        (detail,) = isolation((stray,), gone(1, S + S // 2))
        self.assertEqual(detail.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("CPU 1 went offline, 500 ms after its start", detail.message)

    @parameterized.named_parameters(
        ("another CPU", gone(0, S + S // 2)),
        ("not all CPUs", gone(2, S + S // 2)),
        ("back before it lived", gone(1, 1, 2)),
        ("nothing happened", ALL_THERE),
    )
    def test_otherwise_a_stray_is_one(self, presence: Presence) -> None:
        stray = runs.worker(cpuset="1-2" if presence.ever_gone() == {2} else "1", ran_on={0: S})
        (detail,) = isolation((stray,), presence)
        self.assertEqual(detail.verdict, Verdict.FAIL)

    def test_a_worker_cut_to_a_step_is_judged_by_its_life(self) -> None:
        stray = runs.worker(cpuset="1", ran_on={0: S}, started_ns=S + S // 2)
        presence = gone(1, S, S + 100 * MS)
        self.assertEqual(isolation((stray,), presence)[0].verdict, Verdict.FAIL)
        (detail,) = isolation((stray,), presence, {stray.pid: (S, 2 * S)})
        self.assertEqual(detail.verdict, Verdict.INCONCLUSIVE)

    def scope(self, presence: Presence, *cpusets: str, weights: tuple[int, ...] = ()) -> Scope:
        """Two cgroups of two hungry workers each, on two CPUs."""
        workers = [
            runs.worker(cgroup=name, index=i, cpuset=cpuset, cpu_ns=3 * S // 8)
            for name, cpuset in zip("ab", cpusets, strict=True)
            for i in range(2)
        ]
        cgroups = [
            CgroupFacts(name, 0, cpuset, cpuset, weight)
            for name, cpuset, weight in zip("ab", cpusets, weights or (100, 100), strict=True)
        ]
        return dataclasses.replace(runs.scope(*workers, cgroups=tuple(cgroups)), presence=presence)

    def test_shares_are_those_of_the_cpus_that_were_there(self) -> None:
        # two CPUs for half of the time, one for the other half: 1.5 CPUs for both together
        scope = self.scope(gone(1, S + S // 2), "", "")
        for portion in portions(scope):
            self.assertAlmostEqual(portion.promised, 0.75)
            self.assertAlmostEqual(portion.error_pct or 0.0, 0.0)
        whole = portions(dataclasses.replace(scope, presence=ALL_THERE))
        self.assertEqual([portion.promised for portion in whole], [1.0, 1.0])

    def test_a_share_of_cpus_that_went_is_open(self) -> None:
        scope = self.scope(gone(1, S + S // 2), "0", "1")
        self.assertEmpty(portions(scope))
        (detail,) = MAX_ERROR.judge(scope, 10.0)
        self.assertEqual(detail.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("cgroup b: no CPU of 1 was there after CPU 1 went offline", detail.message)

    def test_fair_shares_are_those_of_the_cpus_that_were_there(self) -> None:
        workers = (runs.worker(cpu_ns=3 * S // 4), runs.worker(index=1, cpu_ns=3 * S // 4))
        (cohort,) = cohorts(workers, frozenset({0, 1}), gone(1, S + S // 2))
        self.assertEqual([share.fair for share in cohort.shares], [0.75, 0.75])

    def test_an_affinity_that_was_broken_leaves_the_fair_share_open(self) -> None:
        asked = "policy=normal rt_priority=0 nice=0 affinity=1"
        workers = (runs.worker(requested=asked), runs.worker(requested=asked, index=1))
        # it is not mended when the CPU comes back
        presence = gone(1, 100 * MS, 200 * MS)
        found = MAX_SPREAD.judge(dataclasses.replace(runs.scope(*workers), presence=presence), 1.0)
        self.assertEqual({detail.verdict for detail in found}, {Verdict.INCONCLUSIVE})
        self.assertLen(found, 2)

    @parameterized.named_parameters(
        ("its only CPU", "1", Verdict.INCONCLUSIVE), ("one of two", "0-1", Verdict.FAIL)
    )
    def test_a_gap_in_which_a_cpu_went(self, cpuset: str, verdict: Verdict) -> None:
        stuck = runs.worker(
            cpuset=cpuset, max_gap_ns=300 * MS, max_gap_at_ns=S + 600 * MS, max_gap_cpu=1
        )
        scope = dataclasses.replace(runs.scope(stuck), presence=gone(1, S + 500 * MS))
        (detail,) = MAX_GAP.judge(scope, 100.0)
        self.assertEqual(detail.verdict, verdict)
        self.assertIn("CPU 1 went offline, 500 ms after its start", detail.message)
        self.assertEmpty(MAX_GAP.judge(scope, 400.0))

    def test_a_gap_of_another_time_is_the_scheduler_s(self) -> None:
        stuck = runs.worker(cpuset="1", max_gap_ns=300 * MS, max_gap_at_ns=S + 400 * MS)
        scope = dataclasses.replace(runs.scope(stuck), presence=gone(1, S + 800 * MS))
        (detail,) = MAX_GAP.judge(scope, 100.0)
        self.assertEqual(detail.verdict, Verdict.FAIL)
        self.assertNotIn("offline", detail.message)

    def test_the_nodes_of_a_worker_without_cpus_are_open(self) -> None:
        moved = runs.worker(cpuset="1", numa_pages={0: 10})
        scope = dataclasses.replace(runs.scope(moved), presence=gone(1, S + 500 * MS))
        (detail,) = MIN_LOCALITY.judge(scope, 0.9)
        self.assertEqual(detail.verdict, Verdict.INCONCLUSIVE)
        self.assertIn("nobody knows which nodes were its own", detail.message)

    @parameterized.named_parameters(
        ("as asked", "0-1", "0-1", ""),
        ("less what went", "0-1", "0", ""),
        ("its last one went", "1", "0,2-3", "CPU 1, its last one, went offline at 1.500 s"),
        ("less what was there", "0-2", "0", "but 0 is in force"),
        ("more than asked", "0-1", "0-2", "but 0-2 is in force"),
    )
    def test_cpusets_in_force(self, asked: str, found: str, words: str) -> None:
        run = runs.good_run(
            events=(Event(S + S // 2, EventName.CPU_OFFLINE, None, "1"),),
            cgroups=(CgroupFacts("cg_0", 0, asked, found, 100),),
        )
        details = cpusets(run)
        self.assertLen(details, 1 if words else 0)
        for detail in details:
            self.assertIn(words, detail.message)

    def test_the_whole_way(self) -> None:
        plan = runs.plan(checks=Checks(isolation=True))
        stray = runs.worker(cpuset="1", ran_on={0: S // 2, 1: S // 2})
        run = runs.good_run(plan, workers=(stray, runs.worker(index=1, pid=101)))
        self.assertEqual(judge(run).verdict, Verdict.FAIL)
        events = (*run.events, Event(S + S // 2, EventName.CPU_OFFLINE, None, "1"))
        judged = judge(dataclasses.replace(run, events=events))
        self.assertEqual(judged.verdict, Verdict.INCONCLUSIVE)
        assert judged.first_cause is not None
        self.assertEqual(judged.first_cause.kind, Kind.NO_DATA)
        self.assertIn("CPU 1 went offline", judged.first_cause.message)


if __name__ == "__main__":
    absltest.main()
