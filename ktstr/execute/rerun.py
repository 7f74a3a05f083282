# SPDX-License-Identifier: Apache-2.0
"""A plan that has run is run a second time, within what time there is for that."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ktstr.execute.budget import Budget
from ktstr.execute.durations import LEAST_S
from ktstr.execute.execute import run
from ktstr.execute.outcome import Outcome
from ktstr.execute.source import Source
from ktstr.execute.watch import Watch
from ktstr.host.ending import EndingKind
from ktstr.introspect.plugin.part import Part
from ktstr.machine.prepared.machine import PreparedMachine
from ktstr.model.errors import UsageError
from ktstr.vm.signals import Termination

# Why no second run is the first one again.
LIVE_CHANNEL = "it had a live channel, through which the host took part in it"


@dataclass(frozen=True)
class Rerun:
    """The second run, and the host seconds that it took."""

    outcome: Outcome
    took_s: float


def cut_because(first: Outcome) -> str:
    """Why the first run was none of its own from beginning to end; empty where it was."""
    if first.run.hello is None:
        return "its guest never came up"
    if first.run.ending.kind in (EndingKind.TERMINATED, EndingKind.KILLED, EndingKind.QEMU_ERROR):
        return f"it was ended from outside ({first.run.ending.kind})"
    return ""


def rerun(
    first: Outcome,
    machine: PreparedMachine,
    directory: Path,
    termination: Termination,
    budget: Budget,
    *,
    refusal: str,
    watch: Watch,
    sources: Sequence[Source] = (),
    looks: Sequence[Part] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> Rerun:
    """Runs the plan of `first` in `directory`, as `execute` does, within the budget.

    refusal: how the error begins where that is too short a time, behind the test's name.

    Raises:
        UsageError: it is; nothing was started.
    """
    limit_s = budget.most_s()
    if limit_s < LEAST_S:
        raise UsageError(
            f"{first.test} {refusal}of Bazel's timeout {max(limit_s, 0.0):.0f} s are "
            f"left, and a guest needs {LEAST_S:.0f} at least; give the target a larger `timeout`"
        )
    directory.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    again = run(
        first.run.plan,
        machine,
        directory,
        termination,
        sources=sources,
        budget=budget,
        watch=watch,
        looks=looks,
        files=files,
    )
    return Rerun(again, time.monotonic() - began)
