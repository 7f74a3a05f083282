# SPDX-License-Identifier: Apache-2.0
"""The one way in: a run's record goes in, a judgement comes out."""

from __future__ import annotations

import dataclasses

from ktstr.judge.blame.contention import excuse
from ktstr.judge.blame.holds import not_held
from ktstr.judge.blame.ranking import ranked, worst
from ktstr.judge.blame.subject import foreign, not_charged, subject_remarks
from ktstr.judge.checks.all import evaluate
from ktstr.judge.checks.conservation import waste_remarks
from ktstr.judge.checks.kept import kept_remarks
from ktstr.judge.checks.result import CheckResult
from ktstr.judge.checks.starvation import starvation_remarks
from ktstr.judge.claims import claim_details, claim_results
from ktstr.judge.judgement import Judgement
from ktstr.judge.lives.comeback import comeback_remarks
from ktstr.judge.relative.claims import relative_details, relative_results, under_test
from ktstr.judge.run.boot_parameters import boot_parameters
from ktstr.judge.run.cgroups import cpusets, limits
from ktstr.judge.run.completeness import ending, scenarios, transport, worker_reports
from ktstr.judge.run.disks import disk_remarks, disks
from ktstr.judge.run.function import outcome
from ktstr.judge.run.invariants import (
    asked_by_name,
    invariant_remarks,
    invariants,
    lack_one,
    were_told,
)
from ktstr.judge.run.kernel_log import kernel_log, kernel_log_remarks, panic
from ktstr.judge.run.known_faults import known_fault_remarks, unexplained
from ktstr.judge.run.machine import identity, topology
from ktstr.judge.run.payloads import payload_remarks, payloads
from ktstr.judge.run.samples import samples
from ktstr.judge.run.snapshots import snapshot_remarks, snapshots
from ktstr.judge.run.state_set import state_remarks
from ktstr.judge.run.waits import wait_remarks, waits
from ktstr.judge.scheduler import scheduler
from ktstr.judge.statistics.run import run_statistics
from ktstr.judge.statistics.told import stats_remarks
from ktstr.judge.verdict.evidence import claims
from ktstr.judge.verdict.expectation import weigh
from ktstr.judge.workers.phases import parts, whole
from ktstr.model.errors import InfraError, UsageError
from ktstr.model.facts import WorkerFacts
from ktstr.model.scenario.background import is_background
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord


def judge(run: RunRecord) -> Judgement:
    """The verdict over `run`, with every reason.

    PASS needs evidence for every claim of `ktstr.judge.verdict.evidence`; what is not shown makes
    the run INCONCLUSIVE.  No check depends on another's outcome.

    Raises:
        InfraError: a fact of the guest cannot be read, e.g. a CPU list.
    """
    try:
        return _expected(run, _judged(run))
    except UsageError as error:
        raise InfraError(
            f"what the guest of {run.plan.test} reported cannot be judged: {error}; frames.bin has "
            f"it as it came"
        ) from error


def _judged(run: RunRecord) -> Judgement:
    of_workers, results = _workers(under_test(run))
    relative = relative_results(run)
    needed = claims(run, relative)
    statistics = run_statistics(run)
    claimed = claim_results(run, statistics)
    of_run = _blamed(run, _machine(run) + _guest(run), run.workers) + foreign(run)
    of_run += invariants(run)
    details = excuse(run, of_run + worker_reports(run)) + of_workers
    of_functions = len(run.claims)
    details += excuse(run, claim_details(claimed[:of_functions]))
    of_figures = claim_details(claimed[of_functions:])
    details += excuse(run, not_charged(run, of_figures, run.workers))
    details += excuse(run, relative_details(relative))
    shown = tuple(claim.words for claim in needed if claim.shown)
    if worst(detail.verdict for detail in details) is None:
        details += [
            Detail(Kind.NO_DATA, f"not shown: {claim.words}", Verdict.INCONCLUSIVE)
            for claim in needed
            if not claim.shown
        ]
    found = ranked(details)
    return Judgement(
        worst(detail.verdict for detail in found) or Verdict.PASS,
        found,
        shown,
        remarks=(
            *disk_remarks(run),
            *payload_remarks(run),
            *wait_remarks(run),
            *state_remarks(run),
            *snapshot_remarks(run),
            *stats_remarks(statistics.told),
            *comeback_remarks(run),
            *kernel_log_remarks(run),
            *known_fault_remarks(run),
            *invariant_remarks(run),
            *starvation_remarks(run),
            *subject_remarks(run),
            *waste_remarks(run),
            *kept_remarks(run, whole(under_test(run))),
        ),
        checks=(*_of_the_run(run, details), *results),
        claims=tuple(claimed),
        relative=tuple(relative),
        statistics=statistics,
    )


def _expected(run: RunRecord, judgement: Judgement) -> Judgement:
    """The judgement in the light of what was expected to fail."""
    if run.plan.expect_fail is None:
        return judgement
    weighed = weigh(run.plan.expect_fail, judgement.details)
    return dataclasses.replace(
        judgement,
        verdict=weighed.verdict,
        details=ranked([*weighed.added, *judgement.details]),
        expectation=weighed.words,
    )


def _machine(run: RunRecord) -> list[Detail]:
    details = panic(run) + ending(run) + transport(run) + boot_parameters(run)
    if run.plan.checks.clean_kernel_log:
        details += kernel_log(unexplained(run))
    return details


def _guest(run: RunRecord) -> list[Detail]:
    details = []
    if run.hello is not None:
        details += identity(run.plan, run.hello) + topology(run.plan, run.hello)
    details += (
        disks(run)
        + scheduler(run)
        + scenarios(run)
        + waits(run)
        + cpusets(run)
        + limits(run)
        + payloads(run)
        + samples(run)
        + snapshots(run)
    )
    if run.plan.function is not None and run.test is not None:
        details += outcome(run.plan.function, run.test)
    return details


def _workers(run: RunRecord) -> tuple[list[Detail], list[CheckResult]]:
    """What checks of workers found, excused where the host was to blame, and their lines."""
    details: list[Detail] = []
    results = []
    for part in parts(run):
        details += part.missing
        for each in evaluate(part.scope, part.checks, part.layers):
            named = [_in(part.name, detail) for detail in each.details]
            blamed = _blamed(run, named, part.scope.workers)
            found = excuse(run, blamed, part.checks.max_gap_ms)
            details += found
            if part.scope.workers or each.of_cpus:
                results.append(each.judged(found))
            elif is_background(part.scope.step) and each.result.layer == part.name:
                details.append(_of_nobody(part.name, each.result.name))
    return details, results


def _of_nobody(phase: str, check: str) -> Detail:
    message = (
        f"{phase}: {check} is checked, and no worker told of this time; name those that are meant: "
        f"ctx.phase(name, *workers)"
    )
    return Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE)


def _blamed(
    run: RunRecord, details: list[Detail], workers: tuple[WorkerFacts, ...]
) -> list[Detail]:
    """The findings, less what others than the scheduler under test have done."""
    return not_held(run, not_charged(run, details, workers), workers)


def _in(part: str, detail: Detail) -> Detail:
    return dataclasses.replace(detail, message=f"{part}: {detail.message}") if part else detail


def _of_the_run(run: RunRecord, details: list[Detail]) -> list[CheckResult]:
    """The lines of the checks that are about the whole run, from what was found."""
    lived = run.end is not None and run.scheduler is not None
    results = []
    for name, seen, hits in (
        ("scheduler_alive", lived, [each for each in details if each.kind.is_of_scheduler]),
        (
            "clean_kernel_log",
            run.console is not None,
            [each for each in details if each.kind.is_of_kernel],
        ),
        *_of_invariants(run, details),
    ):
        if getattr(run.plan.checks, name):
            unseen = Verdict.PASS if seen else Verdict.INCONCLUSIVE
            hit = worst(detail.verdict for detail in hits)
            layer = run.plan.check_layers.get(name, "")
            results.append(CheckResult(name, None, layer, verdict=hit or unseen))
    return results


def _of_invariants(run: RunRecord, details: list[Detail]) -> list[tuple[str, bool, list[Detail]]]:
    """Nothing where nobody asked for them by name, and nothing could be told."""
    told = were_told(run)
    if not told and not asked_by_name(run):
        return []
    told = told and not lack_one(run)
    return [("invariants", told, [each for each in details if each.kind is Kind.INVARIANT])]
