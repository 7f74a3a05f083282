# SPDX-License-Identifier: Apache-2.0
"""What is measured of a checkout, and what its ratio to another's is to be at most."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# What was measured of one checkout, by the names of figures; what was not measured is not there.
Readings = Mapping[str, float]


@dataclass(frozen=True)
class Figure:
    """One number of a checkout.

    Attributes:
      name: for programs.
      title: for people.
      unit: s, MiB, or empty for a count.
      absent: why there may be none.
      goal: AFTER over BEFORE is to be at most this; None: nothing is asked.
    """

    name: str
    title: str
    unit: str
    absent: str
    goal: float | None = None


_NO_ACTION = "Bazel's profile has no such action"
_NO_GUEST = "no result of such a guest says its wall time"
_NOT_ASKED = "it was not asked for"

FIGURES = (
    Figure("wall_s", "targets: wall time", "s", "the build did not end", 0.35),
    Figure("phase_s", "targets: analysis, beside actions", "s", "Bazel's events lack it"),
    Figure("failed", "targets: tests that did not pass", "", "the build did not end"),
    Figure("templates", "saved guests", "", _NO_ACTION),
    Figure("templates_s", "saved guests, in sum", "s", _NO_ACTION),
    Figure("kernels", "kernel actions", "", _NO_ACTION),
    Figure("kernels_s", "kernel actions, in sum", "s", _NO_ACTION),
    Figure("tests", "test actions", "", _NO_ACTION),
    Figure("tests_s", "test actions, in sum", "s", _NO_ACTION),
    Figure("ext_guests", "guests under sched_ext", "", _NO_GUEST),
    Figure("ext_guest_s", "guest under sched_ext, median", "s", _NO_GUEST, 0.5),
    Figure("eevdf_guests", "guests under EEVDF", "", _NO_GUEST),
    Figure("eevdf_guest_s", "guest under EEVDF, median", "s", _NO_GUEST, 0.75),
    Figure("programs_s", "//sched/fifo:programs_test", "s", "it is none of the targets", 0.3),
    Figure("analysis_s", "analysis, on a new server", "s", _NOT_ASKED, 0.8),
    Figure("analysed", "targets that it was of", "", _NOT_ASKED),
    Figure("analysis_cpu_s", "its CPU seconds, server's start and all", "s", _NOT_ASKED),
    Figure("server_mib", "Bazel's server after it, peak", "MiB", _NOT_ASKED),
    Figure("heap_mib", "its heap in use", "MiB", _NOT_ASKED),
    Figure("test_mib", "largest process of a test, peak", "MiB", _NOT_ASKED, 1.0),
    Figure("kernel_s", "cold kernel build", "s", _NOT_ASKED, 0.75),
)


@dataclass(frozen=True)
class Compared:
    """A figure of both checkouts, each the median of the rounds that have it; None: missing."""

    figure: Figure
    before: float | None
    after: float | None

    @property
    def ratio(self) -> float | None:
        """AFTER over BEFORE; None where one is missing, or there is nothing to divide by."""
        if self.after is None or not self.before:
            return None
        return self.after / self.before

    @property
    def reached(self) -> bool | None:
        """Whether the goal is; None where there is none, or no ratio."""
        if self.figure.goal is None or self.ratio is None:
            return None
        return self.ratio <= self.figure.goal


def compared(before: Sequence[Readings], after: Sequence[Readings]) -> tuple[Compared, ...]:
    """All figures, in the order of FIGURES, of the rounds of both checkouts."""
    return tuple(
        Compared(each, _median(each.name, before), _median(each.name, after)) for each in FIGURES
    )


def _median(name: str, rounds: Sequence[Readings]) -> float | None:
    found = [each[name] for each in rounds if name in each]
    return statistics.median(found) if found else None
