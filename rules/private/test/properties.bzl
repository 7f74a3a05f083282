# SPDX-License-Identifier: Apache-2.0
"""What a test asks of a remote worker: execution properties.

`cpu:N` and `resources:memory:N` stay with Bazel. Properties are part of actions' keys, and so they are
the same for local runs; where a test asks for nothing special, as most do, there are none, and any
worker will do. They are set when a BUILD file is loaded, for a rule cannot set its own.
"""

load("@ktstr_kvm_hint//:hint.bzl", "KVM_IS_LIKELY")
load("//rules/private/build:arch.bzl", "NATIVE")
load("//rules/private/build:properties.bzl", "properties_of")
load(":memory.bzl", "guest_mib")
load(":numa.bzl", "parse_numa")
load(":topology.bzl", "DEFAULT_TOPOLOGY", "parse_topology")

visibility(["//tests/rules/properties"])

# What disks and a saved guest may add to a guest's own memory: ktstr_test reserves it in detail.
_DISKS_MIB = 1024
_SAVED_MIB = 256

def needs(attributes):
    """What a machine needs of the one that emulates it, where loading can know.

    Args:
      attributes: dict of a ktstr_test's attributes; numa as JSON.

    Returns:
      (cpus, mib), or None where one of them is a select(), or wrong: the rule says what.
    """
    values = [
        attributes.get("topology") or DEFAULT_TOPOLOGY,
        attributes.get("memory_mb") or 0,
        attributes.get("numa") or "",
    ]
    if [type(each) for each in values] != ["string", "int", "string"]:
        return None
    if type(attributes.get("payloads") or []) != "list":
        return None
    layout, problem = parse_numa(values[2])
    if problem:
        return None
    cpus, problem = parse_topology(values[0], layout)
    if problem:
        return None
    payloads = len(attributes.get("payloads") or [])
    return cpus, guest_mib(cpus, values[1], payloads, 0, layout)

def test_properties(attributes):
    """The exec_properties of a ktstr_test.

    Args:
      attributes: dict of its attributes, its own exec_properties among them, which win.

    Returns:
      dict or select()
    """
    own = attributes.get("exec_properties") or {}
    needed = needs(attributes)
    accel = attributes.get("accel") or "auto"
    arch = attributes.get("arch") or NATIVE
    if not needed or type(own) != "dict" or type(accel) != "string" or type(arch) != "string":
        return own
    cpus, mib = needed
    mib += _SAVED_MIB
    in_turns = properties_of(mib + (_DISKS_MIB if attributes.get("disk_templates") else 0)) | own
    at_once = properties_of(mib, cpus) | own
    with_kvm = properties_of(mib, cpus, kvm = True) | own
    known = {"kvm": with_kvm, "tcg": at_once, "virtual": in_turns}
    if accel in known:
        return known[accel]
    if arch != NATIVE:
        # no KVM runs it
        return select({
            Label("//rules:accel_is_tcg"): at_once,
            "//conditions:default": in_turns,
        })
    return select({
        Label("//rules:accel_is_kvm"): with_kvm,
        Label("//rules:accel_is_tcg"): at_once,
        Label("//rules:accel_is_virtual"): in_turns,
        Label("//rules:auto_with_kvm"): with_kvm,
        Label("//rules:auto_without_kvm"): in_turns,
        "//conditions:default": with_kvm if KVM_IS_LIKELY else in_turns,
    })
