# SPDX-License-Identifier: Apache-2.0
"""The NUMA nodes of a ktstr_test: what a BUILD file writes, as an attribute that a rule can hold."""

visibility(["//rules", "//rules/private/gauntlet"])

# What associativity and write policy of ACPI's HMAT are called (ktstr/model/machine/numa.py).
_ASSOCIATIVITIES = ["none", "direct", "complex"]
_WRITE_POLICIES = ["none", "write-back", "write-through"]

_LOCAL = 10
_FARTHEST = 254
_LONGEST_LINE = 65535

def side_cache(size_kb, associativity = "direct", write_policy = "write-back", line_bytes = 64):
    """A memory-side cache in front of a node's memory, told to the guest by ACPI's HMAT.

    Args:
      size_kb: its size in KiB.
      associativity: none, direct or complex.
      write_policy: none, write-back or write-through.
      line_bytes: the length of a line.

    Returns:
      A value for `numa_node(side_cache = ...)`.
    """
    return struct(
        associativity = associativity,
        line_bytes = line_bytes,
        size_kb = size_kb,
        write_policy = write_policy,
    )

def numa_node(llcs = 0, memory_mb = 0, latency_ns = 0, bandwidth_mb_s = 0, side_cache = None):
    """A NUMA node of a ktstr_test whose nodes differ.

    Args:
      llcs: LLCs on it; 0 makes it memory alone, as CXL memory is.
      memory_mb: its memory; 0: an equal share of what the guest needs (nodes with LLCs only).
      latency_ns: of reading its memory from the nearest CPUs; 0: 100, or 300 for memory alone.
      bandwidth_mb_s: of its memory from the nearest CPUs; 0: 51200, or 20480 for memory alone.
      side_cache: a side_cache(...) in front of it.

    Returns:
      An item of `ktstr_test(numa = ...)`.
    """
    return struct(
        bandwidth_mb_s = bandwidth_mb_s,
        latency_ns = latency_ns,
        llcs = llcs,
        memory_mb = memory_mb,
        side_cache = side_cache,
    )

def numa_attribute(name, numa, distances):
    """The nodes and their distances as one JSON text, empty where the nodes are all alike.

    Args:
      name: the test's name, for messages.
      numa: list of numa_node(...), or None.
      distances: list of rows, or None.

    Returns:
      string, for the attribute `numa`.
    """
    if not numa:
        if distances:
            fail(("ktstr_test %s: numa_distances are given without numa; describe the nodes, " +
                  "e.g. numa = [numa_node(llcs = 1), numa_node(llcs = 1)]") % name)
        return ""
    return json.encode({"distances": distances or [], "nodes": numa})

def _node_problem(index, node):
    for key in ["llcs", "memory_mb", "latency_ns", "bandwidth_mb_s"]:
        if type(node[key]) != "int" or node[key] < 0:
            return "node %d: %s is %r; expected a whole number from 0" % (index, key, node[key])
    if not node["llcs"] and not node["memory_mb"]:
        return ("node %d has neither LLCs nor memory; a node without CPUs says how much memory " +
                "it is, in memory_mb") % index
    cache = node["side_cache"]
    if not cache:
        return None
    for key in ["size_kb", "line_bytes"]:
        if type(cache[key]) != "int" or cache[key] < 1:
            return "node %d: side_cache: %s is %r; expected a whole number from 1" % (index, key, cache[key])
    if cache["line_bytes"] > _LONGEST_LINE:
        return "node %d: side_cache: line_bytes is %d; at most %d fit" % (index, cache["line_bytes"], _LONGEST_LINE)
    for key, known in [("associativity", _ASSOCIATIVITIES), ("write_policy", _WRITE_POLICIES)]:
        if cache[key] not in known:
            return "node %d: side_cache: %s %r is unknown; known: %s" % (index, key, cache[key], ", ".join(known))
    return None

def _distance_problem(rows, nodes):
    if len(rows) != nodes or [row for row in rows if len(row) != nodes]:
        return "numa_distances: asked for %d rows of %d, found %s" % (nodes, nodes, rows)
    for i, row in enumerate(rows):
        for j, distance in enumerate(row):
            if i == j and distance != _LOCAL:
                return "numa_distances: node %d to itself is %s; ACPI wants %d" % (i, distance, _LOCAL)
            if i != j and (distance <= _LOCAL or distance > _FARTHEST):
                return "numa_distances: %d-%d is %s; ACPI wants 11 to %d" % (i, j, distance, _FARTHEST)
            if distance != rows[j][i]:
                return "numa_distances: %d-%d and %d-%d differ: %s, %s" % (i, j, j, i, distance, rows[j][i])
    return None

def parse_numa(text):
    """Reads what `numa_attribute` wrote.

    Args:
      text: the attribute.

    Returns:
      (layout, problem): a dict as `ktstr.model.machine.numa.NumaLayout` is decoded from and None, (None,
      None) where all nodes are alike, or None and what is wrong.
    """
    if not text:
        return None, None
    given = json.decode(text)
    for index, node in enumerate(given["nodes"]):
        problem = _node_problem(index, node)
        if problem:
            return None, "numa: " + problem
    if not [node for node in given["nodes"] if node["llcs"]]:
        return None, "numa: no node has an LLC, so the machine has no CPU"
    if given["distances"]:
        problem = _distance_problem(given["distances"], len(given["nodes"]))
        if problem:
            return None, problem
    return given, None

def numa_total(layout, key):
    """What all nodes have together.

    Args:
      layout: what parse_numa gave, or None.
      key: llcs or memory_mb.

    Returns:
      The sum, 0 without a layout.
    """
    total = 0
    for node in layout["nodes"] if layout else []:
        total += node[key]
    return total
