# SPDX-License-Identifier: Apache-2.0
"""The rule `ktstr_test`, and the interactive guest `NAME.shell` beside each test."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("@ktstr_kvm_hint//:hint.bzl", "KVM_IS_LIKELY")
load("@rules_python//python:defs.bzl", "PyInfo")
load("//rules/private:disks.bzl", "DISK_ATTRS", "disk_attributes", "disk_files", "disks_config", "disks_mib")
load("//rules/private:label_text.bzl", "label_text")
load("//rules/private:numa.bzl", "numa_attribute", "numa_total", "parse_numa")
load(
    "//rules/private:payloads.bzl",
    "PAYLOAD_ATTRS",
    "check_payloads",
    "payload_files",
    "payloads_config",
    "payloads_mib",
    "validate_payloads",
)
load(
    "//rules/private:schedulers.bzl",
    "SCHEDULER_ATTRS",
    "check_schedulers",
    "scheduler_config",
    "scheduler_files",
    "staged_config",
)
load("//rules/private:topology.bzl", "parse_topology")
load("//rules/private:workers.bzl", "WORKER_ATTRS", "check_workers", "worker_files", "workers_config")
load("//rules/private/providers:initramfs_info.bzl", "InitramfsInfo")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")

visibility(["//rules/..."])

_ACCELERATORS = ["auto", "kvm", "virtual", "tcg"]
_OVERSIZED = ["tcg", "refuse"]

# Spec 1.7: the least memory of a guest, in MiB, whatever its topology, and for each CPU.
_LEAST_MIB = 256
_PER_CPU_MIB = 64

# What the runner takes besides the guest's memory, MiB.
_RUNNER_MIB = 128

_TIMEOUTS = {"eternal": 3600, "long": 900, "moderate": 300, "short": 60}

# Kernel arguments the machine or the rule's other attributes decide, and which of those.
_RESERVED_KARGS = {
    "console": "the runner reads the console from ttyS0",
    "init": "the guest's agent is PID 1",
    "initrd": "use layers",
    "maxcpus": "use topology",
    "mem": "use memory_mb",
    "nr_cpus": "use topology",
    "numa": "use topology",
    "panic": "a panic ends the guest, and the runner reports it",
    "possible_cpus": "use topology",
    "rdinit": "the guest's agent is PID 1",
    "root": "the guest runs from its initramfs",
}

def _check(ctx):
    """Fails on what can be known to be wrong before anything is built.

    Args:
      ctx: of the rule.

    Returns:
      The number of CPUs of the topology.
    """
    cpus = None
    layout, problem = parse_numa(ctx.attr.numa)
    if not problem:
        cpus, problem = parse_topology(ctx.attr.topology, layout)
    if problem:
        fail("%s: %s" % (ctx.label, problem))
    if not ctx.files.srcs:
        fail(("%s: srcs is empty; name the Python file whose functions carry @ktstr.scenario() " +
              "or @ktstr.test()") % ctx.label)
    if ctx.attr.accel not in _ACCELERATORS:
        fail("%s: accel %r is unknown; known: %s" % (
            ctx.label,
            ctx.attr.accel,
            ", ".join(_ACCELERATORS),
        ))
    if ctx.attr.oversized not in _OVERSIZED:
        fail("%s: oversized %r is unknown; known: %s" % (
            ctx.label,
            ctx.attr.oversized,
            ", ".join(_OVERSIZED),
        ))
    if ctx.attr.memory_mb and ctx.attr.memory_mb < _LEAST_MIB:
        fail(("%s: memory_mb is %d; a guest needs at least %d MiB. Leave it out (0) to get what " +
              "the topology needs") % (ctx.label, ctx.attr.memory_mb, _LEAST_MIB))
    if ctx.attr.seed < 0:
        fail("%s: seed is %d; it must lie within 0 to 2147483647" % (ctx.label, ctx.attr.seed))
    flag = ctx.attr._seed[BuildSettingInfo].value
    if flag < -1:
        fail(("%s: --@ktstr//rules:seed is %d; it must lie within 0 to 2147483647, or be -1: each " +
              "test has its own") % (ctx.label, flag))
    for karg in ctx.attr.kargs:
        if not karg or " " in karg or "\t" in karg or "\n" in karg:
            fail("%s: kargs: %r is not one kernel argument; give each its own list item" % (
                ctx.label,
                karg,
            ))
        name = karg.partition("=")[0].replace("-", "_")
        if name in _RESERVED_KARGS:
            fail("%s: kargs: %r is reserved: %s" % (ctx.label, karg, _RESERVED_KARGS[name]))
    check_payloads(ctx)
    check_schedulers(ctx)
    check_workers(ctx)
    return cpus

def _runfiles_path(ctx, file):
    if file.short_path.startswith("../"):
        return file.short_path[3:]
    return ctx.workspace_name + "/" + file.short_path

def _is_ours(ctx, file):
    """Whether a Python file belongs to the harness, which guest and runner have anyway."""
    ours = "ktstr/"
    if ctx.attr._runner.label.workspace_root:
        ours = "../%s/ktstr/" % ctx.attr._runner.label.workspace_root.removeprefix("external/")
    return file.short_path.startswith(ours)

def _python(ctx):
    """Sources and libraries as runfiles paths, and where the imports of both begin."""
    transitive = [dep[PyInfo].transitive_sources for dep in ctx.attr.deps]
    libraries = [
        file
        for file in depset(transitive = transitive).to_list()
        if file.extension == "py" and not _is_ours(ctx, file) and file not in ctx.files.srcs
    ]
    roots = {}
    for dep in ctx.attr.deps:
        for root in dep[PyInfo].imports.to_list():
            roots[root] = None
    for file in ctx.files.srcs + libraries:
        roots[_runfiles_path(ctx, file).partition("/")[0]] = None
    return struct(
        sources = [_runfiles_path(ctx, file) for file in ctx.files.srcs],
        libraries = sorted([_runfiles_path(ctx, file) for file in libraries]),
        roots = sorted(roots),
    )

def _kernel_config(ctx, kernel):
    info = kernel[KernelImageInfo]
    return {
        "build_info": _runfiles_path(ctx, info.build_info),
        "bzimage": _runfiles_path(ctx, info.bzimage) if info.bzimage else "",
        "config": _runfiles_path(ctx, info.config),
        "label": label_text(kernel.label),
        "system_map": _runfiles_path(ctx, info.system_map),
        "vmlinux": _runfiles_path(ctx, info.vmlinux),
    }

def _accel(ctx):
    """The target's own choice; for `auto` the choice of the command line, `auto` by default."""
    if ctx.attr.accel != "auto":
        return ctx.attr.accel
    return ctx.attr._accel[BuildSettingInfo].value

def _seed(ctx):
    """The seed: the command line's, where it gives one."""
    flag = ctx.attr._seed[BuildSettingInfo].value
    return ctx.attr.seed if flag == -1 else flag

def _config(ctx, accel):
    python = _python(ctx)
    return {
        "accel": accel,
        # What the reader of a failure types: this repository's own wrapper exists here only.
        "bazel": "bazel" if ctx.attr._runner.label.workspace_root else "tools/bazel",
        "import_roots": python.roots,
        "initramfs": [_runfiles_path(ctx, file) for file in ctx.attr._base[InitramfsInfo].layers],
        "kargs": ctx.attr.kargs,
        "kernel": _kernel_config(ctx, ctx.attr.kernel),
        "label": label_text(ctx.label),
        "libraries": python.libraries,
        "memory_mb": ctx.attr.memory_mb,
        "qemu": _runfiles_path(ctx, ctx.files._qemu[0]),
        "sampler": _runfiles_path(ctx, ctx.file._sampler),
        "scheduler": scheduler_config(ctx, _runfiles_path),
        "staged": staged_config(ctx, _runfiles_path),
        "oversized": ctx.attr.oversized,
        "payloads": payloads_config(ctx, _runfiles_path),
        "disks": disks_config(ctx, _runfiles_path),
        "scheduler_args": ctx.attr.scheduler_args,
        "seed": _seed(ctx),
        "sources": python.sources,
        "timeout_s": _TIMEOUTS[getattr(ctx.attr, "timeout", "moderate")],
        "topology": ctx.attr.topology,
        "numa": parse_numa(ctx.attr.numa)[0],
        "workers": workers_config(ctx, _runfiles_path),
    }

_LAUNCHER = """\
#!/bin/sh
# Generated by ktstr_test: runs the runner on this target's configuration.
set -eu
case $0 in /*) self=$0 ;; *) self=$PWD/$0 ;; esac
for tree in "${RUNFILES_DIR:-}" "${TEST_SRCDIR:-}" "$self.runfiles" "${self%%.runfiles/*}.runfiles"; do
  if [ -n "$tree" ] && [ -e "$tree/%{runner}" ]; then
    export RUNFILES_DIR="$tree"
    exec "$tree/%{runner}" --config "$tree/%{config}" %{mode} "$@"
  fi
done
echo "$0: no runfiles beside this program; start it with bazel test or bazel run" >&2
exit 3
"""

def _implement(ctx, mode):
    cpus = _check(ctx)
    accel = _accel(ctx)
    config = ctx.actions.declare_file(ctx.label.name + ".config.json")
    ctx.actions.write(config, json.encode_indent(_config(ctx, accel)) + "\n")
    launcher = ctx.actions.declare_file(ctx.label.name)
    text = _LAUNCHER.replace("%{runner}", _runfiles_path(ctx, ctx.executable._runner))
    text = text.replace("%{config}", _runfiles_path(ctx, config)).replace("%{mode}", mode)
    ctx.actions.write(launcher, text, is_executable = True)

    kernel = ctx.attr.kernel[KernelImageInfo]
    files = [config, kernel.vmlinux, kernel.config, kernel.system_map, kernel.build_info]
    files += [kernel.bzimage] if kernel.bzimage else []
    files += ctx.attr._base[InitramfsInfo].layers + ctx.files._qemu
    files += scheduler_files(ctx) + disk_files(ctx) + payload_files(ctx) + worker_files(ctx)
    files.append(ctx.file._sampler)
    runfiles = ctx.runfiles(files = files + ctx.files.srcs + ctx.files.data)
    others = [ctx.attr._runner] + ctx.attr.deps + ctx.attr.data
    runfiles = runfiles.merge_all([each[DefaultInfo].default_runfiles for each in others])
    return struct(
        accel = accel,
        cpus = cpus,
        default_info = DefaultInfo(executable = launcher, runfiles = runfiles),
        output_groups = OutputGroupInfo(_validation = validate_payloads(ctx)),
    )

def _test_impl(ctx):
    made = _implement(ctx, "")

    # In virtual time all vCPUs take turns on one host thread.
    in_turns = made.accel == "virtual" or (made.accel == "auto" and not KVM_IS_LIKELY)
    busy = 1 if in_turns else made.cpus
    memory = max(_LEAST_MIB, made.cpus * _PER_CPU_MIB, ctx.attr.memory_mb) + payloads_mib(ctx)
    memory += _RUNNER_MIB + numa_total(parse_numa(ctx.attr.numa)[0], "memory_mb")
    if in_turns:
        memory += disks_mib(ctx)
    reserved = {"cpu:%d" % busy: "", "resources:memory:%d" % memory: ""}
    return [made.default_info, made.output_groups, testing.ExecutionInfo(reserved)]

def _shell_impl(ctx):
    made = _implement(ctx, "--shell")
    return [made.default_info, made.output_groups]

_ATTRS = {
    "accel": attr.string(
        default = "auto",
        doc = "How the guest's instructions run: `kvm`, `virtual` (TCG in instruction-counted " +
              "time: the same run everywhere), `tcg`, or `auto`: kvm where a probe has shown " +
              "that it works, else virtual. `--@ktstr//rules:accel` overrides auto.",
    ),
    "data": attr.label_list(
        allow_files = True,
        doc = "Files that the test modules read while they are enumerated on the host.",
    ),
    "deps": attr.label_list(
        providers = [PyInfo],
        doc = "Python libraries that srcs import, on the host and in the guest. ktstr itself is " +
              "there without being named.",
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
        doc = "Least memory of the guest in MiB; 0: what topology and initramfs need, i.e. 64 " +
              "for each CPU and 256 at least.",
    ),
    "numa": attr.string(
        doc = "What each NUMA node has, as JSON; empty: all the same. The macro writes it.",
    ),
    "oversized": attr.string(
        default = "tcg",
        doc = "What becomes of a topology with more CPUs than the machine that runs the test: " +
              "`tcg`: where accel is auto, it runs in virtual time, which needs one CPU; `refuse`: " +
              "it does not run, and is inconclusive.",
    ),
    "seed": attr.int(
        default = 1,
        doc = "Feeds every random choice of guest and machine. `--@ktstr//rules:seed` overrides it.",
    ),
    "srcs": attr.label_list(
        allow_files = [".py"],
        mandatory = True,
        doc = "Python files whose decorated functions are the tests; each gets its own VM.",
    ),
    "topology": attr.string(
        default = "1n1l2c1t",
        doc = "NnNlNcNt: NUMA nodes, LLCs of the machine, cores per LLC, threads per core.",
    ),
    "_seed": attr.label(
        default = "//rules:seed",
        providers = [BuildSettingInfo],
    ),
    "_accel": attr.label(
        default = "//rules:accel",
        providers = [BuildSettingInfo],
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
    "_runner": attr.label(
        default = "//ktstr/runner:main",
        cfg = "target",
        executable = True,
    ),
} | DISK_ATTRS | PAYLOAD_ATTRS | SCHEDULER_ATTRS | WORKER_ATTRS

_ktstr_test = rule(
    implementation = _test_impl,
    doc = "Runs the test functions of srcs, each in a fresh virtual machine.",
    attrs = _ATTRS,
    test = True,
)

_ktstr_shell = rule(
    implementation = _shell_impl,
    doc = "The guest of a ktstr_test with a shell on its console.",
    attrs = _ATTRS,
    executable = True,
)

# What a test has and a plain program has not.
_TEST_ONLY = ["args", "env", "env_inherit", "flaky", "local", "shard_count", "size", "timeout"]

def ktstr_test(name, disks = [], numa = None, numa_distances = None, **kwargs):
    """A test whose functions run scenarios on a scheduler, each in a fresh virtual machine.

    `bazel run NAME.shell` starts the same guest with a shell instead of a test.

    Args:
      name: name of the test.
      disks: labels of disk_templates, and disk(...) of rules/disk.bzl; each test function has
        clones of its own.
      numa: a numa_node(...) of rules/numa.bzl for each NUMA node, where they differ.
      numa_distances: their distances as rows of numbers; left out: 10 within a node, else 20.
      **kwargs: srcs, deps, data, kernel, scheduler, scheduler_args, staged_schedulers,
        payloads, workers, topology, memory_mb, accel, oversized, kargs, seed, and what every test rule takes.
    """
    kwargs |= disk_attributes(name, disks)
    kwargs["numa"] = numa_attribute(name, numa, numa_distances)
    _ktstr_test(name = name, **kwargs)
    shell = {key: value for key, value in kwargs.items() if key not in _TEST_ONLY}
    shell["tags"] = list(shell.get("tags") or []) + ["manual"]
    shell["testonly"] = True
    _ktstr_shell(name = name + ".shell", **shell)
