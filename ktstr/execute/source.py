# SPDX-License-Identifier: Apache-2.0
"""A Python file that goes into a guest."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A Python file: `path` on this machine, `name` below /ktstr/src (and its module's name)."""

    path: str
    name: str
