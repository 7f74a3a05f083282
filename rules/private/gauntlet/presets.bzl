# SPDX-License-Identifier: Apache-2.0
"""Machines with a name, for `ktstr_gauntlet`, and which of them constraints let through."""

load("//rules/private/test:numa.bzl", "numa_attribute", "parse_numa")
load("//rules/private/test:topology.bzl", "apic_problem", "parse_topology")

visibility(["//rules"])

_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-."

def preset(topology, memory_mb = 2048, numa = None, numa_distances = None):
    """A machine of a gauntlet, as a value of `extra_presets`.

    Args:
      topology: NnNlNcNt.
      memory_mb: least memory of its guests in MiB; a topology with many CPUs gets more.
      numa: a numa_node(...) of rules/numa.bzl for each NUMA node, where they differ.
      numa_distances: their distances, as ktstr_test takes them.

    Returns:
      What `ktstr_gauntlet(extra_presets = {...})` takes.
    """
    return struct(
        memory_mb = memory_mb,
        numa = numa,
        numa_distances = numa_distances,
        topology = topology,
    )

# From one LLC to what a machine with 8-bit APIC IDs cannot hold any more; odd and even numbers of
# LLCs, with and without SMT, one to four NUMA nodes.
PRESETS = {
    "tiny-1llc": preset("1n1l4c1t"),
    "tiny-2llc": preset("1n2l2c1t"),
    "odd-3llc": preset("1n3l3c1t"),
    "odd-5llc": preset("1n5l3c1t"),
    "odd-7llc": preset("1n7l2c1t"),
    "smt-2llc": preset("1n2l2c2t"),
    "smt-3llc": preset("1n3l2c2t"),
    "medium-4llc": preset("1n4l4c2t"),
    "medium-8llc": preset("1n8l4c2t"),
    "large-4llc": preset("1n4l16c2t"),
    "large-8llc": preset("1n8l8c2t"),
    "near-max-llc": preset("1n15l8c2t"),
    "max-cpu": preset("1n14l9c2t", 4096),
    "medium-4llc-nosmt": preset("1n4l8c1t"),
    "medium-8llc-nosmt": preset("1n8l8c1t"),
    "large-4llc-nosmt": preset("1n4l32c1t"),
    "large-8llc-nosmt": preset("1n8l16c1t"),
    "near-max-llc-nosmt": preset("1n15l16c1t"),
    "max-cpu-nosmt": preset("1n14l18c1t", 4096),
    "numa2-4llc": preset("2n4l4c1t"),
    "numa2-8llc": preset("2n8l8c2t"),
    "numa2-8llc-nosmt": preset("2n8l16c1t"),
    "numa4-8llc": preset("4n8l4c1t"),
    "numa4-12llc": preset("4n12l8c2t", 4096),
}

# What bounds the built-in presets where the gauntlet says nothing: several NUMA nodes, and the
# machines at the edge of what x86 numbers, are for those who ask.
DEFAULT_LIMITS = {
    "max_cpus": 192,
    "max_llcs": 12,
    "max_numa_nodes": 1,
    "min_cpus": 1,
    "min_llcs": 1,
    "min_numa_nodes": 1,
}

_AXES = [("numa_nodes", "NUMA nodes"), ("llcs", "LLCs"), ("cpus", "CPUs")]

def _shape(topology):
    """Counts of a topology that parse_topology has accepted."""
    nodes, _, rest = topology.partition("-")[0].partition("n")
    llcs, _, rest = rest.partition("l")
    cores, _, threads = rest.partition("c")
    threads = threads.removesuffix("t")
    return {
        "cpus": int(llcs) * int(cores) * int(threads),
        "llcs": int(llcs),
        "numa_nodes": int(nodes),
        "threads": int(threads),
    }

def limits_problem(limits, requires_smt):
    """Says what is wrong with constraints.

    Args:
      limits: dict with the keys of DEFAULT_LIMITS; int or None.
      requires_smt: whether only machines with several threads per core are wanted.

    Returns:
      A sentence, or None.
    """
    for key in DEFAULT_LIMITS:
        value = limits[key]
        if value != None and (type(value) != "int" or value < 1):
            return "%s is %r; it must be a whole number of at least 1" % (key, value)
    if type(requires_smt) != "bool":
        return "requires_smt is %r; expected True or False" % requires_smt
    for axis, meaning in _AXES:
        low, high = limits["min_" + axis], limits["max_" + axis]
        if low != None and high != None and low > high:
            return "min_%s is %d and max_%s is %d; no machine has that many %s" % (
                axis,
                low,
                axis,
                high,
                meaning,
            )
    return None

def _preset_problem(name, value):
    """What is wrong with an entry of extra_presets, or None."""
    if type(name) != "string" or not name or not all([c in _NAME_CHARACTERS for c in name.elems()]):
        return "extra_presets: name %r: lower-case letters, digits, _, - and . make a name" % name
    if not name.strip("."):
        return "extra_presets: name %r: it needs a letter or digit" % name
    if name in PRESETS:
        return "extra_presets: %r is a built-in preset (%s); take another name" % (
            name,
            PRESETS[name].topology,
        )
    if type(value) != "struct" or not hasattr(value, "topology"):
        return "extra_presets: %r is a %s; expected preset(\"1n2l4c1t\") or a topology" % (
            name,
            type(value),
        )
    if type(value.topology) != "string":
        return "extra_presets: %r: topology is a %s" % (name, type(value.topology))
    layout, problem = parse_numa(numa_attribute(name, value.numa, value.numa_distances))
    if not problem:
        _, problem = parse_topology(value.topology, layout)
    return "extra_presets: %r: %s" % (name, problem) if problem else None

def _asked(presets, known):
    """The names to look at, in order, or what is wrong with them."""
    if presets == None:
        return known.keys(), None
    if type(presets) != "list" or not presets:
        return None, "presets is %r; expected a list of names, or None for all" % (presets,)
    for index, name in enumerate(presets):
        if name not in known:
            return None, "presets: %r is unknown; known: %s" % (name, ", ".join(known.keys()))
        if name in presets[:index]:
            return None, "presets: %r is named twice" % name
    return presets, None

def rejection(topology, limits, requires_smt):
    """Says why constraints leave a machine out.

    Args:
      topology: of the right form.
      limits: dict with the keys of DEFAULT_LIMITS; int or None.
      requires_smt: whether only machines with several threads per core are wanted.

    Returns:
      What it has and what is wanted, or None.
    """
    shape = _shape(topology)
    for axis, meaning in _AXES:
        found, low, high = shape[axis], limits["min_" + axis], limits["max_" + axis]
        if low != None and found < low:
            return "%d %s; min_%s is %d" % (found, meaning, axis, low)
        if high != None and found > high:
            return "%d %s; max_%s is %d" % (found, meaning, axis, high)
    if requires_smt and shape["threads"] < 2:
        return "1 thread per core; requires_smt is True"
    return None

def select_presets(presets, extra_presets, limits, requires_smt):
    """The machines of a gauntlet.

    Constraints that are None have the defaults of DEFAULT_LIMITS for the built-in presets of an
    unnamed choice; what the author names is bounded by what the author says.

    Args:
      presets: list of names, or None for all.
      extra_presets: dict of name to preset(...) or topology.
      limits: dict with the keys of DEFAULT_LIMITS; int or None.
      requires_smt: whether only machines with several threads per core are wanted.

    Returns:
      (chosen, left_out, problem): a list of what preset(...) gives with name and cpus, a dict of
      name to reason, and None; or None, None, and what is wrong.
    """
    problem = limits_problem(limits, requires_smt)
    if not problem and type(extra_presets) != "dict":
        problem = "extra_presets is a %s; expected a dict of name to preset(...)" % type(extra_presets)
    if problem:
        return None, None, problem
    known = dict(PRESETS)
    for name, value in extra_presets.items():
        value = preset(value) if type(value) == "string" else value
        problem = _preset_problem(name, value)
        if problem:
            return None, None, problem
        known[name] = value
    names, problem = _asked(presets, known)
    if problem:
        return None, None, problem
    chosen, left_out = [], {}
    for name in names:
        value = known[name]
        bounds = limits
        if presets == None and name in PRESETS:
            bounds = {
                key: default if limits[key] == None else limits[key]
                for key, default in DEFAULT_LIMITS.items()
            }
        reason = rejection(value.topology, bounds, requires_smt)
        reason = reason or apic_problem(value.topology, bool(value.numa))
        if reason:
            left_out[name] = "%s: %s" % (value.topology, reason)
            continue
        cpus = _shape(value.topology)["cpus"]
        chosen.append(struct(
            cpus = cpus,
            memory_mb = value.memory_mb,
            name = name,
            numa = value.numa,
            numa_distances = value.numa_distances,
            topology = value.topology,
        ))
    if not chosen:
        return None, None, "no preset is left: %s" % "; ".join(
            ["%s (%s)" % item for item in left_out.items()],
        )
    return chosen, left_out, None
