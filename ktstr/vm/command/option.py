# SPDX-License-Identifier: Apache-2.0
"""Values in QEMU's options of the form `key=value,key=value`."""

from __future__ import annotations

from pathlib import Path


def option_value(value: str | Path) -> str:
    """`value` as a part of an option: its commas doubled (qemu(1), util/keyval.c of QEMU 10.0)."""
    return str(value).replace(",", ",,")
