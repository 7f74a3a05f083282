# SPDX-License-Identifier: Apache-2.0
"""The part of a result that is about disks: what was promised, and what the guest found."""

from __future__ import annotations

from ktstr.model.facts import DiskFacts
from ktstr.model.machine.disk import Disk
from ktstr.record.run import RunRecord
from ktstr.result import result_pb2
from ktstr.result.characters import encodable
from ktstr.result.make.mirror import mirrored


def disk_results(run: RunRecord) -> list[result_pb2.Disk]:
    """Each disk of the plan, with what the guest found."""
    seen = {facts.name: facts for facts in run.disks}
    return [_disk(disk, seen.get(disk.name)) for disk in run.plan.disks]


def _disk(disk: Disk, facts: DiskFacts | None) -> result_pb2.Disk:
    message = result_pb2.Disk(
        index=disk.index,
        name=encodable(disk.name),
        serial=encodable(disk.serial),
        promise=result_pb2.Disk.Promise(
            filesystem=disk.filesystem.value,
            size_bytes=disk.size_bytes,
            read_only=disk.read_only,
            mount_point=encodable(disk.mount_point),
            in_memory=disk.in_memory,
            throttle=mirrored(result_pb2.Disk.Throttle(), disk.throttle),
        ),
    )
    if facts is not None:
        mirrored(message.seen, facts, leave=("name", "serial"))
    return message
