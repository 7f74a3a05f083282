# SPDX-License-Identifier: Apache-2.0
"""The machine of a `ktstr_test`."""

load("//rules/private/build:arch.bzl", "ARCHITECTURES", "NATIVE", "arch_transition")
load("//rules/private/build:label_text.bzl", "label_text")
load("//rules/private/providers:initramfs_info.bzl", "InitramfsInfo")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")
load("//rules/private/providers:qemu_info.bzl", "QemuInfo")
load(":kargs.bzl", "karg_problem")
load(":memory.bzl", "LEAST_MIB", "guest_mib", "shape_mib")
load(":numa.bzl", "parse_numa")
load(":payloads.bzl", "PAYLOAD_ATTRS", "check_payloads", "payload_files", "payloads_config")
load(":places.bzl", "PLACES_ATTRS", "check_places", "data_files", "places_config")
load(
    ":schedulers.bzl",
    "SCHEDULER_ATTRS",
    "check_schedulers",
    "scheduler_config",
    "scheduler_files",
    "staged_config",
)
load(":topology.bzl", "DEFAULT_TOPOLOGY", "parse_topology", "topology_classes", "topology_threads")
load(":workers.bzl", "WORKER_ATTRS", "check_workers", "worker_files", "workers_config")

visibility("private")

# What of a saved guest's memory is not zero, MiB: measured are 95 at 2 CPUs and 113 at 8.
_SAVED_MIB = 96
_SAVED_PER_CPU_MIB = 4

# What a test of another architecture has where it names none.
_KERNELS = {"arm64": Label("//sched/kernels:linux_6_12_arm64")}
_QEMUS = {"arm64": Label("//tools/qemu:qemu_arm64")}

# QEMU's tree has a device tree for each number of CPUs up to this (tools/qemu/collect.py).
_MOST_CPUS = 8

# Nobody builds these for another architecture.
_NATIVE_ONLY = ["disks", "payloads"]

def _base_attrs(cfg):
    return {
        "_base": attr.label_list(
            default = ["//ktstr/guest:base"],
            cfg = cfg,
            providers = [InitramfsInfo],
        ),
        "_sampler": attr.label(
            default = "//ktstr/sampler:layer",
            allow_single_file = True,
            cfg = cfg,
        ),
    }

# What every guest starts from, but for its kernel and QEMU: those that are saved, and those of tests.
BASE_ATTRS = _base_attrs("target")
_GUEST_ATTRS = _base_attrs(arch_transition)

MACHINE_ATTRS = {
    "arch": attr.string(
        default = NATIVE,
        doc = "The architecture of the guest: `x86_64`, or `arm64`, whose CPUs may differ (topology). Kernel " +
              "and QEMU are of the same.",
        values = ARCHITECTURES,
    ),
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
        doc = "Least memory of the guest in MiB; 0: what topology, payloads and disks need, i.e. 64 " +
              "for each CPU and 384 at least (256 under kvm and tcg).",
    ),
    "numa": attr.string(
        doc = "What each NUMA node has, as JSON; empty: all the same. The macro writes it.",
    ),
    "qemu": attr.label(
        default = "//rules:qemu",
        providers = [QemuInfo],
        doc = "The QEMU that runs the guest, a qemu_tree. `--@ktstr//rules:qemu` sets that of the tests that " +
              "name none; it is QEMU 10.0, and @ktstr//tools/qemu:qemu_11_1 is the other.",
    ),
    "topology": attr.string(
        default = DEFAULT_TOPOLOGY,
        doc = "NnNlNcNt: NUMA nodes, LLCs of the machine, cores per LLC, threads per core. On arm64 a class " +
              "for each LLC may follow, `1n2l2c1t-bl`: b (big), m (medium), l (LITTLE).",
    ),
} | _GUEST_ATTRS | PAYLOAD_ATTRS | PLACES_ATTRS | SCHEDULER_ATTRS | WORKER_ATTRS

def arch_defaults(kwargs):
    """The kernel and QEMU of a test's architecture, where it names none.

    Args:
      kwargs: dict, the attributes of the test.

    Returns:
      dict of the attributes to be added; empty where the architecture is a select()
    """
    arch = kwargs.get("arch") or NATIVE
    if type(arch) != "string":
        return {}
    found = {"kernel": _KERNELS.get(arch), "qemu": _QEMUS.get(arch)}
    return {name: label for name, label in found.items() if label and not kwargs.get(name)}

def _check_arch(ctx, cpus):
    """Fails where parts of a test are of several architectures, or its own has no such machine.

    Args:
      ctx: of a rule with MACHINE_ATTRS, DISK_ATTRS and `accel`.
      cpus: the number of CPUs of the topology.
    """
    attr = ctx.attr
    for name, target, provider in [("kernel", attr.kernel, KernelImageInfo), ("qemu", attr.qemu, QemuInfo)]:
        if target[provider].arch != attr.arch:
            fail(("%s: arch is %s, and its %s %s is of %s; give it another one, or set arch (where that is a " +
                  "select(), kernel and qemu must be given, too)") % (
                ctx.label,
                attr.arch,
                name,
                label_text(target.label),
                target[provider].arch,
            ))
    if attr.arch == NATIVE:
        if topology_classes(attr.topology):
            fail(("%s: topology %r has classes of CPUs, which machines of %s have not; set arch = \"arm64\"" +
                  " or remove them") % (ctx.label, attr.topology, NATIVE))
        return
    for name in _NATIVE_ONLY:
        if getattr(attr, name):
            fail("%s: %s are built for %s alone; a test of %s has none" % (ctx.label, name, NATIVE, attr.arch))
    if attr.numa or not attr.topology.startswith("1n"):
        fail("%s: topology %r: a machine of %s has one NUMA node" % (ctx.label, attr.topology, attr.arch))
    if cpus > _MOST_CPUS:
        fail("%s: topology %r has %d CPUs; a machine of %s has %d at most" % (
            ctx.label,
            attr.topology,
            cpus,
            attr.arch,
            _MOST_CPUS,
        ))
    if attr.accel == "kvm":
        fail("%s: accel is kvm, which runs guests of this machine's architecture alone; use virtual or tcg" % ctx.label)

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
    if ctx.attr.memory_mb and ctx.attr.memory_mb < LEAST_MIB:
        fail(("%s: memory_mb is %d; a guest needs at least %d MiB. Leave it out (0) to get what " +
              "the topology needs") % (ctx.label, ctx.attr.memory_mb, LEAST_MIB))
    for karg in ctx.attr.kargs:
        if not karg or " " in karg or "\t" in karg or "\n" in karg:
            fail("%s: kargs: %r is not one kernel argument; give each its own list item" % (
                ctx.label,
                karg,
            ))
        problem = karg_problem(karg, topology_threads(ctx.attr.topology))
        if problem:
            fail("%s: kargs: %r is reserved: %s" % (ctx.label, karg, problem))
    _check_arch(ctx, cpus)
    check_payloads(ctx)
    check_schedulers(ctx, topology_threads(ctx.attr.topology))
    check_places(ctx)
    check_workers(ctx)
    return cpus

def reserved_mib(ctx, cpus, disks):
    """What a guest and the program that starts it take of the host's memory.

    Args:
      ctx: of a rule with MACHINE_ATTRS.
      cpus: the number of CPUs of the topology.
      disks: how many it may keep in its memory.

    Returns:
      MiB.
    """
    attr = ctx.attr
    return guest_mib(cpus, attr.memory_mb, len(attr.payloads), disks, parse_numa(attr.numa)[0])

def saved_mib(cpus):
    """What a saved guest takes of the host's memory beside its clones, where no store has it.

    Args:
      cpus: the number of CPUs of the topology.

    Returns:
      MiB.
    """
    return _SAVED_MIB + cpus * _SAVED_PER_CPU_MIB

def base_config(ctx, kernel, qemu, path):
    """What the runner, or the program that saves a guest, is told of the files of every guest.

    Args:
      ctx: of a rule with BASE_ATTRS.
      kernel: Target of the kernel.
      qemu: Target of the QEMU.
      path: function (ctx, File) -> the name by which the program finds the file.

    Returns:
      dict, a part of ktstr.machine.target.Target as JSON has it.
    """
    info = kernel[KernelImageInfo]
    return {
        "initramfs": [path(ctx, file) for file in ctx.attr._base[0][InitramfsInfo].layers],
        "kernel": {
            "build_info": path(ctx, info.build_info),
            "bzimage": path(ctx, info.bzimage) if info.bzimage else "",
            "config": path(ctx, info.config),
            "dwarf": "",
            "image": path(ctx, info.image) if info.image else "",
            "index": "",
            "label": label_text(kernel.label),
            "patches": [],
            "system_map": path(ctx, info.system_map),
            "vmlinux": path(ctx, info.vmlinux),
        },
        "label": label_text(ctx.label),
        "qemu": path(ctx, qemu.files.to_list()[0]),
        "sampler": path(ctx, ctx.file._sampler),
    }

def machine_config(ctx, cpus, path):
    """What the runner is told of the machine: a part of ktstr.machine.target.Target as JSON has it.

    Args:
      ctx: of a rule with MACHINE_ATTRS and DISK_ATTRS.
      cpus: the number of CPUs of the topology.
      path: function (ctx, File) -> the name by which the runner finds the file.

    Returns:
      dict
    """
    attr = ctx.attr
    layout = parse_numa(attr.numa)[0]
    base = base_config(ctx, attr.kernel, attr.qemu, path)

    # only of tests: the key of saved guests goes without
    kernel = attr.kernel[KernelImageInfo]
    own = {"index": path(ctx, kernel.index)} if kernel.index else {}
    if kernel.patches:
        own |= {"patches": [path(ctx, patch) for patch in kernel.patches]}
    return base | places_config(ctx, path) | {
        "kargs": attr.kargs,
        "kernel": base["kernel"] | own,
        "memory_mb": attr.memory_mb,
        "numa": layout,
        "payloads": payloads_config(ctx, path),
        "scheduler": scheduler_config(ctx, path),
        "shape_mb": shape_mib(cpus, attr.memory_mb, len(attr.payloads), len(attr.disks), layout),
        "staged": staged_config(ctx, path),
        "topology": attr.topology,
        "workers": workers_config(ctx, path),
    }

def base_files(ctx, kernel, qemu):
    """The files that every guest starts from.

    Args:
      ctx: of a rule with BASE_ATTRS.
      kernel: Target of the kernel.
      qemu: Target of the QEMU.

    Returns:
      list of File
    """
    info = kernel[KernelImageInfo]
    files = [info.vmlinux, info.config] + ([info.image] if info.image else []) + ctx.attr._base[0][InitramfsInfo].layers
    return files + qemu.files.to_list() + [ctx.file._sampler]

def machine_files(ctx):
    """The files that a machine starts from.

    Args:
      ctx: of a rule with MACHINE_ATTRS.

    Returns:
      list of File
    """
    layers = scheduler_files(ctx) + payload_files(ctx) + worker_files(ctx) + data_files(ctx)
    return base_files(ctx, ctx.attr.kernel, ctx.attr.qemu) + layers
