# SPDX-License-Identifier: Apache-2.0
"""What was run: the inputs of a test, named by their content."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.host.accel import Accel


@dataclass(frozen=True)
class FileDigest:
    """A file by its runfiles path and its SHA-256 in hex; empty when it could not be read."""

    name: str
    sha256: str


@dataclass(frozen=True)
class KernelIdentity:
    """The kernel that was booted. patches: those of its sources, in the order of applying them."""

    label: str
    vmlinux: FileDigest
    config: FileDigest
    patches: tuple[FileDigest, ...] = ()


@dataclass(frozen=True)
class SchedulerIdentity:
    """The scheduler that was to run; its arguments are in the plan."""

    label: str
    layer: FileDigest


@dataclass(frozen=True)
class Identity:
    """The inputs that a target's tests share.

    bazel: the command that runs Bazel in the target's workspace.  accel_reason: why this
    accelerator, in words that are the same wherever the choice is the same; the story of the probe
    on this machine belongs into `HostContext.notes`.  brought: layers beside `initramfs`, and the
    content keys of disks.  machine: what `machine_digest` says of it in virtual time, empty in real
    time.
    """

    label: str
    bazel: str
    kernel: KernelIdentity
    scheduler: SchedulerIdentity | None
    accel: Accel
    accel_reason: str
    seed: int
    initramfs: tuple[FileDigest, ...]
    qemu: FileDigest
    brought: tuple[FileDigest, ...]
    machine: str
