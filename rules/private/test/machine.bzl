# SPDX-License-Identifier: Apache-2.0
"""The machine of a `ktstr_test`: what it shares with the `vm_template` that its guests are clones of."""

load("//rules/private/build:label_text.bzl", "label_text")
load("//rules/private/providers:initramfs_info.bzl", "InitramfsInfo")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")
load(":kargs.bzl", "karg_problem")
load(":numa.bzl", "numa_total", "parse_numa")
load(
    ":payloads.bzl",
    "PAYLOAD_ATTRS",
    "PAYLOAD_MIB",
    "check_payloads",
    "payload_files",
    "payloads_config",
    "payloads_mib",
)
load(
    ":schedulers.bzl",
    "SCHEDULER_ATTRS",
    "check_schedulers",
    "scheduler_config",
    "scheduler_files",
    "staged_config",
)
load(":topology.bzl", "parse_topology", "topology_threads")
load(":workers.bzl", "WORKER_ATTRS", "check_workers", "worker_files", "workers_config")

visibility("private")

DEFAULT_TOPOLOGY = "1n1l2c1t"

# Spec 1.7: the least memory of a guest, in MiB, whatever its topology, and for each CPU.
_LEAST_MIB = 256
_PER_CPU_MIB = 64

# What the program that starts QEMU takes besides the guest's memory, MiB.
_RUNNER_MIB = 128

# What of a saved guest's memory is not zero, MiB: measured are 95 at 2 CPUs and 113 at 8.
_SAVED_MIB = 96
_SAVED_PER_CPU_MIB = 4

MACHINE_ATTRS = {
    "kargs": attr.string_list(
        doc = "Further kernel arguments.",
    ),
    "kernel": attr.label(
        default = "//rules:kernel",
        providers = [KernelImageInfo],
        doc = "The kernel to boot: a kernel_image or prebuilt_kernel. `--@ktstr//rules:kernel` " +
              "sets that of the tests that name none; it is Linux 6.12.",
    ),
    "memory_mb": attr.int(
        default = 0,
        doc = "Least memory of the guest in MiB; 0: what topology and initramfs need, i.e. 64 " +
              "for each CPU and 256 at least.",
    ),
    "numa": attr.string(
        doc = "What each NUMA node has, as JSON; empty: all the same. The macro writes it.",
    ),
    "topology": attr.string(
        default = DEFAULT_TOPOLOGY,
        doc = "NnNlNcNt: NUMA nodes, LLCs of the machine, cores per LLC, threads per core.",
    ),
    "_base": attr.label(
        default = "//ktstr/guest:base",
        providers = [InitramfsInfo],
    ),
    "_qemu": attr.label(
        default = "//tools/qemu:qemu",
    ),
    "_sampler": attr.label(
        default = "//ktstr/sampler:layer",
        allow_single_file = True,
    ),
} | PAYLOAD_ATTRS | SCHEDULER_ATTRS | WORKER_ATTRS

def check_machine(ctx):
    """Fails on what can be known to be wrong with a machine before anything is built.

    Args:
      ctx: of a rule with MACHINE_ATTRS.

    Returns:
      The number of CPUs of the topology.
    """
    cpus = None
    layout, problem = parse_numa(ctx.attr.numa)
    if not problem:
        cpus, problem = parse_topology(ctx.attr.topology, layout)
    if problem:
        fail("%s: %s" % (ctx.label, problem))
    if ctx.attr.memory_mb and ctx.attr.memory_mb < _LEAST_MIB:
        fail(("%s: memory_mb is %d; a guest needs at least %d MiB. Leave it out (0) to get what " +
              "the topology needs") % (ctx.label, ctx.attr.memory_mb, _LEAST_MIB))
    for karg in ctx.attr.kargs:
        if not karg or " " in karg or "\t" in karg or "\n" in karg:
            fail("%s: kargs: %r is not one kernel argument; give each its own list item" % (
                ctx.label,
                karg,
            ))
        problem = karg_problem(karg, topology_threads(ctx.attr.topology))
        if problem:
            fail("%s: kargs: %r is reserved: %s" % (ctx.label, karg, problem))
    check_payloads(ctx)
    check_schedulers(ctx, topology_threads(ctx.attr.topology))
    check_workers(ctx)
    return cpus

def least_mib(cpus, memory_mb, payloads):
    """What a guest and the program that starts it take of the host's memory, but for NUMA's own.

    Args:
      cpus: the number of CPUs of the topology.
      memory_mb: the attribute.
      payloads: how many there are.

    Returns:
      MiB.
    """
    memory = max(_LEAST_MIB, cpus * _PER_CPU_MIB, memory_mb)
    return memory + payloads * PAYLOAD_MIB + _RUNNER_MIB

def reserved_mib(ctx, cpus):
    """What a guest and the program that starts it take of the host's memory.

    Args:
      ctx: of a rule with MACHINE_ATTRS.
      cpus: the number of CPUs of the topology.

    Returns:
      MiB.
    """
    memory = least_mib(cpus, ctx.attr.memory_mb, len(ctx.attr.payloads))
    return memory + numa_total(parse_numa(ctx.attr.numa)[0], "memory_mb")

def saved_mib(ctx, cpus):
    """What a saved guest takes of the host's memory beside its clones, where no store has it.

    Args:
      ctx: of a rule with MACHINE_ATTRS.
      cpus: the number of CPUs of the topology.

    Returns:
      MiB.
    """
    return _SAVED_MIB + cpus * _SAVED_PER_CPU_MIB + payloads_mib(ctx)

def machine_config(ctx, path):
    """What the runner is told of the machine: a part of ktstr.machine.target.Target as JSON has it.

    Args:
      ctx: of a rule with MACHINE_ATTRS.
      path: function (ctx, File) -> the name by which the runner finds the file.

    Returns:
      dict
    """
    kernel = ctx.attr.kernel[KernelImageInfo]
    return {
        "initramfs": [path(ctx, file) for file in ctx.attr._base[InitramfsInfo].layers],
        "kargs": ctx.attr.kargs,
        "kernel": {
            "build_info": path(ctx, kernel.build_info),
            "bzimage": path(ctx, kernel.bzimage) if kernel.bzimage else "",
            "config": path(ctx, kernel.config),
            "label": label_text(ctx.attr.kernel.label),
            "system_map": path(ctx, kernel.system_map),
            "vmlinux": path(ctx, kernel.vmlinux),
        },
        "label": label_text(ctx.label),
        "memory_mb": ctx.attr.memory_mb,
        "numa": parse_numa(ctx.attr.numa)[0],
        "payloads": payloads_config(ctx, path),
        "qemu": path(ctx, ctx.files._qemu[0]),
        "sampler": path(ctx, ctx.file._sampler),
        "scheduler": scheduler_config(ctx, path),
        "staged": staged_config(ctx, path),
        "topology": ctx.attr.topology,
        "workers": workers_config(ctx, path),
    }

def layers_of_users(ctx):
    """The layers that may hold programs of users, which are compiled as `-c` says.

    Args:
      ctx: of a rule with MACHINE_ATTRS.

    Returns:
      list of File
    """
    return scheduler_files(ctx) + payload_files(ctx)

def machine_files(ctx):
    """The files that a machine starts from.

    Args:
      ctx: of a rule with MACHINE_ATTRS.

    Returns:
      list of File
    """
    files = [ctx.attr.kernel[KernelImageInfo].vmlinux, ctx.attr.kernel[KernelImageInfo].config]
    files += ctx.attr._base[InitramfsInfo].layers + ctx.files._qemu + [ctx.file._sampler]
    return files + scheduler_files(ctx) + payload_files(ctx) + worker_files(ctx)
