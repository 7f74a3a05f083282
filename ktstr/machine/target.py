# SPDX-License-Identifier: Apache-2.0
"""What the `ktstr_test` rule tells the runner: the NAME.config.json of a target."""

from __future__ import annotations

from dataclasses import dataclass

from ktstr.model.machine.disk import Filesystem, Throttle
from ktstr.model.machine.numa import NumaLayout
from ktstr.model.machine.topology import Topology
from ktstr.model.payload import Payload


@dataclass(frozen=True)
class KernelFiles:
    """A kernel's files as runfiles paths; `bzimage` is empty where it has none.

    index: of vmlinux's symbols and types; only tests have it.  image: what machines of arm64 boot,
    empty of others.  dwarf: its debug information, where coverage is asked for, and the kernel has
    any.  patches: those of its sources, in their order.
    """

    label: str
    vmlinux: str
    bzimage: str
    config: str
    system_map: str
    build_info: str
    index: str = ""
    image: str = ""
    dwarf: str = ""
    patches: tuple[str, ...] = ()


@dataclass(frozen=True)
class SchedulerFiles:
    """A scheduler's initramfs layer (runfiles path) and how to start it; see ScxSchedulerInfo.

    checks: thresholds for every test of it, field of `Checks` to value as text.  enable, disable:
    the shell commands of one that is in the kernel, which has no program.  cgroup_parent: the
    cgroup of its process, workload_root_cgroup: that whose children are the tests', each below the
    mount and empty for the default.  config, data: guest paths of its configuration and of the
    folder of its files; empty where it has none.  config_text: the configuration where it is text.
    stats_socket: path in the guest, empty if it has none.
    """

    label: str
    name: str
    layer: str
    argv: tuple[str, ...]
    ops: str
    control: bool
    kargs: tuple[str, ...]
    sysctls: dict[str, str]
    checks: dict[str, str]
    stats_socket: str = ""
    enable: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    cgroup_parent: str = ""
    workload_root_cgroup: str = ""
    config: str = ""
    config_text: str = ""
    data: str = ""


@dataclass(frozen=True)
class DataFiles:
    """The initramfs layer (runfiles path) of a test's own files, and their names below DATA_DIR."""

    layer: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class PayloadFiles:
    """A payload's initramfs layer (runfiles path) and how to run it."""

    label: str
    layer: str
    payload: Payload


@dataclass(frozen=True)
class WorkerFiles:
    """The initramfs layer (runfiles path) of a work type of the author's own."""

    label: str
    layer: str
    name: str


@dataclass(frozen=True)
class DiskFiles:
    """A disk of the target: its template (runfiles path of a qcow2) and what the target wants.

    `name` is empty where the target gives none.  key_file: runfiles path of the file that holds the
    template's content key, `<file system>-<MiB>m-<fingerprint of what made it>`, and no newline.
    """

    label: str
    template: str
    key_file: str
    filesystem: Filesystem
    size_mb: int
    name: str
    read_only: bool
    auto_mount: bool
    throttle: Throttle


@dataclass(frozen=True)
class Target:
    """A ktstr_test target as known in analysis.  Paths are runfiles paths (rlocation).

    bazel: the command that runs Bazel in the target's workspace.  libraries: Python files that the
    sources import.  import_roots: runfiles directories that imports begin at.  timeout_s: what
    Bazel allows where its environment does not say.  staged: schedulers that tests may bring in.
    sampler: the initramfs layer with what tests with `trace` need.
    oversized: `tcg` or `refuse`, for a topology with more CPUs than the machine that runs the test.
    shape_mb: MiB that the build gives guests of this machine in virtual time, without knowing how
    large layers and disks are.  template: directory of the saved guest that tests are cloned from;
    empty where the build makes none.  no_template: why it makes none for this machine, where that
    is not the accelerator.  fresh_boot: whether every test boots a machine of its own.  same_seed:
    whether every run of `--runs_per_test` has `seed`, rather than one of its own.  passed_env:
    names of variables that the target sets or inherits.  core: whether the memory of a guest that
    does not come to its end is kept.  replay: which failed tests are played again: `off`, `events`
    or `all`.  coverage: whether it is told what code the tests reach.  workload_root_cgroup: that
    whose children are the tests' cgroups, empty for the default.  scheduler_config: in place of the
    scheduler's own; empty where that holds.  data: files for test functions.
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
    payloads: tuple[PayloadFiles, ...]
    disks: tuple[DiskFiles, ...]
    topology: str
    memory_mb: int
    accel: str
    qemu: str
    kargs: tuple[str, ...]
    seed: int
    timeout_s: int
    staged: tuple[SchedulerFiles, ...] = ()
    numa: NumaLayout | None = None
    oversized: str = "tcg"
    workers: tuple[WorkerFiles, ...] = ()
    sampler: str = ""
    shape_mb: int = 0
    template: str = ""
    no_template: str = ""
    fresh_boot: bool = False
    same_seed: bool = False
    passed_env: tuple[str, ...] = ()
    core: bool = False
    replay: str = "events"
    coverage: bool = False
    workload_root_cgroup: str = ""
    scheduler_config: str = ""
    data: DataFiles | None = None

    @property
    def machine(self) -> Topology:
        """The topology that the target's tests run on.

        Raises:
            UsageError: there is no such machine.
        """
        return Topology.parse(self.topology, self.numa)
