# SPDX-License-Identifier: Apache-2.0
"""Whether the run came to its end and all that was measured arrived."""

from __future__ import annotations

from ktstr.host.ending import OUT_OF_TIME, EndingKind
from ktstr.judge.run.payloads import planned_payloads
from ktstr.judge.scheduler import never_ran
from ktstr.judge.workers.subjects import crashed, worker_name
from ktstr.model.plan import Plan
from ktstr.model.scenario.conditions import OnTimeout
from ktstr.model.scenario.parts import made_by, parts_of
from ktstr.model.scenario.scenario import Spawn, SpawnHost
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.events import EventName
from ktstr.record.run import RunRecord

_DAMAGES_SHOWN = 3
# no signs of the test's own: a second run has them, and is held against one without
_RECORDERS = (EventName.RECORDER_BEGIN, EventName.RECORDER_END)
# characters of an event's detail that a message has room for
_SHORT = 40


def ending(run: RunRecord) -> list[Detail]:
    """Why the machine ended, when that was not by the guest's own orderly end.

    A guest that stops answering once it is up FAILs (hang): what ran in it did that.  One that
    never said hello is INCONCLUSIVE: nothing under test had started.  Panics are judged elsewhere.
    """
    kind, detail = run.ending.kind, run.ending.detail
    if kind is EndingKind.DEADLINE:
        if run.hello is None:
            message = (
                f"the guest did not come up: deadline {detail!r} passed before its hello; "
                f"see console.log"
            )
            return [Detail(Kind.HANG, message, Verdict.INCONCLUSIVE)]
        if detail.startswith(OUT_OF_TIME):
            return [
                _infra(
                    f"{detail} was used up before the test was over; give the target a larger "
                    f"`timeout`, a `shard_count`, or the test a shorter duration"
                )
            ]
        after = _last_sign(run)
        message = f"the guest hangs: deadline {detail!r} passed, its last sign was {after!r}"
        return [Detail(Kind.HANG, message)]
    if kind is EndingKind.KILLED:
        return [_infra(f"QEMU was killed from outside ({detail}); run the test again")]
    if kind is EndingKind.QEMU_ERROR:
        return [_infra(f"QEMU failed: {detail}; qemu.cmd has the command")]
    if kind is EndingKind.TERMINATED:
        return [_infra(f"the runner was told to stop ({detail}) before the test was over")]
    if kind is EndingKind.EXITED and run.end is None:
        last = _last_sign(run)
        return [
            _infra(
                f"the guest went down without its end record (last heard: {last}): a reset, a "
                f"power-off from inside, or a lost agent; see console.log"
            )
        ]
    return []


def transport(run: RunRecord) -> list[Detail]:
    """INCONCLUSIVE for every damaged or missing frame, and for a failure of the agent itself."""
    details = []
    for damage in run.damages[:_DAMAGES_SHOWN]:
        message = f"frames: {damage.reason} at byte {damage.offset} of frames.bin"
        details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    if len(run.damages) > _DAMAGES_SHOWN:
        message = f"frames: {len(run.damages) - _DAMAGES_SHOWN} more damaged places"
        details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    details += _between_function_and_agent(run)
    if run.end is not None and run.end.frames != run.frames_seen:
        message = f"frames: the guest sent {run.end.frames}, {run.frames_seen} arrived"
        details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    if run.end is not None and run.end.agent_error:
        details.append(_infra(f"the guest's agent failed: {run.end.agent_error}"))
    return details


def _between_function_and_agent(run: RunRecord) -> list[Detail]:
    damages = run.test.damages if run.test is not None else ()
    if not damages:
        return []
    shown = "; ".join(damages[:_DAMAGES_SHOWN])
    message = (
        f"frames: {len(damages)} damaged places in what the test function's process sent, so facts "
        f"may be missing: {shown}; was it killed, or did a process that it forked use its ctx?"
    )
    return [Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE)]


def scenarios(run: RunRecord) -> list[Detail]:
    """INCONCLUSIVE for a scenario that could not be carried out or stopped without a cause."""
    details = []
    expected = run.plan.scenario is not None and not never_ran(run)
    if expected and run.end is not None and not run.scenarios:
        message = "the guest reported nothing about the scenario"
        details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    for facts in run.scenarios:
        done = f"{facts.steps_done} of {facts.steps_planned} steps done"
        if facts.error:
            message = f"the scenario could not be carried out ({done}): {facts.error}"
            kind = Kind.USAGE if facts.mistaken else Kind.NO_DATA
            details.append(Detail(kind, message, Verdict.INCONCLUSIVE))
        elif any(each.on_timeout is not OnTimeout.GO_ON for each in facts.timeouts):
            continue  # a wait ended it: ktstr.judge.run.waits
        elif facts.steps_done < facts.steps_planned:
            why = facts.stopped_because or "no reason given"
            message = f"the scenario ended early ({done}): {why}"
            details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    return details


def worker_reports(run: RunRecord) -> list[Detail]:
    """INCONCLUSIVE for workers that were refused something, that died, or that are missing."""
    details = []
    for worker in run.workers:
        name = worker_name(worker)
        for error in worker.errors:
            message = f"{name} ({worker.work_type}): {error}"
            details.append(Detail(Kind.WORKER_ERROR, message, Verdict.INCONCLUSIVE, name))
        # a worker that was merely starved is the scheduler's: not_starved says so, where it is on
        starved = run.plan.checks.not_starved and not worker.work_units and not crashed(worker)
        if not worker.completed and not starved and not worker.errors:
            message = (
                f"{name} ({worker.work_type}) did not come to its end: "
                f"{worker.exit_info or 'no exit information'}"
            )
            details.append(Detail(Kind.WORKER_ERROR, message, Verdict.INCONCLUSIVE, name))
    planned = planned_workers(run.plan)
    done = all(facts.steps_done == facts.steps_planned for facts in run.scenarios)
    if run.end is not None and run.scenarios and done:
        missing = planned - len(run.workers)
        if missing > 0:
            message = f"{missing} of {planned} planned workers reported nothing"
            details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    idle = run.scenarios and not run.workers and planned == 0 and not planned_payloads(run.plan)
    if idle and run.plan.checks.not_starved:
        message = (
            "checks of workers are on, but the scenario starts none: give a CgroupDef works, or "
            "switch them off with Checks(not_starved=False)"
        )
        details.append(Detail(Kind.NO_DATA, message, Verdict.INCONCLUSIVE))
    return details


def planned_workers(plan: Plan) -> int:
    """The least number of workers that the plan's scenario starts; 0 without a scenario."""
    if plan.scenario is None:
        return 0
    default, total = plan.workers_per_cgroup, 0
    cpus = plan.machine.cpus
    for part in parts_of(plan.scenario):
        works = [work for cgroup in made_by(part) for work in cgroup.works or ()]
        works += [op.work for op in part.ops if isinstance(op, Spawn | SpawnHost)]
        total += sum(work.count(default, cpus) for work in works)
    return total


def _last_sign(run: RunRecord) -> str:
    """The last event, with what it was about, as far as that is short."""
    events = [each for each in run.events if each.name not in _RECORDERS]
    if not events:
        return "hello" if run.hello else "nothing"
    last = events[-1]
    return f"{last.name} {last.detail}" if 0 < len(last.detail) <= _SHORT else last.name.value


def _infra(message: str) -> Detail:
    return Detail(Kind.INFRA, message, Verdict.INCONCLUSIVE)
