# SPDX-License-Identifier: Apache-2.0
"""Checks on what a payload prints and how it ends: `metric.Min("jobs.0.read.iops", 1000)`.

A namespace of its own, since `ktstr.Range` is a range of CPUs.
"""

from ktstr.model.payload import Exists, ExitCodeEq, ExitCodeSkip, Max, MetricCheck, Min, Range

__all__ = ["Exists", "ExitCodeEq", "ExitCodeSkip", "Max", "MetricCheck", "Min", "Range"]
