# SPDX-License-Identifier: Apache-2.0
"""The macro `ktstr_gauntlet`: one declaration, a ktstr_test for each machine, profile and kernel."""

load("@ktstr_gauntlet_hint//:hint.bzl", "WILDCARDS_REACH_GAUNTLETS")
load("//rules/private/kernel:declared.bzl", "select_kernels")
load("//rules/private/scheduler:defaults.bzl", "is_described")
load("//rules/private/test:test.bzl", "ktstr_test")
load(":flags.bzl", "select_profiles")
load(":presets.bzl", "select_presets")

visibility(["//rules"])

# More than this of one declaration is a mistake: at ten seconds each they would run for a day.
_MOST_VARIANTS = 10000

# vCPUs take turns where a machine has too few CPUs, so a guest takes longer the more it has.
_SIZES = [(16, "medium"), (64, "large")]
_LARGEST = "enormous"

def _variants(name, machines, profiles, kernels):
    return [
        struct(
            kernel = kernel,
            machine = machine,
            name = "%s/%s/%s%s" % (name, machine.name, profile.name, kernel.suffix),
            profile = profile,
        )
        for machine in machines
        for profile in profiles
        for kernel in kernels
    ]

def _matrix(name, machines, left_out, profiles, kernels):
    """The variants, and a page that says which there are and which presets were left out."""
    variants = _variants(name, machines, profiles, kernels)
    lines = ["variants: %d, of %d presets, %d profiles, %d kernels" % (
        len(variants),
        len(machines),
        len(profiles),
        len(kernels),
    )]
    lines += ["preset %s: %s" % (each.name, each.topology) for each in machines]
    lines += ["profile %s: %s" % (each.name, each.args) for each in profiles]
    lines += ["kernel %s: %s" % (each.name, each.label) for each in kernels if each.label]
    lines += ["left out %s: %s" % item for item in left_out.items()]
    return variants, "\n".join(lines) + "\n"

def _wrong_gauntlet_impl(ctx):
    fail("%s: %s" % (ctx.label, ctx.attr.problem))

# A test, since --config=gauntlet builds nothing else, and the error is to be seen there as well.
_wrong_gauntlet_test = rule(
    implementation = _wrong_gauntlet_impl,
    test = True,
    doc = "The error of a wrong declaration, in place of its variants.",
    attrs = {"problem": attr.string(mandatory = True, doc = "What is wrong.")},
)

def _matrix_impl(ctx):
    page = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.write(page, ctx.attr.text)
    return [DefaultInfo(files = depset([page]))]

_gauntlet_matrix = rule(
    implementation = _matrix_impl,
    doc = "A page that tells what a gauntlet's matrix is.",
    attrs = {"text": attr.string(mandatory = True, doc = "The page.")},
)

def _size(cpus):
    for most, size in _SIZES:
        if cpus <= most:
            return size
    return _LARGEST

def _declare(variant, tags, scheduler_args, memory_mb, kwargs):
    machine, profile, kernel = variant.machine, variant.profile, variant.kernel
    own = ["gauntlet", "preset:" + machine.name, "profile:" + profile.name]
    if kernel.name:
        own.append("kernel:" + kernel.name)
    attributes = {"kernel": kernel.label} if kernel.label else {}
    if "size" not in kwargs and "timeout" not in kwargs:
        attributes["size"] = _size(machine.cpus)
    ktstr_test(
        name = variant.name,
        numa = machine.numa,
        numa_distances = machine.numa_distances,
        memory_mb = memory_mb or machine.memory_mb,
        scheduler_args = scheduler_args + profile.args,
        tags = own + tags,
        topology = machine.topology,
        **(attributes | kwargs)
    )

def _of_scheduler(limits, requires_smt, kwargs):
    """Constraints with those of the scheduler where the gauntlet has none, and a plain scheduler."""
    given = kwargs.get("scheduler")
    if not is_described(given):
        return limits, requires_smt or False, kwargs, None
    limits = {
        key: given.limits[key] if limits[key] == None else limits[key]
        for key in limits
    }
    smt = given.requires_smt if requires_smt == None else requires_smt
    return limits, smt, kwargs | {"scheduler": given.scheduler}, given.problem or None

def ktstr_gauntlet(
        name,
        presets = None,
        extra_presets = {},
        flags = [],
        required_flags = [],
        excluded_flags = [],
        profiles = None,
        kernels = None,
        min_numa_nodes = None,
        max_numa_nodes = None,
        min_llcs = None,
        max_llcs = None,
        min_cpus = None,
        max_cpus = None,
        requires_smt = None,
        memory_mb = 0,
        scheduler_args = [],
        tags = [],
        **kwargs):
    """The same tests on many machines: a ktstr_test NAME/PRESET/PROFILE for each combination.

    With two kernels and more, names end in /KERNEL. The test suite NAME holds all of them, and
    NAME.matrix is a page that says what there is and what was left out, for which reason. All are
    `manual`, so that only who names them runs them, except with --config=gauntlet; those that you
    tag `manual` yourself are it there, too.

    Args:
      name: name of the suite.
      presets: names of machines: docs/gauntlet.md has the built-in ones; None: all, and your own.
      extra_presets: machines of your own: dict of name to topology or preset(...).
      flags: list of flag(...), what the scheduler can be told.
      required_flags: names of flags that every profile has.
      excluded_flags: names of flags that no profile has.
      profiles: names of profiles, e.g. ["default", "llc+steal"]; None: every set of flags in which
        each finds what it requires.
      kernels: list of labels, or dict of name to label; None: the default kernel.
      min_numa_nodes: NUMA nodes at least. Constraints that are left out bound the built-in presets
        of `presets = None` by the defaults that docs/gauntlet.md names, and nothing else.
      max_numa_nodes: NUMA nodes at most.
      min_llcs: LLCs of the machine at least.
      max_llcs: LLCs of the machine at most.
      min_cpus: CPUs of the machine at least.
      max_cpus: CPUs of the machine at most.
      requires_smt: whether machines need several threads per core. What is left out of this and of
        the constraints, a scheduler of scheduler_defaults(...) may say.
      memory_mb: least memory of every guest in MiB; 0: the preset's.
      scheduler_args: arguments of the scheduler, before those of flags.
      tags: further tags of the variants.
      **kwargs: what else ktstr_test takes: srcs, scheduler, accel, oversized, disks, ...; `size`
        follows from the CPUs unless it, or `timeout`, is given.
    """
    limits = {
        "max_cpus": max_cpus,
        "max_llcs": max_llcs,
        "max_numa_nodes": max_numa_nodes,
        "min_cpus": min_cpus,
        "min_llcs": min_llcs,
        "min_numa_nodes": min_numa_nodes,
    }
    limits, requires_smt, kwargs, problem = _of_scheduler(limits, requires_smt, kwargs)
    machines, left_out = None, None
    if not problem:
        machines, left_out, problem = select_presets(presets, extra_presets, limits, requires_smt)
    found_profiles, found_kernels = None, None
    taken = [key for key in ["kernel", "numa", "numa_distances", "topology"] if key in kwargs]
    if taken:
        problem = "%s is the matrix's own; use kernels, and presets or extra_presets" % taken[0]
    if not problem:
        found_profiles, problem = select_profiles(flags, required_flags, excluded_flags, profiles)
    if not problem:
        found_kernels, problem = select_kernels(kernels)
    if not problem and flags and not kwargs.get("scheduler"):
        problem = "flags are given without a scheduler; set scheduler or remove them"
    if not problem:
        count = len(machines) * len(found_profiles) * len(found_kernels)
        if count > _MOST_VARIANTS:
            problem = "%d presets, %d profiles and %d kernels make %d variants; at most %d" % (
                len(machines),
                len(found_profiles),
                len(found_kernels),
                count,
                _MOST_VARIANTS,
            )
    if problem:
        _wrong_gauntlet_test(name = name, problem = problem, tags = ["gauntlet"] + tags)
        return
    variants, text = _matrix(name, machines, left_out, found_profiles, found_kernels)
    hidden = [] if WILDCARDS_REACH_GAUNTLETS and "manual" not in tags else ["manual"]
    tags = hidden + [tag for tag in tags if tag != "manual"]
    for variant in variants:
        _declare(variant, tags, scheduler_args, memory_mb, kwargs)
    visibility = {key: kwargs[key] for key in ["visibility"] if key in kwargs}
    _gauntlet_matrix(name = name + ".matrix", text = text, tags = ["manual"], **visibility)
    native.test_suite(
        name = name,
        tags = ["gauntlet"] + hidden,
        tests = [":" + variant.name for variant in variants],
        **visibility
    )
