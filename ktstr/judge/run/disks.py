# SPDX-License-Identifier: Apache-2.0
"""Whether the guest had the disks that the test was promised."""

from __future__ import annotations

from collections.abc import Iterator

from ktstr.model.facts import DiskFacts
from ktstr.model.machine.disk import MAGIC, Disk
from ktstr.model.verdict.checks import Detail, Verdict
from ktstr.model.verdict.kinds import Kind
from ktstr.model.wire.events import EventName
from ktstr.record.run import RunRecord

_MIB = 1 << 20
_NAMES = {magic: filesystem.value for filesystem, magic in MAGIC.items()}


def disks(run: RunRecord) -> list[Detail]:
    """INCONCLUSIVE for every disk that the guest did not find as it was promised.

    Of a guest that did not come to its end, a disk that was not told of is no news.
    """
    seen = {facts.name: facts for facts in run.disks}
    details = []
    for disk in run.plan.disks:
        facts = seen.pop(disk.name, None)
        if facts is not None:
            wrong = "; ".join(differences(disk, facts))
        else:
            wrong = "the guest reported nothing about it" if run.end is not None else ""
        if wrong:
            details.append(_infra(f"disk {disk.name} ({promise(disk)}): {wrong}", disk.name))
    for name in seen:
        details.append(_infra(f"the guest reports a disk {name!r}, which the plan has not", name))
    return details


def promise(disk: Disk) -> str:
    """What the guest is to see, e.g. `btrfs, 256 MiB, read-only, at /mnt/data`."""
    access = ", in the guest's memory" if disk.in_memory else ""
    access += ", read-only" if disk.read_only else ""
    where = f", at {disk.mount_point}" if disk.mount_point else ", not mounted"
    return f"{disk.filesystem.value}, {_size(disk.size_bytes)}{access}{where}"


def differences(disk: Disk, facts: DiskFacts) -> Iterator[str]:
    """What the guest found otherwise, a clause for each thing; none when it is as promised."""
    if facts.error:
        yield facts.error
    if not facts.device:
        if not facts.error:
            yield f"the guest names no device with serial number {disk.serial!r}"
        return
    if facts.size_bytes != disk.size_bytes:
        yield f"{facts.device} has {_size(facts.size_bytes)}"
    if facts.read_only != disk.read_only:
        yield f"{facts.device} is {'read-only' if facts.read_only else 'writable'}"
    if facts.mount_point != disk.mount_point:
        if facts.mount_point or not facts.error:  # else the error says it
            yield f"{facts.device} is mounted at {facts.mount_point or 'no place'}"
    elif disk.mount_point and facts.magic != MAGIC.get(disk.filesystem):
        found = _NAMES.get(facts.magic, "an unknown file system")
        yield f"what is mounted there is {found} (magic {facts.magic:#x})"


def disk_remarks(run: RunRecord) -> Iterator[str]:
    """What was odd about disks, and changes no verdict."""
    for event in run.events:
        if event.name == EventName.DISK_BUSY:
            yield f"a disk was still in use when the test was over: {event.detail}"


def is_as_promised(disk: Disk, facts: DiskFacts | None) -> bool:
    """Whether nothing is wrong with it."""
    return facts is not None and not any(differences(disk, facts))


def _size(size_bytes: int) -> str:
    return f"{size_bytes} bytes" if size_bytes % _MIB else f"{size_bytes // _MIB} MiB"


def _infra(message: str, name: str) -> Detail:
    return Detail(Kind.INFRA, message, Verdict.INCONCLUSIVE, name)
