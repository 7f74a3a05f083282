# SPDX-License-Identifier: Apache-2.0
"""Schedulers of cells, with the machines that they are for."""

load("//rules:defs.bzl", "scheduler_defaults")

# A CPU for the rest of the system, two tenants, and as many CPUs as cells.h knows.
_MACHINES = {
    "max_cpus": 32,
    "min_cpus": 4,
    "topology": "1n2l2c1t",
}

CELLS = scheduler_defaults("//sched/cells", **_MACHINES)
BRITTLE_CELLS = scheduler_defaults("//sched/cells:brittle_cells", **_MACHINES)
