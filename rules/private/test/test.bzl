# SPDX-License-Identifier: Apache-2.0
"""The rule `ktstr_test`, and the interactive guest `NAME.shell` beside each test."""

load("@bazel_skylib//rules:common_settings.bzl", "BuildSettingInfo")
load("@ktstr_kvm_hint//:hint.bzl", "KVM_IS_LIKELY")
load("@rules_python//python:defs.bzl", "PyInfo")
load("//rules/private/build:arch.bzl", "NATIVE")
load("//rules/private/build:environment.bzl", "ENVIRONMENT_ATTRS", "environment", "environment_problem")
load("//rules/private/build:label_text.bzl", "label_text")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")
load("//rules/private/providers:scx_scheduler_info.bzl", "ScxSchedulerInfo")
load("//rules/private/providers:vm_template_info.bzl", "VmTemplateInfo")
load("//rules/private/scheduler:defaults.bzl", "with_defaults")
load("//rules/private/scheduler:scx_scheduler.bzl", "arguments_problem")
load(":coverage.bzl", "COVERAGE_ATTRS", "coverage_config", "dwarf_files")
load(":disks.bzl", "DISK_ATTRS", "disk_attributes", "disk_files", "disks_config", "disks_mib")
load(":launcher.bzl", "launcher_text")
load(
    ":machine.bzl",
    "MACHINE_ATTRS",
    "arch_defaults",
    "check_machine",
    "machine_config",
    "machine_files",
    "reserved_mib",
    "saved_mib",
)
load(":memory.bzl", "DISK_MIB")
load(":numa.bzl", "numa_attribute")
load(":payloads.bzl", "validate_payloads")
load(":places.bzl", "data_attributes")
load(":properties.bzl", "test_properties")
load(":replay.bzl", "REPLAY_ATTRS", "replayed")
load(":schedulers.bzl", "scheduler_of", "with_arguments")
load(":shape.bzl", "shape_transition")

visibility(["//rules", "//rules/private/gauntlet"])

_ACCELERATORS = ["auto", "kvm", "virtual", "tcg"]
_OVERSIZED = ["tcg", "refuse"]

_TIMEOUTS = {"eternal": 3600, "long": 900, "moderate": 300, "short": 60}

def _check(ctx):
    """Fails on what can be known to be wrong before anything is built.

    Args:
      ctx: of the rule.

    Returns:
      The number of CPUs of the topology.
    """
    if ctx.attr.scheduler_problem:
        fail("%s: %s" % (ctx.label, ctx.attr.scheduler_problem))
    cpus = check_machine(ctx)
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
    if ctx.attr.seed < 0:
        fail("%s: seed is %d; it must lie within 0 to 2147483647" % (ctx.label, ctx.attr.seed))
    flag = ctx.attr._seed[BuildSettingInfo].value
    if flag < -1:
        fail(("%s: --@ktstr//rules:seed is %d; it must lie within 0 to 2147483647, or be -1: each " +
              "test has its own") % (ctx.label, flag))
    problem = environment_problem(ctx.attr)
    if problem:
        fail("%s: %s" % (ctx.label, problem))
    scheduler = scheduler_of(ctx.attr)
    if ctx.attr.scheduler_args and not scheduler:
        fail("%s: scheduler_args %s are given without a scheduler; set scheduler or remove them" % (
            ctx.label,
            ctx.attr.scheduler_args,
        ))
    if scheduler and scheduler[ScxSchedulerInfo].control:
        problem = arguments_problem(ctx.attr.scheduler_args)
        if problem:
            fail("%s: scheduler_args: %s" % (ctx.label, problem))
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

def _accel(ctx):
    """The target's own choice; for `auto` the choice of the command line, `auto` by default."""
    if ctx.attr.accel != "auto":
        return ctx.attr.accel
    wanted = ctx.attr._accel[BuildSettingInfo].value
    if ctx.attr.arch != NATIVE and wanted != "tcg":
        # no KVM runs it, whatever the command line wants of the others
        return "virtual"
    return wanted

def _seed(ctx):
    """The seed: the command line's, where it gives one."""
    flag = ctx.attr._seed[BuildSettingInfo].value
    return ctx.attr.seed if flag == -1 else flag

def _fresh_boot(ctx):
    """Whether the target or the command line wants every test to boot."""
    return ctx.attr.fresh_boot or ctx.attr._fresh_boot[BuildSettingInfo].value

def _has_kvm(ctx):
    """Whether the machines that run tests have KVM: the command line's word, else a guess."""
    word = ctx.attr._kvm[BuildSettingInfo].value
    return KVM_IS_LIKELY if word == "auto" else word == "yes"

def _in_turns(ctx, accel):
    """Whether vCPUs will take turns on one host thread, as they do in virtual time."""
    return accel == "virtual" or (accel == "auto" and not _has_kvm(ctx))

def _template(ctx, accel):
    """The directory that the target's guests are cloned from, or None, and why there is none.

    The reason is empty where it is the target's own wish, or the accelerator.
    """
    if _fresh_boot(ctx) or not _in_turns(ctx, accel):
        return None, ""
    if ctx.attr.arch != NATIVE:
        return None, "guests of %s are not saved" % ctx.attr.arch
    owner = with_arguments(ctx)
    if owner:
        return None, ("%s has kernel arguments or sysctls, and the guests that the build saves " +
                      "boot without") % label_text(owner)
    return ctx.attr._saved_guest[0][VmTemplateInfo].directory, ""

def _config(ctx, cpus, accel, template, no_template, looked_at):
    python = _python(ctx)
    return coverage_config(ctx, machine_config(ctx, cpus, _runfiles_path), _runfiles_path, looked_at) | {
        "accel": accel,
        # What the reader of a failure types: this repository's own wrapper exists here only.
        "bazel": "bazel" if ctx.attr._runner.label.workspace_root else "tools/bazel",
        "core": ctx.attr.core,
        "disks": disks_config(ctx, _runfiles_path),
        "fresh_boot": _fresh_boot(ctx),
        "import_roots": python.roots,
        "libraries": python.libraries,
        "no_template": no_template,
        "oversized": ctx.attr.oversized,
        "passed_env": sorted(ctx.attr.env.keys() + ctx.attr.env_inherit),
        "replay": replayed(ctx),
        "same_seed": ctx.attr._same_seed[BuildSettingInfo].value,
        "scheduler_args": ctx.attr.scheduler_args,
        "seed": _seed(ctx),
        "sources": python.sources,
        "template": _runfiles_path(ctx, template) if template else "",
        "timeout_s": _TIMEOUTS[getattr(ctx.attr, "timeout", "moderate")],
    }

def _implement(ctx, shell_mode = False, replay = None):
    cpus = _check(ctx)
    accel = "virtual" if replay else _accel(ctx)
    template, no_template = (None, "") if shell_mode else _template(ctx, accel)
    config = ctx.actions.declare_file(ctx.label.name + ".config.json")
    ctx.actions.write(config, json.encode_indent(_config(ctx, cpus, _accel(ctx), template, no_template, bool(replay))) + "\n")
    launcher = ctx.actions.declare_file(ctx.label.name)
    text = launcher_text(
        label = label_text(ctx.label),
        runner = _runfiles_path(ctx, ctx.executable._runner),
        config = _runfiles_path(ctx, config),
        data = [_runfiles_path(ctx, file) for file in ctx.files.data if file.is_source],
        shell_mode = shell_mode,
        replay = _runfiles_path(ctx, replay) if replay else None,
    )
    ctx.actions.write(launcher, text, is_executable = True)

    kernel = ctx.attr.kernel[KernelImageInfo]
    templates = [template] if template else []
    files = [config, kernel.system_map, kernel.build_info] + ([kernel.index] if kernel.index else []) + kernel.patches + templates + dwarf_files(ctx, bool(replay))
    files += ([kernel.bzimage] if kernel.bzimage else []) + machine_files(ctx) + disk_files(ctx)
    runfiles = ctx.runfiles(files = files + ctx.files.srcs + ctx.files.data)
    others = [ctx.attr._runner] + ctx.attr.deps + ctx.attr.data + ([ctx.attr._drgn] if replay else [])
    runfiles = runfiles.merge_all([each[DefaultInfo].default_runfiles for each in others])
    return struct(
        accel = accel,
        cpus = cpus,
        environment = environment(ctx),
        default_info = DefaultInfo(executable = launcher, runfiles = runfiles),
        output_groups = OutputGroupInfo(
            _validation = validate_payloads(ctx),
            template = depset(templates),
        ),
    )

def _test_impl(ctx):
    made = _implement(ctx)
    in_turns = _in_turns(ctx, made.accel)
    busy = 1 if in_turns else made.cpus
    disks = len(ctx.attr.disks) if in_turns else 0
    memory = reserved_mib(ctx, made.cpus, disks)
    if disks:
        memory += max(0, disks_mib(ctx) - disks * DISK_MIB)
    if not _fresh_boot(ctx) and (in_turns or not ctx.attr.disks):
        memory += saved_mib(made.cpus)
    reserved = {"cpu:%d" % busy: "", "resources:memory:%d" % memory: ""}
    return [
        made.default_info,
        made.output_groups,
        made.environment,
        testing.ExecutionInfo(reserved),
    ]

def _shell_impl(ctx):
    made = _implement(ctx, shell_mode = True)
    return [made.default_info, made.output_groups, made.environment]

def _replay_impl(ctx):
    made = _implement(ctx, replay = ctx.executable._drgn)
    return [made.default_info, made.output_groups, made.environment]

_ATTRS = {
    "accel": attr.string(
        default = "auto",
        doc = "How the guest's instructions run: `kvm`, `virtual` (TCG in instruction-counted " +
              "time: the same run everywhere), `tcg`, or `auto`: kvm where a probe has shown " +
              "that it works, else virtual. `--@ktstr//rules:accel` overrides auto; a guest of arm64, which " +
              "no KVM runs, is in virtual time then as well unless that is tcg.",
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
    "core": attr.bool(
        doc = "Whether a guest that hangs or panics leaves its memory as guest.core, which drgn and " +
              "crash open: as many bytes as it has used.",
    ),
    "fresh_boot": attr.bool(
        doc = "Whether every test boots a machine of its own, rather than being cloned from a " +
              "saved one. `--@ktstr//rules:fresh_boot` sets it for all.",
    ),
    "oversized": attr.string(
        default = "tcg",
        doc = "What becomes of a topology with more CPUs than the machine that runs the test: " +
              "`tcg`: where accel is auto, it runs in virtual time, which needs one CPU; `refuse`: " +
              "it does not run, and is inconclusive.",
    ),
    "scheduler_args": attr.string_list(
        doc = "Arguments of the scheduler, after its own.",
    ),
    "scheduler_problem": attr.string(
        doc = "What is wrong with the scheduler's defaults. The macro writes it.",
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
    "_fresh_boot": attr.label(
        default = "//rules:fresh_boot",
        providers = [BuildSettingInfo],
    ),
    "_same_seed": attr.label(
        default = "//rules:same_seed",
        providers = [BuildSettingInfo],
    ),
    "_seed": attr.label(
        default = "//rules:seed",
        providers = [BuildSettingInfo],
    ),
    "_accel": attr.label(
        default = "//rules:accel",
        providers = [BuildSettingInfo],
    ),
    "_kvm": attr.label(
        default = "//rules:kvm",
        providers = [BuildSettingInfo],
    ),
    "_runner": attr.label(
        default = "//ktstr/runner:main",
        cfg = "target",
        executable = True,
    ),
} | COVERAGE_ATTRS | DISK_ATTRS | ENVIRONMENT_ATTRS | MACHINE_ATTRS | REPLAY_ATTRS

_CLONED = {
    "_saved_guest": attr.label(
        default = ":saved_guest",
        cfg = shape_transition,
        providers = [VmTemplateInfo],
    ),
}

_ktstr_test = rule(
    implementation = _test_impl,
    doc = "Runs the test functions of srcs, each in a fresh virtual machine.",
    attrs = _ATTRS | _CLONED,
    test = True,
)

_ktstr_replay = rule(
    implementation = _replay_impl,
    doc = "One test of a ktstr_test, played up to an instant, at which somebody looks at its guest.",
    attrs = _ATTRS | _CLONED | {
        "_drgn": attr.label(default = "//ktstr/introspect/debugger:main", cfg = "target", executable = True),
    },
    executable = True,
)

_ktstr_shell = rule(
    implementation = _shell_impl,
    doc = "The guest of a ktstr_test with a shell on its console.",
    attrs = _ATTRS,
    executable = True,
)

# Under a public name, for the reference: the attributes that the macro passes on.
KTSTR_TEST_RULE = _ktstr_test

# What a test has and a plain program, or a guest that is no clone, has not.
_TEST_ONLY = ["args", "flaky", "local", "shard_count", "size", "timeout"]

def ktstr_test(
        name,
        disks = [],
        numa = None,
        numa_distances = None,
        fresh_boot = False,
        data_in_guest = {},
        **kwargs):
    """A test whose functions run scenarios on a scheduler, each in a virtual machine of its own.

    In virtual time the machines are clones of one that a build action has booted and saved: all
    tests with the same kernel, topology, memory and kernel arguments share it. `bazel run NAME.shell`
    boots the same guest with a shell instead of a test; `bazel run NAME.replay -- --at 1.5s` plays one
    test up to that instant, and opens drgn on its kernel, or gdb, or prints what stands there.

    Args:
      name: name of the test.
      disks: labels of disk_templates, and disk(...) of rules/disk.bzl; each test function has
        clones of its own.
      numa: a numa_node(...) of rules/numa.bzl for each NUMA node, where they differ.
      numa_distances: their distances as rows of numbers; left out: 10 within a node, else 20.
      fresh_boot: whether every test boots its machine, rather than getting a clone.
      data_in_guest: dict of file to its path in the guest below /ktstr/data, for test functions
        (`ctx.data("PATH")`); a program that needs shared libraries is a payload.
      **kwargs: srcs, kernel, scheduler, topology, accel and more: docs/reference/rules.md has all
        of them, as _ATTRS above; and what every test rule takes.
    """
    kwargs = with_defaults(kwargs) | disk_attributes(name, disks) | data_attributes(name, data_in_guest)
    kwargs["numa"] = numa_attribute(name, numa, numa_distances)
    kwargs["fresh_boot"] = fresh_boot
    kwargs |= arch_defaults(kwargs)
    _ktstr_test(name = name, **(kwargs | {"exec_properties": test_properties(kwargs)}))
    shell = {key: value for key, value in kwargs.items() if key not in _TEST_ONLY}
    shell["tags"] = list(shell.get("tags") or []) + ["manual"]
    shell["testonly"] = True
    _ktstr_shell(name = name + ".shell", **shell)
    if shell.get("arch") in [None, NATIVE]:
        # drgn and gdb read guests of this machine's architecture
        _ktstr_replay(name = name + ".replay", **shell)
