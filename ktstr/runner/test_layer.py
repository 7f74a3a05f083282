# SPDX-License-Identifier: Apache-2.0
"""The initramfs layer of one test: its plan and, where its Python runs in a guest, the sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ktstr.model.own_work import has_python_work
from ktstr.model.plan import PLAN_PATH, SOURCES_DIR, Plan
from ktstr.runner.case import Source
from ktstr.runner.files import write_atomically
from tools.initramfs import newc


def write_test_layer(plan: Plan, sources: Sequence[Source], path: Path) -> None:
    """Writes the layer; its bytes depend on the plan and the sources alone.

    Raises:
        InfraError: the disk is full, or a source cannot be read.
    """
    entries = [newc.file(PLAN_PATH.lstrip("/"), plan.to_json().encode())]
    if plan.function is not None or (plan.scenario and has_python_work(plan.scenario)):
        root = SOURCES_DIR.lstrip("/")
        entries += [newc.file(f"{root}/{each.name}", Path(each.path)) for each in sources]
    with write_atomically(path) as file:
        newc.write_layer(entries, file)
