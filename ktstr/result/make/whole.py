# SPDX-License-Identifier: Apache-2.0
"""Makes the one record that is kept of a test: `result.proto` describes it."""

from __future__ import annotations

from ktstr.host.context import HostContext
from ktstr.judge.judgement import Judgement
from ktstr.judge.workers.views import seen_words
from ktstr.model.errors import InfraError, UsageError
from ktstr.record.identity import FileDigest, Identity
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.characters import encodable
from ktstr.result.make.checks_part import add_checks
from ktstr.result.make.guest_part import add_guest_part
from ktstr.result.make.host_part import host_part
from ktstr.result.make.inside_part import add_inside
from ktstr.result.make.places_part import add_places, places_of
from ktstr.result.write import SCHEMA_VERSION


def result_of(
    run: RunRecord, judgement: Judgement, identity: Identity, host: HostContext
) -> result_pb2.Result:
    """The whole result of one test.  Only its `host` part depends on `host` and the host's samples.

    Raises:
        InfraError: a fact of the guest does not fit, e.g. a negative number of nanoseconds.
    """
    try:
        result = result_pb2.Result(
            schema_version=SCHEMA_VERSION,
            identity=_identity(run, identity),
            verdict=judgement.verdict.name,
            remarks=[encodable(words) for words in judgement.remarks],
            evidence=[encodable(words) for words in judgement.evidence],
            expectation=encodable(judgement.expectation),
            ending=result_pb2.Ending(
                kind=run.ending.kind.value, detail=encodable(run.ending.detail)
            ),
            places=places_of(run.plan),
            host=host_part(run, host),
        )
        for detail in judgement.details:
            result.details.add(
                kind=detail.kind.name,
                verdict=detail.verdict.name,
                message=encodable(detail.message),
                subject=encodable(detail.subject),
            )
        add_checks(result, judgement)
        add_guest_part(result, run, judgement.statistics)
        add_inside(result, run)
    except (TypeError, ValueError, UsageError) as error:
        raise InfraError(
            f"what the guest of {run.plan.test} reported does not fit into a result: {error}; "
            f"frames.bin has it as it came"
        ) from error
    return result


def _identity(run: RunRecord, identity: Identity) -> result_pb2.Identity:
    release = run.hello.kernel_release if run.hello else ""
    message = result_pb2.Identity(
        label=identity.label,
        test=run.plan.test,
        source=run.plan.source,
        bazel=identity.bazel,
        kernel=result_pb2.Kernel(
            label=identity.kernel.label,
            release=encodable(release),
            vmlinux=_digest(identity.kernel.vmlinux),
            config=_digest(identity.kernel.config),
        ),
        topology=result_pb2.Topology(asked=run.plan.topology, seen=_seen(run)),
        accelerator=result_pb2.Accelerator(name=identity.accel.value, reason=identity.accel_reason),
        seed=identity.seed,
        initramfs=[_digest(layer) for layer in identity.initramfs],
        qemu=_digest(identity.qemu),
        plan_json=encodable(run.plan.to_json()),
        plan_digest=run.plan.digest(),
        brought=[_digest(file) for file in identity.brought],
        own_layer=run.own_layer,
        machine=identity.machine,
        patches=[_digest(patch) for patch in identity.kernel.patches],
    )
    if identity.scheduler is not None:
        message.scheduler.label = identity.scheduler.label
        message.scheduler.layer.CopyFrom(_digest(identity.scheduler.layer))
        if run.plan.scheduler is not None:
            message.scheduler.name = run.plan.scheduler.name
            message.scheduler.argv.extend(run.plan.scheduler.argv)
            message.scheduler.ops = run.plan.scheduler.ops
            add_places(message.scheduler, run.plan.scheduler)
    return message


def _seen(run: RunRecord) -> str:
    if run.hello is None:
        return ""
    try:
        return seen_words(run.plan, run.hello)
    except UsageError as error:
        return encodable(f"unreadable: {error}")


def _digest(file: FileDigest) -> result_pb2.Digest:
    return result_pb2.Digest(name=file.name, sha256=file.sha256)
