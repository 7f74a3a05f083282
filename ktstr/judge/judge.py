# SPDX-License-Identifier: Apache-2.0
"""The one way in: a run's record goes in, a judgement comes out."""

from __future__ import annotations

from ktstr.judge.completeness import cpusets, ending, scenarios, transport, worker_reports
from ktstr.judge.contention import excuse
from ktstr.judge.disks import disk_remarks, disks
from ktstr.judge.evidence import claims
from ktstr.judge.expectation import weigh
from ktstr.judge.fairness import unfair
from ktstr.judge.gaps import stuck
from ktstr.judge.isolation import isolation
from ktstr.judge.judgement import Judgement
from ktstr.judge.kernel_log import kernel_log, panic
from ktstr.judge.latency import wake_latency
from ktstr.judge.migration import migration_rate
from ktstr.judge.outcome import outcome
from ktstr.judge.payloads import payload_remarks, payloads
from ktstr.judge.ranking import ranked, worst
from ktstr.judge.record import RunRecord
from ktstr.judge.scheduler import scheduler
from ktstr.judge.shape import identity, topology
from ktstr.judge.starvation import starved
from ktstr.model.checks import Detail, Kind, Verdict
from ktstr.model.topology import TopologyView


def judge(run: RunRecord) -> Judgement:
    """The verdict over `run`, with every reason.

    PASS needs evidence for every claim of `ktstr.judge.evidence`; what is not shown makes the run
    INCONCLUSIVE.  No check depends on another's outcome.
    """
    details = excuse(run, _machine(run) + _guest(run) + _workers(run))
    shown = tuple(claim.words for claim in claims(run) if claim.shown)
    if worst(detail.verdict for detail in details) is None:
        details += [
            Detail(Kind.NO_DATA, f"not shown: {claim.words}", Verdict.INCONCLUSIVE)
            for claim in claims(run)
            if not claim.shown
        ]
    found, remarks = ranked(details), (*disk_remarks(run), *payload_remarks(run))
    if run.plan.expect_fail is None:
        verdict = worst(detail.verdict for detail in found) or Verdict.PASS
        return Judgement(verdict, found, shown, remarks=remarks)
    weighed = weigh(run.plan.expect_fail, found)
    details = [*weighed.added, *found]
    return Judgement(weighed.verdict, ranked(details), shown, weighed.words, remarks)


def _machine(run: RunRecord) -> list[Detail]:
    details = panic(run) + ending(run) + transport(run)
    if run.plan.checks.clean_kernel_log:
        details += kernel_log(run.console)
    return details


def _guest(run: RunRecord) -> list[Detail]:
    details = []
    if run.hello is not None:
        details += identity(run.plan, run.hello) + topology(run.plan, run.hello)
    details += disks(run) + scheduler(run) + scenarios(run) + cpusets(run) + payloads(run)
    if run.plan.function is not None and run.test is not None:
        details += outcome(run.plan.function, run.test)
    return details


def _workers(run: RunRecord) -> list[Detail]:
    checks, workers = run.plan.checks, run.workers
    details = worker_reports(run)
    if checks.not_starved:
        details += starved(workers)
    if checks.max_gap_ms is not None:
        details += stuck(workers, checks.max_gap_ms)
    if checks.isolation:
        details += isolation(workers)
    if checks.max_spread_pct is not None:
        machine = TopologyView.of(run.plan.machine).cpus
        details += unfair(workers, machine, checks.max_spread_pct)
    if checks.max_p99_wake_latency_us is not None:
        details += wake_latency(workers, checks.max_p99_wake_latency_us)
    if checks.max_migrations_per_s is not None:
        details += migration_rate(workers, checks.max_migrations_per_s)
    return details
