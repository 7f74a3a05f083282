# SPDX-License-Identifier: Apache-2.0
"""The machine that the tests ran on, for the `host` part of a result."""

from __future__ import annotations

import datetime
import os
import platform
from pathlib import Path

from ktstr.host.context import HostContext


def host_context(wall_s: dict[str, float], notes: dict[str, str], run: int) -> HostContext:
    """This machine as of now, with what a run cost it; run: its number of `--runs_per_test`."""
    now = datetime.datetime.now(datetime.UTC)
    began = now - datetime.timedelta(seconds=wall_s.get("total", 0.0))
    return HostContext(
        hostname=platform.node(),
        kernel=platform.release(),
        cpu_model=_cpu_model(),
        cpus=len(os.sched_getaffinity(0)),
        load_average=os.getloadavg(),
        started_at=began.isoformat(timespec="seconds"),
        wall_s=wall_s,
        notes=notes,
        run=run,
    )


def _cpu_model(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    for line in cpuinfo.read_text(encoding="ascii", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return ""
