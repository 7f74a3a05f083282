# SPDX-License-Identifier: Apache-2.0
"""Whether a guest was looked into by QEMU's plugin."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProbeFacts:
    """Of one guest.

    Attributes:
      watched: whether the plugin was there, with at least one probe.
      records: that it made.
      lost: records for which there was no room.
      problem: why it was not there, or saw less than it was to see; empty where all is well.
    """

    watched: bool
    records: int = 0
    lost: int = 0
    problem: str = ""
