# SPDX-License-Identifier: Apache-2.0
"""Tests of execution properties."""

load("@bazel_skylib//lib:unittest.bzl", "asserts", "unittest")
load("@bazel_skylib//rules:write_file.bzl", "write_file")

# buildifier: disable=bzl-visibility
load("//rules/private/build:properties.bzl", "properties_of")

# buildifier: disable=bzl-visibility
load("//rules/private/test:memory.bzl", "shape_mib")

# buildifier: disable=bzl-visibility
load("//rules/private/test:properties.bzl", "needs", "test_properties")

def _properties_impl(ctx):
    env = unittest.begin(ctx)
    eight = {"topology": "1n2l4c1t"}
    large = {"memory_mb": 3000, "topology": "1n2l4c1t"}

    # What most tests are asks for nothing, so that any worker of any engine will do.
    asserts.equals(env, {}, test_properties({"accel": "virtual"}))

    # Classes, not amounts: engines compare texts.
    asserts.equals(env, {}, properties_of(1024))
    asserts.equals(env, {"ktstr-memory": "4096"}, properties_of(1025))
    asserts.equals(env, {"ktstr-memory": "262144"}, properties_of(1 << 20))
    asserts.equals(env, {"ktstr-cpus": "2"}, properties_of(1, 2))
    asserts.equals(env, {"ktstr-cpus": "4"}, properties_of(1, 3))
    asserts.equals(env, {"ktstr-cpus": "256"}, properties_of(1, 252))

    asserts.equals(
        env,
        {"ktstr-cpus": "8", "ktstr-memory": "4096"},
        test_properties(large | {"accel": "tcg"}),
    )
    asserts.equals(
        env,
        {"ktstr-cpus": "8", "ktstr-kvm": "yes"},
        test_properties(eight | {"accel": "kvm"}),
    )

    # In virtual time a guest has disks in its memory.
    disks = {"disk_templates": ["//:disk"]}
    asserts.equals(env, {"ktstr-memory": "4096"}, test_properties(disks | {"accel": "virtual"}))
    asserts.equals(env, {}, test_properties(disks | {"accel": "tcg", "topology": "1n1l1c1t"}))

    # A target's own properties stay, and what it says itself counts.
    own = {"exec_properties": {"Pool": "large", "ktstr-cpus": "2"}}
    asserts.equals(
        env,
        {"Pool": "large", "ktstr-cpus": "2"},
        test_properties(eight | own | {"accel": "tcg"}),
    )

    # No KVM runs a guest of another architecture, so that none asks for it, whatever the command line says.
    arm64 = large | {"arch": "arm64"}
    asserts.equals(env, {"ktstr-memory": "4096"}, test_properties(arm64 | {"accel": "virtual"}))
    asserts.equals(env, -1, str(test_properties(arm64)).find("kvm"))
    asserts.true(env, "kvm" in str(test_properties(large)))

    # What loading cannot know: a select(), and what the rule will refuse.
    asserts.equals(env, None, needs({"topology": select({"//conditions:default": "1n1l1c1t"})}))
    asserts.equals(env, None, needs({"topology": "8"}))
    asserts.equals(env, {}, test_properties({"accel": "kvm", "topology": "8"}))
    asserts.equals(env, {}, test_properties(large | {"arch": select({"//conditions:default": "arm64"})}))
    return unittest.end(env)

_properties_test = unittest.make(_properties_impl)

def _shape_impl(ctx):
    env = unittest.begin(ctx)
    for expected, arguments in [
        # plain tests of few CPUs share one size, and with more it is the CPUs that decide
        (384, [1, 0, 0, 0]),
        (384, [4, 0, 0, 0]),
        (512, [8, 0, 0, 0]),
        (6080, [95, 0, 0, 0]),
        # what was asked for is given as it is
        (384, [2, 300, 0, 0]),
        (700, [2, 700, 0, 0]),
        # payloads and disks by how many there are
        (512, [2, 0, 1, 0]),
        (768, [2, 0, 0, 1]),
        (1024, [4, 0, 2, 1]),
        (4096, [2, 0, 0, 10]),
    ]:
        asserts.equals(env, expected, shape_mib(*arguments))

    # nodes that say what they have are not rounded up to what they cannot give
    fixed = {"nodes": [{"llcs": 1, "memory_mb": 300}, {"llcs": 0, "memory_mb": 64}]}
    asserts.equals(env, 256, shape_mib(2, 0, 2, 1, fixed))
    sharing = {"nodes": [{"llcs": 1, "memory_mb": 0}, {"llcs": 0, "memory_mb": 64}]}
    asserts.equals(env, 384, shape_mib(2, 0, 0, 0, sharing))
    return unittest.end(env)

_shape_test = unittest.make(_shape_impl)

def properties_test(name):
    """The tests.

    Args:
      name: of the one of properties; that of guests' memory is called NAME_of_shapes.
    """
    _properties_test(name = name)
    _shape_test(name = name + "_of_shapes")

def asked_for(name):
    """All that actions ever ask workers for, as JSON: a list of objects, property to value.

    Args:
      name: of the target; the file is NAME.json.
    """
    asked = [properties_of(1 << power, 1 << (power // 2), True) for power in range(32)]
    write_file(
        name = name,
        out = name + ".json",
        content = [json.encode(asked)],
        visibility = ["//tests/farm:__pkg__"],
    )
