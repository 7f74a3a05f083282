# SPDX-License-Identifier: Apache-2.0
"""A handful of the catalogue under each fault; all of it are the targets catalogue_FAULT_test."""

from tests.faults.table import DELAY, ERROR, SCATTER, STALL, STARVE
from tests.faults.under import declare

declare(globals(), STALL, ("stall.detect", "cpuset.swap_disjoint"))
declare(globals(), ERROR, ("dynamic.cgroup_rapid_churn",))
declare(globals(), STARVE, ("nested.cgroup_steady", "advanced.cgroup_all_loaded"))
declare(globals(), DELAY, ("basic.cgroup_pipe_io",))
declare(globals(), SCATTER, ("basic.cgroup_steady",))
