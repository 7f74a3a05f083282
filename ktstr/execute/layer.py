# SPDX-License-Identifier: Apache-2.0
"""The initramfs layer of one test: plan, start and, where its Python runs there, the sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ktstr.execute.source import Source
from ktstr.initramfs import newc
from ktstr.machine.output import write_atomically
from ktstr.model.plan import PLAN_PATH, SOURCES_DIR, Plan
from ktstr.model.start import START_PATH, GuestStart
from ktstr.model.validation.own_work import has_python_work


def write_test_layer(
    plan: Plan,
    start: GuestStart,
    sources: Sequence[Source],
    path: Path,
    files: Mapping[str, bytes] | None = None,
) -> None:
    """Writes the layer; its bytes depend on the plan, the start, the sources and the files alone.

    files: contents of others, by their paths in the guest.

    Raises:
        InfraError: the disk is full, or a source cannot be read.
    """
    entries = [
        newc.file(PLAN_PATH.lstrip("/"), plan.to_json().encode()),
        newc.file(START_PATH.lstrip("/"), start.to_json().encode()),
    ]
    entries += [newc.file(name.lstrip("/"), data) for name, data in (files or {}).items()]
    if plan.function is not None or (plan.scenario and has_python_work(plan.scenario)):
        root = SOURCES_DIR.lstrip("/")
        entries += [newc.file(f"{root}/{each.name}", Path(each.path)) for each in sources]
    with write_atomically(path) as file:
        newc.write_layer(entries, file)
