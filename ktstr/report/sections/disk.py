# SPDX-License-Identifier: Apache-2.0
"""The report's lines on disks: what they were to be, where they were, how they were copied."""

from __future__ import annotations

from ktstr.result import result_pb2
from ktstr.result.characters import one_line

_MIB = 1 << 20
_LIMITS = ("iops", "bytes_per_s", "iops_burst", "bytes_burst")


def disk_lines(result: result_pb2.Result) -> list[str]:
    """A line for each disk, and one for each reason why runs may differ because of it."""
    clones = {clone.name: clone for clone in result.host.disk_clones}
    lines = []
    for disk in result.disks:
        clone = clones.get(disk.name)
        how = _clone(clone) if clone is not None else "how it was copied was not noted"
        lines.append(one_line(f"{disk.name}: {_promise(disk.promise)}; {_seen(disk)}; {how}"))
        if clone is not None and clone.varies:
            lines.append(f"  runs may differ because of it: {one_line(clone.varies)}")
    return lines


def _promise(promise: result_pb2.Disk.Promise) -> str:
    words = [f"{promise.filesystem} of {promise.size_bytes / _MIB:.10g} MiB"]
    if promise.read_only:
        words.append("read-only")
    for limit in _LIMITS:
        value = getattr(promise.throttle, limit)
        if value:
            words.append(f"{limit} {value}")
    return ", ".join(words)


def _seen(disk: result_pb2.Disk) -> str:
    if not disk.HasField("seen"):
        return "the guest did not tell of it"
    device = disk.seen.device or "no device"
    return f"{device} at {disk.seen.mount_point}" if disk.seen.mount_point else device


def _clone(clone: result_pb2.Host.DiskClone) -> str:
    why = f" ({clone.reason})" if clone.reason else ""
    return f"{clone.backend} in {clone.wall_s * 1e3:.0f} ms{why}"
