# SPDX-License-Identifier: Apache-2.0
"""`scheduler_defaults`: a scheduler with the machines that its tests run on, unless they say otherwise."""

load("//rules/private/scheduler:defaults.bzl", "described")
load("//rules/private/test:topology.bzl", "DEFAULT_TOPOLOGY", "parse_topology")
load(":presets.bzl", "DEFAULT_LIMITS", "limits_problem", "rejection")

visibility(["//rules"])

def scheduler_defaults(
        scheduler,
        topology = None,
        min_numa_nodes = None,
        max_numa_nodes = None,
        min_llcs = None,
        max_llcs = None,
        min_cpus = None,
        max_cpus = None,
        requires_smt = False):
    """A scheduler with defaults for its tests, as `scheduler` of ktstr_test and ktstr_gauntlet takes it.

    Which machine a target has is known when BUILD files are loaded, and what a rule's target says is
    not known then. So it is a value in a .bzl file:

        load("@ktstr//rules:defs.bzl", "scheduler_defaults")
        CELLS = scheduler_defaults("//sched/cells", topology = "1n2l2c1t", min_llcs = 2)

    A topology of a ktstr_test goes over the default's, and each constraint of a ktstr_gauntlet over
    the same one here. A mistake is told by the targets that use it.

    Args:
      scheduler: label of an scx_scheduler or commanded_scheduler; from a .bzl file, of the package
        of the BUILD file that loads it unless it begins with // or @.
      topology: NnNlNcNt of a test that names none; None: "1n1l2c1t".
      min_numa_nodes: NUMA nodes at least, of the machines of gauntlets and of `topology`.
      max_numa_nodes: NUMA nodes at most.
      min_llcs: LLCs of the machine at least.
      max_llcs: LLCs of the machine at most.
      min_cpus: CPUs of the machine at least.
      max_cpus: CPUs of the machine at most.
      requires_smt: whether machines need several threads per core.

    Returns:
      struct for the attribute `scheduler`.
    """
    limits = {
        "max_cpus": max_cpus,
        "max_llcs": max_llcs,
        "max_numa_nodes": max_numa_nodes,
        "min_cpus": min_cpus,
        "min_llcs": min_llcs,
        "min_numa_nodes": min_numa_nodes,
    }
    problem = limits_problem(limits, requires_smt)
    if not problem:
        problem = _topology_problem(topology or DEFAULT_TOPOLOGY, limits, requires_smt)
    return described(
        scheduler,
        topology = topology,
        limits = {key: limits[key] for key in DEFAULT_LIMITS},
        problem = "scheduler_defaults(%r): %s" % (scheduler, problem) if problem else "",
        requires_smt = requires_smt,
    )

def _topology_problem(topology, limits, requires_smt):
    _, problem = parse_topology(topology)
    if problem:
        return problem
    reason = rejection(topology, limits, requires_smt)
    return "its topology %s has %s; give it one within its constraints" % (topology, reason) if reason else None
