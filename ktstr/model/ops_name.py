# SPDX-License-Identifier: Apache-2.0
"""The names of sched_ext_ops: given whole, or as a pattern in which `*` stands for any text."""

from __future__ import annotations

import re


def is_pattern(ops: str) -> bool:
    """Whether `ops` stands for a family of names rather than for one."""
    return "*" in ops


def ops_matches(ops: str, name: str) -> bool:
    """Whether the name that the kernel shows is `ops`, or one of those that it stands for."""
    if not is_pattern(ops):
        return name == ops
    parts = (re.escape(part) for part in ops.split("*"))
    return re.fullmatch(".*".join(parts), name) is not None
