# SPDX-License-Identifier: Apache-2.0
"""Topologies `NnNlNcNt[-CLASSES]` in analysis; the same grammar as ktstr/model/machine/topology.py."""

load(":numa.bzl", "numa_total")

visibility(["//rules/private/gauntlet"])

DEFAULT_TOPOLOGY = "1n1l2c1t"

_AXES = [("n", "NUMA nodes"), ("l", "LLCs"), ("c", "cores per LLC"), ("t", "threads per core")]

# Letters of classes of CPUs: big, medium and LITTLE ones.
_CLASSES = "bml"

# x86 numbers CPUs with 8 bits where interrupts are not remapped, and one number is the broadcast.
MAX_CPUS = 254
_MOST_BITS = 32

def _bits(count):
    """How many bits tell `count` things apart."""
    for power in range(_MOST_BITS):
        if count <= 1 << power:
            return power
    return _MOST_BITS

def apic_problem(text, has_layout = False):
    """Says when a machine has too few APIC IDs for a topology: each axis takes whole bits of them.

    Args:
      text: a topology of the right form, e.g. `1n2l4c1t`.
      has_layout: whether its nodes differ; each LLC is a package of its own then.

    Returns:
      What is wrong, or None; the same as check_limits of ktstr/vm/command/shape.py.
    """
    nodes, _, rest = text.partition("-")[0].partition("n")
    llcs, _, rest = rest.partition("l")
    cores, _, threads = rest.partition("c")
    highest = 0
    packages = int(llcs) if has_layout else int(nodes)
    for count in [packages, int(llcs) // packages, int(cores), int(threads.removesuffix("t"))]:
        highest = (highest << _bits(count)) + count - 1
    if highest > MAX_CPUS:
        return ("topology %r needs APIC ID %d, found room for %d: every axis is rounded up to a " +
                "power of two there; take fewer CPUs, or axes that are powers of two") % (
            text,
            highest,
            MAX_CPUS,
        )
    return None

def topology_threads(text):
    """How many threads each core of a topology has.

    Args:
      text: a topology of the right form, e.g. `1n2l4c1t`.

    Returns:
      int
    """
    return int(text.partition("-")[0].partition("c")[2].removesuffix("t"))

def topology_classes(text):
    """The classes of a topology's CPUs.

    Args:
      text: a topology of the right form, e.g. `1n2l2c1t-bl`.

    Returns:
      string, one letter for each LLC; empty where all CPUs are alike.
    """
    return text.partition("-")[2]

def _classes_problem(text, classes, llcs):
    """What is wrong with what stands behind the `-` of a topology; None: nothing."""
    unknown = [letter for letter in classes.elems() if letter not in _CLASSES.elems()]
    if unknown or len(classes) != llcs:
        return ("topology %r: its classes are %r; expected one letter for each of its %d LLCs, b (big), " +
                "m (medium) or l (LITTLE)") % (text, classes, llcs)
    if "b" not in classes:
        return "topology %r has no big CPUs (b), and the largest are what the others are measured by" % text
    return None

def parse_topology(text, layout = None):
    """Reads a topology such as `1n2l4c1t`, or `1n2l2c1t-bl`, whose LLCs are of two classes.

    Args:
      text: what the BUILD file says.
      layout: what each of its nodes has (parse_numa of numa.bzl); None: all the same.

    Returns:
      (cpus, problem): the number of CPUs of the whole machine and None, or None and what is wrong.
    """
    rest, has_classes, classes = text.partition("-")
    values = []
    for letter, _ in _AXES:
        number, found, rest = rest.partition(letter)
        if not found or not number.isdigit():
            return None, ("topology %r is not of the form NnNlNcNt, e.g. \"1n2l4c1t\": %s" %
                          (text, ", ".join([meaning for _, meaning in _AXES])))
        values.append(int(number))
    if rest:
        return None, "topology %r has %r after its last axis" % (text, rest)
    for (letter, meaning), value in zip(_AXES, values):
        if value < 1:
            return None, "topology %r: axis %s (%s) is 0; every axis is at least 1" % (
                text,
                letter,
                meaning,
            )
    nodes, llcs, cores, threads = values
    problem = _classes_problem(text, classes, llcs) if has_classes else None
    if problem:
        return None, problem
    if layout:
        described = {"l": numa_total(layout, "llcs"), "n": len(layout["nodes"])}
        for axis, asked in [("n", nodes), ("l", llcs)]:
            if described[axis] != asked:
                return None, "topology %r: axis %s is %d, but the nodes of numa come to %d" % (
                    text,
                    axis,
                    asked,
                    described[axis],
                )
    elif llcs % nodes:
        return None, ("topology %r: %d LLCs do not divide over %d NUMA nodes; make the l axis " +
                      "(LLCs of the whole machine) a multiple of the n axis, or say with numa " +
                      "what each node has") % (text, llcs, nodes)
    cpus = llcs * cores * threads
    if cpus > MAX_CPUS:
        return None, "topology %r has %d CPUs; QEMU's machine holds at most %d" % (
            text,
            cpus,
            MAX_CPUS,
        )
    problem = apic_problem(text, bool(layout))
    return (None, problem) if problem else (cpus, None)
