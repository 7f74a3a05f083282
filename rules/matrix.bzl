# SPDX-License-Identifier: Apache-2.0
"""What the matrix of a gauntlet is made of, for macros of your own."""

load("//rules/private/gauntlet:flags.bzl", _select_profiles = "select_profiles")
load("//rules/private/gauntlet:presets.bzl", _PRESETS = "PRESETS", _select_presets = "select_presets")
load("//rules/private/kernel:declared.bzl", _kernel_label = "kernel_label")

PRESETS = _PRESETS
kernel_label = _kernel_label
select_presets = _select_presets
select_profiles = _select_profiles
