# SPDX-License-Identifier: Apache-2.0
"""The same tests on many machines, with many flags, on many kernels."""

load("//rules/private/gauntlet:flags.bzl", _flag = "flag")
load("//rules/private/gauntlet:gauntlet.bzl", _ktstr_gauntlet = "ktstr_gauntlet")
load("//rules/private/gauntlet:presets.bzl", _preset = "preset")
load("//rules/private/gauntlet:scheduler_defaults.bzl", _scheduler_defaults = "scheduler_defaults")

flag = _flag
ktstr_gauntlet = _ktstr_gauntlet
preset = _preset
scheduler_defaults = _scheduler_defaults
