# SPDX-License-Identifier: Apache-2.0
"""What the `ktstr_test` rule tells the runner: the NAME.config.json of a target."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KernelFiles:
    """A kernel_image's outputs as runfiles paths."""

    label: str
    vmlinux: str
    bzimage: str
    config: str
    system_map: str
    build_info: str


@dataclass(frozen=True)
class SchedulerFiles:
    """A scheduler's initramfs layer (runfiles path) and how to start it; see ScxSchedulerInfo."""

    label: str
    name: str
    layer: str
    argv: tuple[str, ...]
    ops: str
    control: bool
    kargs: tuple[str, ...]
    sysctls: dict[str, str]


@dataclass(frozen=True)
class Target:
    """A ktstr_test target as known in analysis.  Paths are runfiles paths (rlocation).

    bazel: the command that runs Bazel in the target's workspace.  libraries: Python files that the
    sources import.  import_roots: runfiles directories that imports begin at.  timeout_s: what
    Bazel allows where its environment does not say.
    """

    label: str
    bazel: str
    sources: tuple[str, ...]
    libraries: tuple[str, ...]
    import_roots: tuple[str, ...]
    kernel: KernelFiles
    initramfs: tuple[str, ...]
    scheduler: SchedulerFiles | None
    scheduler_args: tuple[str, ...]
    topology: str
    memory_mb: int
    accel: str
    qemu: str
    kargs: tuple[str, ...]
    seed: int
    timeout_s: int
