# SPDX-License-Identifier: Apache-2.0
"""A scheduler with defaults for its tests, as a value of .bzl files."""

visibility(["//rules/private/gauntlet", "//rules/private/test"])

def described(scheduler, topology, limits, requires_smt, problem):
    """A scheduler with its defaults; rules/private/gauntlet/scheduler_defaults.bzl checks them.

    Args:
      scheduler: label.
      topology: NnNlNcNt or None.
      limits: dict of constraint of a gauntlet to int or None.
      requires_smt: bool.
      problem: what is wrong with them, or "".

    Returns:
      struct
    """
    return struct(
        limits = limits,
        problem = problem,
        requires_smt = requires_smt,
        scheduler = scheduler,
        topology = topology,
    )

def is_described(scheduler):
    """Whether the attribute `scheduler` was given a value of scheduler_defaults.

    Args:
      scheduler: label, struct or None.

    Returns:
      bool
    """
    return type(scheduler) == "struct" and hasattr(scheduler, "limits")

def with_defaults(kwargs):
    """Attributes of a ktstr_test with a plain label as its scheduler, and the defaults of that.

    Args:
      kwargs: dict of attributes of a ktstr_test.

    Returns:
      dict
    """
    defaults = kwargs.get("scheduler")
    if not is_described(defaults):
        return kwargs
    own = {"scheduler": defaults.scheduler, "scheduler_problem": defaults.problem}
    if defaults.topology and not kwargs.get("topology"):
        own["topology"] = defaults.topology
    return kwargs | own
