# SPDX-License-Identifier: Apache-2.0
"""The shape of a machine: what of it a saved guest has, all that loading knows.

Tests reach the one target `saved_guest` under a transition that sets these settings, so that all with
one shape, of whatever package or module, have one configured target, and one action. What that is made
of is the same for all shapes, and comes out of the tests' own configuration: `guest_mode` sets these
settings back (rules/private/build/guest_mode.bzl).
"""

load("//rules/private/build:arch.bzl", "NATIVE")
load(
    "//rules/private/build:guest_mode.bzl",
    "NO_SHAPE",
    "SHAPE",
    "SHAPE_KERNEL",
    "SHAPE_MEMORY",
    "SHAPE_QEMU",
)
load("//rules/private/build:properties.bzl", "properties_of")
load(":memory.bzl", "guest_mib", "shape_mib")
load(":numa.bzl", "parse_numa")
load(":topology.bzl", "parse_topology")

visibility("private")

# Accelerators whose guests the build may save: only virtual time travels.
_SAVING = ["auto", "virtual"]

def _shape(attr):
    """The shape as a dict, or None where the build saves no guest."""
    layout, problem = parse_numa(attr.numa)
    if problem or attr.fresh_boot or attr.accel not in _SAVING or attr.arch != NATIVE:
        return None
    cpus, problem = parse_topology(attr.topology, layout)
    if problem:
        return None
    size = [cpus, attr.memory_mb, len(attr.payloads), len(attr.disks), layout]
    return {
        "kargs": attr.kargs,
        "numa": attr.numa,
        "saving_mb": guest_mib(*size),
        "shape_mb": shape_mib(*size),
        "topology": attr.topology,
    }

def _impl(_settings, attr):
    shape = _shape(attr)
    if not shape:
        return NO_SHAPE
    return {
        SHAPE: json.encode(shape),
        SHAPE_KERNEL: attr.kernel,
        SHAPE_MEMORY: properties_of(shape["saving_mb"]).get("ktstr-memory", ""),
        SHAPE_QEMU: attr.qemu,
    }

# Of an attribute of a ktstr_test.
shape_transition = transition(
    implementation = _impl,
    inputs = [],
    outputs = NO_SHAPE.keys(),
)
