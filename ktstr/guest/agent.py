# SPDX-License-Identifier: Apache-2.0
"""The agent: carries out the plan and sends what it saw, down to the last frame."""

from __future__ import annotations

import sys
import time
import traceback

from ktstr.guest.cgroups import CgroupTree
from ktstr.guest.engine import Engine
from ktstr.guest.population import Stage
from ktstr.guest.port import FramePort
from ktstr.guest.reactor import Reactor
from ktstr.guest.realtime import shield
from ktstr.guest.view import seen_view
from ktstr.model.facts import End, LogChunk
from ktstr.model.plan import Plan

_HELLO_FRAMES = 1


class _NoScheduler:
    def trouble(self) -> str:
        return ""

    def set_knob(self, name: str, value: int) -> None:
        raise AssertionError


def run(descriptor: int, plan_text: bytes) -> int:
    """Carries out a plan, sends its facts to `descriptor` and ends with an End frame.

    Hello has been sent.  Returns the exit status: 1 if the agent itself failed.
    """
    port = FramePort(descriptor, _HELLO_FRAMES)
    error = ""
    try:
        shield()
        _carry_out(port, plan_text)
    except BaseException as failure:  # noqa: BLE001 - whatever it is, the host must hear of it
        error = f"{type(failure).__name__}: {failure}"
        text = traceback.format_exc()
        sys.stderr.write(text)
        port.emit(LogChunk("agent", text))
    port.emit(End(port.sent, time.monotonic_ns(), error))
    return 1 if error else 0


def _carry_out(port: FramePort, plan_text: bytes) -> None:
    plan = Plan.from_json(plan_text.decode())
    stage = Stage(
        seen_view(),
        plan.duration_s,
        plan.workers_per_cgroup,
        plan.seed,
        plan.deadlines.collect_s,
    )
    if plan.scenario is not None:
        Engine(stage, CgroupTree(), Reactor(), port, _NoScheduler()).play(plan.scenario)
