# SPDX-License-Identifier: Apache-2.0
"""The names of the thresholds that `scx_scheduler` takes in its `checks`."""

load("//rules/private/scheduler:checks.bzl", _LIMITS = "LIMITS", _SWITCHES = "SWITCHES")

LIMITS = _LIMITS
SWITCHES = _SWITCHES
