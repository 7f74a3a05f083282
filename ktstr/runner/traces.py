# SPDX-License-Identifier: Apache-2.0
"""The files of a trace, beside a test's result."""

from __future__ import annotations

from pathlib import Path

from ktstr.introspect.trace.events import Decisions
from ktstr.machine.output import write_atomically


def write_trace(decisions: Decisions | None, folder: Path) -> None:
    """Writes trace.perfetto-trace and trace.jsonl; neither where nothing was traced.

    Raises:
        InfraError: they cannot be written.
    """
    if decisions is None or not decisions.events:
        return
    from ktstr.introspect.trace.lines import lines
    from ktstr.introspect.trace.perfetto import perfetto

    with write_atomically(folder / "trace.perfetto-trace") as file:
        file.writelines(perfetto(decisions))
    with write_atomically(folder / "trace.jsonl") as file:
        file.writelines(line.encode() for line in lines(decisions))
