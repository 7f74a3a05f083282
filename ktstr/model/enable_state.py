# SPDX-License-Identifier: Apache-2.0
"""What /sys/kernel/sched_ext/state can say."""

from __future__ import annotations

from enum import StrEnum


class EnableState(StrEnum):
    """scx_ops_enable_state_str of kernel/sched/ext.c (6.12); absent: the kernel has no sched_ext.

    Facts hold states as text, as a later kernel may have others.
    """

    ENABLING = "enabling"
    ENABLED = "enabled"
    DISABLING = "disabling"
    DISABLED = "disabled"
    ABSENT = ""

    @classmethod
    def is_off(cls, text: str) -> bool:
        """Whether no scheduler is there, nor about to come or go."""
        return text in (cls.DISABLED, cls.ABSENT)
