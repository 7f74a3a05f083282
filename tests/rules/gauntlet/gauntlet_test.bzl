# SPDX-License-Identifier: Apache-2.0
"""Tests of what a gauntlet makes of its declaration, and what it says of a wrong one."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts", "unittest")
load("//rules:gauntlet.bzl", "flag", "ktstr_gauntlet", "preset")
load("//rules:matrix.bzl", "PRESETS", "kernel_label", "select_presets", "select_profiles")
load("//tests/support:refused.bzl", "refused")

# Spec 1.5: topology, CPUs, MiB.
_TABLE = {
    "large-4llc": ("1n4l16c2t", 128, 2048),
    "large-4llc-nosmt": ("1n4l32c1t", 128, 2048),
    "large-8llc": ("1n8l8c2t", 128, 2048),
    "large-8llc-nosmt": ("1n8l16c1t", 128, 2048),
    "max-cpu": ("1n14l9c2t", 252, 4096),
    "max-cpu-nosmt": ("1n14l18c1t", 252, 4096),
    "medium-4llc": ("1n4l4c2t", 32, 2048),
    "medium-4llc-nosmt": ("1n4l8c1t", 32, 2048),
    "medium-8llc": ("1n8l4c2t", 64, 2048),
    "medium-8llc-nosmt": ("1n8l8c1t", 64, 2048),
    "near-max-llc": ("1n15l8c2t", 240, 2048),
    "near-max-llc-nosmt": ("1n15l16c1t", 240, 2048),
    "numa2-4llc": ("2n4l4c1t", 16, 2048),
    "numa2-8llc": ("2n8l8c2t", 128, 2048),
    "numa2-8llc-nosmt": ("2n8l16c1t", 128, 2048),
    "numa4-12llc": ("4n12l8c2t", 192, 4096),
    "numa4-8llc": ("4n8l4c1t", 32, 2048),
    "odd-3llc": ("1n3l3c1t", 9, 2048),
    "odd-5llc": ("1n5l3c1t", 15, 2048),
    "odd-7llc": ("1n7l2c1t", 14, 2048),
    "smt-2llc": ("1n2l2c2t", 8, 2048),
    "smt-3llc": ("1n3l2c2t", 12, 2048),
    "tiny-1llc": ("1n1l4c1t", 4, 2048),
    "tiny-2llc": ("1n2l2c1t", 4, 2048),
}

_UNBOUNDED = {
    "max_cpus": None,
    "max_llcs": None,
    "max_numa_nodes": None,
    "min_cpus": None,
    "min_llcs": None,
    "min_numa_nodes": None,
}
_WIDE = {"max_cpus": 252, "max_llcs": 15, "max_numa_nodes": 4}

def _presets_impl(ctx):
    env = unittest.begin(ctx)
    asserts.equals(
        env,
        {name: (topology, memory_mb) for name, (topology, _, memory_mb) in _TABLE.items()},
        {name: (each.topology, each.memory_mb) for name, each in PRESETS.items()},
    )

    # By default: one NUMA node, up to 12 LLCs and 192 CPUs.
    chosen, left_out, problem = select_presets(None, {}, _UNBOUNDED, False)
    asserts.equals(env, None, problem)
    asserts.equals(env, 15, len(chosen))
    asserts.equals(env, 9, len(left_out))
    asserts.equals(env, "2n4l4c1t: 2 NUMA nodes; max_numa_nodes is 1", left_out["numa2-4llc"])
    asserts.equals(env, "1n15l8c2t: 15 LLCs; max_llcs is 12", left_out["near-max-llc"])
    for each in chosen:
        asserts.equals(env, _TABLE[each.name][1], each.cpus)

    # All that x86 can number with 8 bits.
    chosen, left_out, _ = select_presets(None, {}, _UNBOUNDED | _WIDE, False)
    asserts.equals(env, 22, len(chosen))
    asserts.equals(env, ["max-cpu", "max-cpu-nosmt"], sorted(left_out.keys()))
    asserts.true(env, "1n14l9c2t\" needs APIC ID 433" in left_out["max-cpu"], left_out["max-cpu"])

    chosen, _, _ = select_presets(None, {}, _UNBOUNDED | {"max_cpus": 16}, True)
    asserts.equals(env, ["smt-2llc", "smt-3llc"], [each.name for each in chosen])

    # What is named is bounded by what is said, not by defaults.
    own = {"wide": "4n4l1c1t", "big": preset("1n1l2c1t", memory_mb = 4096)}
    chosen, _, _ = select_presets(["numa2-4llc", "wide", "big"], own, _UNBOUNDED, False)
    asserts.equals(env, ["numa2-4llc", "wide", "big"], [each.name for each in chosen])
    asserts.equals(env, [2048, 2048, 4096], [each.memory_mb for each in chosen])
    chosen, left_out, _ = select_presets(None, own, _UNBOUNDED | {"max_cpus": 4}, False)
    asserts.equals(env, ["tiny-1llc", "tiny-2llc", "wide", "big"], [each.name for each in chosen])

    # Classes of CPUs are not counted.
    own = {"differing": "1n2l2c1t-bl"}
    chosen, _, problem = select_presets(["differing"], own, _UNBOUNDED, False)
    asserts.equals(env, None, problem)
    asserts.equals(env, [("1n2l2c1t-bl", 4)], [(each.topology, each.cpus) for each in chosen])
    return unittest.end(env)

presets_test = unittest.make(_presets_impl)

_FIVE = [
    flag("llc", ["--llc"]),
    flag("borrow", ["--borrow"]),
    flag("steal", ["--steal", "1"], requires = ["llc"]),
    flag("rebal", ["--rebal"]),
    flag("no-ctrl", []),
]

def _profiles_impl(ctx):
    env = unittest.begin(ctx)

    # 8 of the 32 sets have steal without llc.
    found, problem = select_profiles(_FIVE, [], [], None)
    asserts.equals(env, None, problem)
    names = [each.name for each in found]
    asserts.equals(env, 24, len(names))
    asserts.equals(env, 24, len({name: None for name in names}))
    asserts.equals(env, ["default", "llc", "borrow", "rebal", "no-ctrl", "llc+borrow"], names[:6])
    asserts.equals(env, "llc+borrow+steal+rebal+no-ctrl", names[-1])
    asserts.equals(env, ["--llc", "--steal", "1"], found[names.index("llc+steal")].args)
    asserts.equals(env, [], found[0].args)
    for name in names:
        asserts.true(env, "steal" not in name or "llc" in name, name)

    # What is required is in all, what is excluded in none, with all that requires it.
    found, _ = select_profiles(_FIVE, ["rebal"], ["llc"], None)
    asserts.equals(
        env,
        ["rebal", "borrow+rebal", "rebal+no-ctrl", "borrow+rebal+no-ctrl"],
        [each.name for each in found],
    )

    # The order of declaration does not matter to requires, and neither do circles.
    turned = [flag("steal", [], requires = ["llc"]), flag("llc", [])]
    found, _ = select_profiles(turned, [], [], None)
    asserts.equals(env, ["default", "llc", "steal+llc"], [each.name for each in found])
    circle = [flag("a", [], requires = ["b"]), flag("b", [], requires = ["a"])]
    found, _ = select_profiles(circle, [], [], None)
    asserts.equals(env, ["default", "a+b"], [each.name for each in found])

    found, _ = select_profiles(_FIVE, [], [], ["llc+steal", "default"])
    asserts.equals(env, ["llc+steal", "default"], [each.name for each in found])
    found, _ = select_profiles([], [], [], None)
    asserts.equals(env, ["default"], [each.name for each in found])

    many = [flag("f%d" % number, []) for number in range(13)]
    found, problem = select_profiles(many, [], [], None)
    asserts.true(env, "make more than 4096 profiles" in problem, problem)
    return unittest.end(env)

profiles_test = unittest.make(_profiles_impl)

def _kernels_impl(ctx):
    env = unittest.begin(ctx)
    for name, label in {
        "6.14.2": "kernel_6_14_2",
        "Linux-7.2-rc1+": "kernel_7_2_rc1",
        "git_tj_sched_ext": "kernel_git_tj_sched_ext",
        "kernel_6_12": "kernel_6_12",
        "linux_6_12": "kernel_6_12",
    }.items():
        asserts.equals(env, label, kernel_label(name))
    return unittest.end(env)

kernels_test = unittest.make(_kernels_impl)

def _variant_impl(ctx):
    env = analysistest.begin(ctx)
    subject = analysistest.target_under_test(env)
    written = None
    for action in analysistest.target_actions(env):
        if [file for file in action.outputs.to_list() if file.basename.endswith(".config.json")]:
            written = json.decode(action.content)
    asserts.equals(env, str(subject.label).removeprefix("@@"), written["label"])
    for key, expected in json.decode(ctx.attr.expected).items():
        asserts.equals(env, expected, written[key])
    asserts.equals(env, sorted(ctx.attr.tags_expected), sorted(ctx.attr.tags_found))
    return analysistest.end(env)

_variant_test = analysistest.make(
    _variant_impl,
    attrs = {
        "expected": attr.string(mandatory = True),
        "tags_expected": attr.string_list(mandatory = True),
        "tags_found": attr.string_list(mandatory = True),
    },
    doc = "Checks one variant's configuration and tags.",
)

def variant_test(name, variant, expected, size, tags):
    """Checks that a gauntlet has declared a variant, and how.

    Args:
      name: name of the test.
      variant: name of the variant in this package.
      expected: dict: keys and values of the configuration that the runner reads.
      size: its size.
      tags: list: its tags, but for `manual`, which it must have as well.
    """
    found = native.existing_rule(variant)
    if not found:
        fail("no target %s; there are: %s" % (variant, native.existing_rules().keys()))
    _variant_test(
        name = name,
        expected = json.encode(expected),
        tags_expected = tags + [size, "manual"],
        tags_found = list(found["tags"]) + [found["size"]],
        target_under_test = ":" + variant,
    )

def _page_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.equals(env, ctx.attr.page, [each.content for each in analysistest.target_actions(env)][0])
    return analysistest.end(env)

page_test = analysistest.make(
    _page_impl,
    attrs = {"page": attr.string(mandatory = True)},
    doc = "Checks what the page of a gauntlet says.",
)

def matrix_refused(name, messages, **kwargs):
    """A ktstr_gauntlet that must fail in analysis.

    Args:
      name: name of the test.
      messages: texts that the error must contain.
      **kwargs: attributes of the ktstr_gauntlet; srcs and tags have defaults.
    """
    subject = name + ".subject"
    messages = ["//tests/rules/gauntlet:%s: " % subject] + messages
    refused(name, messages, ktstr_gauntlet, subject, **kwargs)

    # Else --config=gauntlet would pass it over: that runs tests, and those with this tag alone.
    found = native.existing_rule(subject)
    if not found["kind"].endswith("_test") or "gauntlet" not in found["tags"]:
        fail("%s is a %s with the tags %s" % (subject, found["kind"], found["tags"]))
