# SPDX-License-Identifier: Apache-2.0
"""Thresholds as attributes spell them; the names are those of ktstr.model.verdict.checks.Checks."""

visibility(["//rules"])

SWITCHES = [
    "clean_kernel_log",
    "invariants",
    "isolation",
    "no_scx_error_events",
    "no_stall",
    "not_starved",
    "scheduler_alive",
]
LIMITS = [
    "max_cleanup_ms",
    "max_cross_node_migration_ratio",
    "max_fallback_rate",
    "max_gap_ms",
    "max_idle_beside_wait_ms",
    "max_imbalance_ratio",
    "max_keep_last_rate",
    "max_local_dsq_depth",
    "max_migration_ratio",
    "max_migrations_per_s",
    "max_run_delay_p99_us",
    "max_share_error_pct",
    "max_slow_tier_ratio",
    "max_spread_pct",
    "max_throughput_cv",
    "max_verified_insns",
    "max_verified_peak_states",
    "max_verified_stack_bytes",
    "max_verified_states",
    "max_verified_states_per_insn",
    "max_wake_cv",
    "max_wake_p99_us",
    "max_wasted_cpu_pct",
    "min_iterations_per_s",
    "min_page_locality",
    "min_work_per_cpu_s",
    "sustained_ms",
]

def _is_positive(text):
    whole, _, part = text.partition(".")
    digits = whole + part
    if not digits or not all([c in "0123456789" for c in digits.elems()]):
        return False
    return any([c != "0" for c in digits.elems()])

def _is_like(part, other):
    # as iteration is like iterations; single letters are units
    short, long = sorted([part, other], key = len)
    return part == other or (len(short) > 3 and long.startswith(short))

def _in_common(parts, others):
    return len([part for part in parts if any([_is_like(part, other) for other in others])])

def _did_you_mean(name, known):
    # as ktstr/model/nearest.py, by the parts of names alone
    parts = name.split("_")
    near = [
        (2 * _in_common(parts, each.split("_")) - len(each.split("_")), each)
        for each in known
        if 2 * _in_common(parts, each.split("_")) >= len(parts)
    ]
    return " (did you mean %r?)" % sorted(near)[-1][1] if near else ""

def check_problem(name, value):
    """Says what is wrong with a threshold.

    Args:
      name: string, the check.
      value: string, its limit, or "true" or "false".

    Returns:
      A sentence that names both, or None when it is right.
    """
    if name in SWITCHES:
        if value not in ["true", "false"]:
            return "%s is %r; expected \"true\" or \"false\"" % (name, value)
        return None
    if name not in LIMITS:
        known = sorted(SWITCHES + LIMITS)
        return "there is no check %r%s; checks: %s" % (name, _did_you_mean(name, known), ", ".join(known))
    if not _is_positive(value):
        return "%s is %r; expected a decimal number above 0, e.g. \"500\" or \"0.5\"" % (name, value)
    return None
