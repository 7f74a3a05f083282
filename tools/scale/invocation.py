# SPDX-License-Identifier: Apache-2.0
"""What Bazel says of an invocation as a whole, in the events of --build_event_json_file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktstr.model.errors import UsageError
from tools.scale.spawns import seconds_of


@dataclass(frozen=True)
class Invocation:
    """One command.

    Attributes:
      wall_s: from its start to its end.
      analysis_s: of the phases before anything runs.
      server_bytes: of the server's heap, after it.
      cpu_s: CPU seconds of what ran here, by mnemonic; what ran remotely is not in it.
    """

    wall_s: float
    analysis_s: float
    server_bytes: int
    cpu_s: Mapping[str, float]


def read_invocation(path: Path) -> Invocation:
    """Reads a file of build events.

    Raises:
      UsageError: the file cannot be read, or is not that, or the build did not come to its end.
    """
    try:
        text = path.read_text(encoding="utf-8")
        events = [json.loads(line) for line in text.splitlines() if '"buildMetrics"' in line]
    except OSError as error:
        raise UsageError(f"scale: cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"scale: {path} is no file of --build_event_json_file: {error}") from error
    metrics = [each["buildMetrics"] for each in events if "buildMetrics" in each]
    if not metrics:
        raise UsageError(
            f"scale: {path} has no buildMetrics event: the build did not come to its end"
        )
    return _invocation(metrics[-1])


def _invocation(metrics: Mapping[str, Any]) -> Invocation:
    timing = metrics.get("timingMetrics", {})
    actions = metrics.get("actionSummary", {}).get("actionData", ())
    return Invocation(
        wall_s=int(timing.get("wallTimeInMs", 0)) / 1e3,
        analysis_s=int(timing.get("analysisPhaseTimeInMs", 0)) / 1e3,
        server_bytes=int(metrics.get("memoryMetrics", {}).get("usedHeapSizePostBuild", 0)),
        cpu_s={
            each["mnemonic"]: seconds_of(each, "userTime") + seconds_of(each, "systemTime")
            for each in actions
            if "userTime" in each
        },
    )
