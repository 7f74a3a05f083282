# SPDX-License-Identifier: Apache-2.0
"""A run read back from what its test left: frames.bin, and result.pb for the host's part.

What the guest sent is in frames.bin as it came, and is collected again. What only the host knew is
in result.pb: the plan, how the machine ended, how the console was read, what was run and where.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ktstr.console.findings import ConsoleFinding, ConsoleKind
from ktstr.host.accel import Accel
from ktstr.host.context import HostContext
from ktstr.host.disk_clone import DiskBackend, DiskClone
from ktstr.host.ending import Ending, EndingKind
from ktstr.host.probes import ProbeFacts
from ktstr.host.sample import HostSample
from ktstr.host.start import StartFacts, StartKind
from ktstr.introspect.costs.costs import Cost, OpCosts
from ktstr.introspect.invariants.findings import (
    Broken,
    Counted,
    InvariantFindings,
    Lacked,
    Term,
)
from ktstr.introspect.occasions.taken import Taken
from ktstr.model.errors import UsageError
from ktstr.model.plan import Plan
from ktstr.record.collect import Collector
from ktstr.record.identity import FileDigest, Identity, KernelIdentity, SchedulerIdentity
from ktstr.record.inside import post_mortem_in, replay_in, snapshots_in
from ktstr.record.read_monitor import monitor_series
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.write import SCHEMA_VERSION


@dataclass(frozen=True)
class SavedRun:
    """All that a result is made of, but for the judgement."""

    run: RunRecord
    identity: Identity
    host: HostContext


def has_run(result: result_pb2.Result) -> bool:
    """Whether a guest was started: what is told of a test without one was never judged."""
    return result.host.HasField("start")


def read_run(folder: Path, result: result_pb2.Result) -> SavedRun:
    """The run whose `result` is in `folder`.

    Raises:
        UsageError: frames.bin is missing, or the result is of another schema, plan or words.
    """
    if result.schema_version != SCHEMA_VERSION:
        raise UsageError(
            f"{folder} holds a result of schema {result.schema_version}; this ktstr judges "
            f"{SCHEMA_VERSION} again, and renders older ones"
        )
    try:
        stream = (folder / "frames.bin").read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read {folder / 'frames.bin'}, which holds what the guest sent: "
            f"{error.strerror}"
        ) from error
    try:
        run = _run(stream, result)
        if run.unknown_frames > result.transport.unknown_frames:
            raise UsageError(
                f"{run.unknown_frames} of its frames are of kinds that it does not know"
            )
        return SavedRun(run, _identity(result.identity), _host(result.host))
    except (ValueError, UsageError) as error:
        raise UsageError(
            f"the run in {folder} is of another version than this ktstr: {error}"
        ) from error


def _run(stream: bytes, result: result_pb2.Result) -> RunRecord:
    collector = Collector()
    for _ in collector.feed(stream):
        pass
    collector.finish()
    host = result.host
    between = (host.scenario.start_s, host.scenario.end_s) if host.HasField("scenario") else None
    run = collector.record(
        Plan.from_json(result.identity.plan_json),
        Accel(result.identity.accelerator.name),
        Ending(EndingKind(result.ending.kind), result.ending.detail),
        console=_findings(result.console),
        host_samples=tuple(
            HostSample(each.at_s, each.vcpu, each.run_ns, each.wait_ns) for each in host.samples
        ),
        scenario_host_s=between,
        disk_clones=tuple(
            DiskClone(each.name, DiskBackend(each.backend), each.reason, each.wall_s, each.varies)
            for each in host.disk_clones
        ),
        start=_start(host.start) if host.HasField("start") else None,
    )
    if host.HasField("probes"):
        run = replace(run, probes=_probes(host.probes))
    if result.HasField("monitor"):
        run = replace(run, monitor=monitor_series(result.monitor))
    if result.HasField("invariants"):
        run = replace(run, invariants=_invariants(result.invariants))
    if result.HasField("op_costs"):
        run = replace(run, op_costs=_op_costs(result.op_costs))
    if result.HasField("snapshot_watch"):
        watch = result.snapshot_watch
        run = replace(run, taken=Taken(problem=watch.problem, mistaken=watch.mistaken))
    return replace(
        run,
        own_layer=result.identity.own_layer,
        post_mortem=post_mortem_in(result),
        snapshots=snapshots_in(result),
        replay=replay_in(result),
    )


def _findings(console: result_pb2.Console) -> tuple[ConsoleFinding, ...] | None:
    if not console.classified:
        return None
    return tuple(
        ConsoleFinding(ConsoleKind(each.kind), each.line_number, each.text, each.excerpt)
        for each in console.findings
    )


def _start(start: result_pb2.Host.Start) -> StartFacts:
    hello_s = start.hello_s if start.HasField("hello_s") else None
    return StartFacts(StartKind(start.kind), start.template, start.reason, hello_s)


def _probes(probes: result_pb2.Host.Probes) -> ProbeFacts:
    return ProbeFacts(probes.watched, probes.records, probes.lost, probes.problem)


def _invariants(found: result_pb2.Invariants) -> InvariantFindings:
    return InvariantFindings(
        tuple(Counted(each.name, each.held, each.failed, each.unknown) for each in found.counted),
        tuple(_broken(each) for each in found.broken),
        tuple(Lacked(each.name, each.reason, each.option) for each in found.lacked),
        found.problem,
        not found.unproven,
    )


def _op_costs(made: result_pb2.OpCosts) -> OpCosts:
    costs = tuple(
        Cost(
            each.whose,
            tuple(
                value
                for value, calls in zip(each.instructions, each.calls, strict=True)
                for _ in range(calls)
            ),
        )
        for each in made.costs
    )
    return OpCosts(costs, tuple(made.asleep), made.problem)


def _broken(each: result_pb2.Invariants.Broken) -> Broken:
    return Broken(
        each.name,
        each.says,
        each.source,
        each.of_scheduler,
        each.instant,
        each.cpu,
        each.clock_ns,
        each.task,
        each.pid,
        tuple(Term(term.text, term.value) for term in each.terms),
    )


def _host(host: result_pb2.Host) -> HostContext:
    return HostContext(
        hostname=host.hostname,
        kernel=host.kernel,
        cpu_model=host.cpu_model,
        cpus=host.cpus,
        load_average=tuple(host.load_average),
        started_at=host.started_at,
        wall_s={phase.name: phase.seconds for phase in host.wall},
        notes={note.name: note.text for note in host.notes},
        run=host.run,
    )


def _identity(message: result_pb2.Identity) -> Identity:
    kernel, scheduler = message.kernel, None
    if message.HasField("scheduler"):
        scheduler = SchedulerIdentity(message.scheduler.label, _digest(message.scheduler.layer))
    return Identity(
        label=message.label,
        bazel=message.bazel,
        kernel=KernelIdentity(
            kernel.label,
            _digest(kernel.vmlinux),
            _digest(kernel.config),
            tuple(_digest(patch) for patch in message.patches),
        ),
        scheduler=scheduler,
        accel=Accel(message.accelerator.name),
        accel_reason=message.accelerator.reason,
        seed=message.seed,
        initramfs=tuple(_digest(layer) for layer in message.initramfs),
        qemu=_digest(message.qemu),
        brought=tuple(_digest(file) for file in message.brought),
        machine=message.machine,
    )


def _digest(digest: result_pb2.Digest) -> FileDigest:
    return FileDigest(digest.name, digest.sha256)
