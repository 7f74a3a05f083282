# SPDX-License-Identifier: Apache-2.0
"""The machine that a run happened on."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class HostContext:
    """The machine that a run happened on, and the run's cost.

    wall_s: seconds by phase (e.g. `boot`, `scenario`, `total`).  notes: anything else worth
    keeping, such as how the accelerator was chosen.  run: which of `--runs_per_test`, from 1; 0:
    the only one.
    """

    hostname: str = ""
    kernel: str = ""
    cpu_model: str = ""
    cpus: int = 0
    load_average: tuple[float, ...] = ()
    started_at: str = ""
    wall_s: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    run: int = 0
