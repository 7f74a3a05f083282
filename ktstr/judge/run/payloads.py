# SPDX-License-Identifier: Apache-2.0
"""What became of the payloads: their checks, and whether all that were started reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ktstr.model.facts import PayloadFacts
from ktstr.model.payload import PayloadEnd
from ktstr.model.payload_checks import About, ending, failures, is_only_default, skip_reason
from ktstr.model.payload_run import Key, payload_cgroup
from ktstr.model.plan import Plan
from ktstr.model.scenario.parts import ops_of
from ktstr.model.scenario.scenario import RunPayload
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.record.run import RunRecord

_UNUSUAL = frozenset({PayloadEnd.TIMEOUT, PayloadEnd.KILLED, PayloadEnd.SIGNALLED})

_OF_METRICS = frozenset({About.METRIC, About.LIMIT})


def payloads(run: RunRecord) -> list[Detail]:
    """FAIL for every failed check of a payload; INCONCLUSIVE for what could not be checked.

    That is one that was not started, or lost sight of, one whose checks nobody waited for, and one
    that the scenario started and that reported nothing.  SKIP for one whose exit code says so: its
    checks have shown nothing, so the test cannot pass, whatever else was well.
    """
    details = [
        detail for facts in run.payloads if not _is_excused(facts, run) for detail in _judge(facts)
    ]
    done = all(facts.steps_done == facts.steps_planned for facts in run.scenarios)
    if run.end is not None and run.scenarios and done:
        details += [
            _untold(About.END, f"{_named(*key)} was to be started{_times(n)} and reported nothing")
            for key, n in missing(run).items()
        ]
    return details


def planned_payloads(plan: Plan) -> Counter[Key]:
    """How often, at least, the plan's scenario starts each payload in each cgroup."""
    if plan.scenario is None:
        return Counter()
    starts = (op for op in ops_of(plan.scenario) if isinstance(op, RunPayload))
    return Counter((op.payload, payload_cgroup(op.cgroup)) for op in starts)


def missing(run: RunRecord) -> Counter[Key]:
    """The planned starts of payloads of which nothing was heard."""
    heard = Counter((facts.payload, facts.cgroup) for facts in run.payloads)
    return planned_payloads(run.plan) - heard


def payload_name(facts: PayloadFacts) -> str:
    """E.g. `payload fio in cg_0`."""
    return _named(facts.payload, facts.cgroup)


def payload_remarks(run: RunRecord) -> Iterator[str]:
    """What was odd about payloads, and changes no verdict: also handles left behind, output cut."""
    for facts in run.payloads:
        name = payload_name(facts)
        if facts.left_behind:
            processes = ", ".join(facts.left_behind)
            yield f"{name} left processes behind, which were killed: {processes}"
        for note in facts.notes:
            yield f"{name}: {note}"
        if _is_excused(facts, run):
            yield f"{name} {ending(facts)}, and the test function said SKIP after that"


def _is_excused(facts: PayloadFacts, run: RunRecord) -> bool:
    """Whether only the exit code is odd, no check is about that, and the function said SKIP.

    It has looked at the code, and knows better than a default what it means.
    """
    said = run.test is not None and run.test.verdict == Verdict.SKIP.value
    return said and not facts.error and is_only_default(facts)


def _judge(facts: PayloadFacts) -> Iterator[Detail]:
    name = payload_name(facts)
    if facts.end is PayloadEnd.NOT_STARTED:
        words = "; ".join(failure.words for failure in failures(facts))
        yield _untold(About.END, f"{name} {words}")
        return
    if facts.error:
        yield _untold(About.END, f"{name} could not be followed: {facts.error}")
    if facts.end is PayloadEnd.DROPPED and facts.checks:
        words = f"its {len(facts.checks)} checks were not judged; wait() for it or kill() it"
        yield _untold(About.END, f"{name} {ending(facts)}: {words}")
    skipped = skip_reason(facts)
    if skipped and not facts.error:
        yield Detail(Kind.PAYLOAD, f"{name} {skipped}", Verdict.SKIP, About.END.value)
    for failure in failures(facts):
        if facts.error and failure.about is not About.DEADLINE:
            continue  # what is known of its end, and so of all that it printed, is not sure
        if failure.about in _OF_METRICS:
            # a metric may be missing because of how it ended
            how = f" {ending(facts)};" if facts.end in _UNUSUAL else ":"
            message = f"{name}{how} {failure.words}"
        else:
            message = f"{name} {failure.words}"
        yield Detail(Kind.PAYLOAD, message, Verdict.FAIL, failure.about.value)


def _untold(about: About, message: str) -> Detail:
    return Detail(Kind.PAYLOAD, message, Verdict.INCONCLUSIVE, about.value)


def _named(payload: str, cgroup: str | None) -> str:
    return f"payload {payload}" if cgroup is None else f"payload {payload} in {cgroup}"


def _times(n: int) -> str:
    return "" if n == 1 else f" {n} times more"
