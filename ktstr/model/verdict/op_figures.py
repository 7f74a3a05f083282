# SPDX-License-Identifier: Apache-2.0
"""Figures of what calls of a scheduler cost, in instructions of the guest.

A name is `op.CALLBACK.FIGURE`, e.g. `op.enqueue.instructions_p99`, of a callback of sched_ext, or
`kernel.FUNCTION.FIGURE` of the kernel around it, and `kernel.switch.FIGURE` of a whole switch.
"""

from __future__ import annotations

from ktstr.model.errors import UsageError
from ktstr.model.nearest import did_you_mean
from ktstr.model.payload import Polarity
from ktstr.model.verdict.figures import Figure, Whose

_LOWER, _UNKNOWN = Polarity.LOWER_BETTER, Polarity.UNKNOWN
_OPS = (Whose.OP,)

OP_FIGURES: dict[str, Figure] = {
    each.name: each
    for each in (
        Figure("count", "", _UNKNOWN, _OPS),
        Figure("instructions_p50", "", _LOWER, _OPS),
        Figure("instructions_p99", "", _LOWER, _OPS),
        Figure("instructions_max", "", _LOWER, _OPS),
        Figure("instructions_total", "", _LOWER, _OPS),
    )
}
_WHOSE = ("op", "kernel")


def is_op_figure(name: str) -> bool:
    """Whether a name is to be that of such a figure; a cgroup cannot be called so."""
    first, *rest = name.split(".")
    return first in _WHOSE and len(rest) == 2


def check_op_figure(name: str, step: str) -> tuple[str, str]:
    """Whose it is, and the figure.

    Raises:
        UsageError: there is no such figure, or it is asked for one step.
    """
    whose, _, figure = name.rpartition(".")
    if figure not in OP_FIGURES:
        raise UsageError(
            f"{name!r}: there is no figure {figure!r}{did_you_mean(figure, OP_FIGURES)}; those of "
            f"{whose}: {', '.join(sorted(OP_FIGURES))}"
        )
    if step:
        raise UsageError(
            f"{name!r} in step {step!r}: what calls cost is counted for the whole run alone"
        )
    return whose, figure
