# SPDX-License-Identifier: Apache-2.0
"""The rule `scx_scheduler`."""

load("//rules/private/build:arch.bzl", "NATIVE", "arch_of", "native_transition")
load("//rules/private/build:guest_mode.bzl", "scheduler_mode")
load("//rules/private/build:label_text.bzl", "label_text")
load("//rules/private/build:root_action.bzl", "ROOT_ATTRS", "run_in_root")
load("//rules/private/build:werror.bzl", "WERROR_ATTRS")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")
load("//rules/private/providers:scx_scheduler_info.bzl", "ScxSchedulerInfo")
load(":layer.bzl", "LAYER_ATTRS", "scheduler_layer")
load(":object.bzl", "SCHEDULER_OBJECT_ATTRS", "SOURCES_ATTRS", "check_sources", "compile_scheduler", "scheduler_sources")
load(":places.bzl", "PLACE_ATTRS", "places_files", "places_of", "places_problem")
load(":program.bzl", "PROGRAM_ATTRS", "program_layout", "program_problem")
load(":settings.bzl", "GUEST_SETTING_ATTRS", "check_guest_settings", "consists_of")

visibility(["//rules", "//rules/private/test"])

# SCX_OPS_NAME_LEN of the kernel's kernel/sched/ext.c, less the NUL.
_OPS_NAME_MAX = 127

# SCX_WATCHDOG_MAX_TIMEOUT of the same file.
_TIMEOUT_MS_MAX = 30000

# In the layer of every guest (//ktstr/sampler:layer), where it may have been started before it is told
# what to load (ktstr/guest/scheduler/waiting.py).
_LOADER = "/sampler/scx-loader"

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
_DIGITS = "0123456789"

def ops_name_problem(name):
    """Says what is wrong with the name of a sched_ext_ops.

    Args:
      name: string, a name, or a pattern in which "*" stands for any text.

    Returns:
      A clause to put after the name, or None when the kernel may show such a name.
    """
    if not name:
        return "is empty"
    fixed = name.replace("*", "")
    if not fixed:
        return "stands for every scheduler; give a part of the name beside \"*\""
    if len(fixed) > _OPS_NAME_MAX:
        return "is longer than %d characters" % _OPS_NAME_MAX

    # The kernel refuses everything else: validate_ops of kernel/sched/ext.c, bpf_obj_name_cpy.
    if not consists_of(fixed, _LETTERS + _DIGITS + "."):
        return "may hold letters, digits, \"_\" and \".\" only, and \"*\" for any text"
    return None

def variable_problem(name):
    """Says what is wrong with the name of a variable to set.

    Args:
      name: string, a C identifier, with "[]" for the length of an array, or "ops." and a member of
        struct sched_ext_ops.

    Returns:
      A clause to put after the name, or None when it is right.
    """
    bare = name.removeprefix("ops.") if name.startswith("ops.") else name.removesuffix("[]")
    if not bare or bare[0] in _DIGITS or not consists_of(bare, _LETTERS + _DIGITS):
        return "is neither a C identifier nor \"ops.\" and a member of struct sched_ext_ops"
    return None

def setting_problem(name, value):
    """Says what is wrong with a value that the kernel would refuse once the guest has booted.

    Args:
      name: string, as for variable_problem.
      value: string.

    Returns:
      A clause to put after the name, or None when nothing is known to be wrong.
    """
    if name == "ops.timeout_ms" and _decimal(value) > _TIMEOUT_MS_MAX:
        return "is %s; the kernel takes %d at most" % (value, _TIMEOUT_MS_MAX)
    return None

def arguments_problem(arguments):
    """Says which `--set` of the generic loader the kernel would refuse.

    Args:
      arguments: list of string, of the loader's command line.

    Returns:
      A clause, or None.
    """
    for option, setting in zip(arguments, arguments[1:]):
        name, _, value = setting.partition("=")
        problem = setting_problem(name, value) if option == "--set" else None
        if problem:
            return "%s %s" % (name, problem)
    return None

def _decimal(text):
    """The number that a text of decimal digits stands for; 0 for another, which the loader judges."""
    return int(text) if text and text.isdigit() and not text.startswith("0") else 0

def _check(ctx):
    attr = ctx.attr
    check_sources(ctx)
    if attr.binary:
        for name in ["hdrs", "set"]:
            if getattr(attr, name):
                fail("%s: %s is for a scheduler in BPF C (src); binary has its own user space" % (ctx.label, name))
        if not attr.ops_name:
            fail("%s: ops_name is needed with binary: the name in its sched_ext_ops, which /sys/kernel/sched_ext/root/ops shows" % ctx.label)
    elif attr.args_in_guest:
        fail("%s: args_in_guest is for a scheduler with its own user space (binary); set a variable with set = {...}" % ctx.label)
    problem = program_problem(attr)
    if problem:
        fail("%s: %s" % (ctx.label, problem))
    problem = ops_name_problem(attr.ops_name or ctx.label.name)
    if problem:
        fail("%s: ops_name %r %s" % (ctx.label, attr.ops_name or ctx.label.name, problem))
    for variable, value in attr.set.items():
        problem = variable_problem(variable)
        if problem:
            fail("%s: set: %r %s" % (ctx.label, variable, problem))
        problem = setting_problem(variable, value)
        if problem:
            fail("%s: set: %s %s" % (ctx.label, variable, problem))
        if "\n" in value:
            fail("%s: set: the value of %s holds a newline" % (ctx.label, variable))
    for argument in attr.args_in_guest:
        if "\n" in argument or "\0" in argument:
            fail("%s: args_in_guest: %r holds a newline or NUL" % (ctx.label, argument))
    problem = places_problem(ctx, attr.args_in_guest + attr.set.values())
    if problem:
        fail("%s: %s" % (ctx.label, problem))
    if attr.kernel and not attr.binary and attr.kernel[KernelImageInfo].arch != arch_of(ctx):
        fail("%s: it is built for guests of %s, and kernel %s, whose types its sources are compiled against, is of %s; leave kernel out, or give those tests another scheduler" % (
            ctx.label,
            arch_of(ctx),
            label_text(attr.kernel.label),
            attr.kernel[KernelImageInfo].arch,
        ))
    check_guest_settings(ctx)

def _settings(ctx):
    return [
        part
        for name, value in ctx.attr.set.items()
        for part in ["--set", "%s=%s" % (name, value)]
    ]

def _check_object(ctx, loader, object, ops_name):
    """Declares the action that sees whether the object has these ops and takes every setting."""
    stamp = ctx.actions.declare_file(ctx.label.name + ".checked")
    run_in_root(
        ctx,
        command = ["sh", "-c", '/src/loader "$@" && touch /out/stamp', "sh", "/src/" + object.basename] +
                  _settings(ctx) + ["--check", ops_name],
        inputs = {"/src/loader": loader, "/src/" + object.basename: object},
        outputs = {"stamp": stamp},
        mnemonic = "SchedulerCheck",
        progress_message = "Checking scheduler %{label}",
    )
    return stamp

def _from_source(ctx, folder, ops_name):
    object = ctx.actions.declare_file(ctx.label.name + ".bpf.o")
    compile_scheduler(
        ctx,
        sources = scheduler_sources(ctx),
        headers = ctx.files.hdrs + ctx.files._include,
        include_paths = ["sched/include"],
        vmlinux_h = (ctx.attr.kernel or ctx.attr._types)[KernelImageInfo].vmlinux_h,
        tested = ctx.attr.kernel or ctx.attr._tested_kernel,
        output = object,
    )
    files = {object.basename: (object, "0644")}
    argv = [_LOADER, "/%s/%s" % (folder, object.basename), "--control"]
    check = _check_object(ctx, ctx.file._loader, object, ops_name)
    return files, argv + _settings(ctx), [object], [check]

def _from_binary(ctx, folder):
    if arch_of(ctx) != NATIVE:
        fail("%s: binary is a program of %s; a test of %s takes schedulers in BPF C (src)" % (ctx.label, NATIVE, arch_of(ctx)))
    tree = program_layout(ctx, folder)
    argv = ["/%s/%s" % (folder, ctx.file.binary.basename)] + ctx.attr.args_in_guest
    return {"": (tree, None)}, argv, [ctx.file.binary], [tree]

def _scx_scheduler_impl(ctx):
    _check(ctx)
    name = ctx.label.name
    folder = "scheduler/" + name
    ops_name = ctx.attr.ops_name or name
    if not ctx.attr.binary:
        files, argv, outputs, checks = _from_source(ctx, folder, ops_name)
    else:
        files, argv, outputs, checks = _from_binary(ctx, folder)
    layer = scheduler_layer(ctx, folder, files | places_files(ctx))
    return [
        DefaultInfo(files = depset(outputs)),
        OutputGroupInfo(_validation = depset(checks), layer = depset([layer])),
        ScxSchedulerInfo(
            name = name,
            layer = layer,
            argv = argv,
            checks = ctx.attr.checks,
            ops_name = ops_name,
            stats_socket = ctx.attr.stats_socket,
            control = not ctx.attr.binary,
            places = places_of(ctx, folder),
            disable = [],
            enable = [],
            kargs = ctx.attr.kargs,
            sysctls = ctx.attr.sysctls,
        ),
    ]

scx_scheduler = rule(
    implementation = _scx_scheduler_impl,
    cfg = scheduler_mode,
    doc = """A sched_ext scheduler for tests to run.

Either BPF C (`src`), which a generic loader attaches and whose variables `set` and a running test
can set by name, or a program with its own user space (`binary`), as it is: a dynamically linked one
brings the libraries that its ELF headers ask for.""",
    attrs = {
        "args_in_guest": attr.string_list(doc = "Arguments of `binary`."),
        "binary": attr.label(
            allow_single_file = True,
            doc = "A program that attaches the scheduler, and detaches it on SIGTERM, linked statically or not.",
        ),
        "hdrs": attr.label_list(
            allow_files = [".h"],
            doc = "Headers that `src` includes, by their paths in the repository; \"scx.bpf.h\" is always there.",
        ),
        "kernel": attr.label(
            providers = [KernelImageInfo],
            doc = "The kernel whose types `src` is compiled against; the object then runs on others of its " +
                  "architecture too. Left out: Linux 6.12 (//rules:types), and for sources that include " +
                  "<scx/common.bpf.h> the kernel that is tested (//rules:kernel), whose tools/sched_ext/include " +
                  "it gets; for guests of arm64 both are //sched/kernels:linux_6_12_arm64.",
        ),
        "ops_name": attr.string(
            doc = "The name in its sched_ext_ops, as /sys/kernel/sched_ext/root/ops shows it, or a pattern in " +
                  "which \"*\" stands for any text: \"lavd_*\"; default: the target's name.",
        ),
        "set": attr.string_dict(
            doc = "Global variable of `src`, \"NAME[]\" for the length of a RESIZABLE_ARRAY, or \"ops.MEMBER\" " +
                  "of its sched_ext_ops -> value; as a number \"possible_cpus\" is that of the guest.",
        ),
        "_include": attr.label(default = "//sched/include"),
        "_tested_kernel": attr.label(default = "//rules/private/build:tested_kernel", providers = [KernelImageInfo]),
        "_types": attr.label(default = "//rules/private/build:types", providers = [KernelImageInfo]),
        # it checks objects in the build
        "_loader": attr.label(default = "//sched/loader:scx-loader", allow_single_file = True, cfg = native_transition),
    } | GUEST_SETTING_ATTRS | LAYER_ATTRS | PLACE_ATTRS | PROGRAM_ATTRS | ROOT_ATTRS | SCHEDULER_OBJECT_ATTRS | SOURCES_ATTRS | WERROR_ATTRS,
    provides = [ScxSchedulerInfo],
)
