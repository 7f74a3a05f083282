# SPDX-License-Identifier: Apache-2.0
"""How the work that a test function has in the background is told of: as steps of its own."""

from __future__ import annotations

# What runs beside scenarios cannot have their steps' numbers, which begin at 0 in each of them.
BACKGROUND = 1000


def is_background(step: int | None) -> bool:
    """Whether a step is background work, or a phase of it, and none of a scenario's."""
    return step is not None and step >= BACKGROUND


def step_label(index: int, name: str = "") -> str:
    """`step 1 (warm)`; `background 0 (load: CpuSpin)` for what a test function started."""
    what = f"background {index - BACKGROUND}" if is_background(index) else f"step {index}"
    return f"{what} ({name})" if name else what
