# SPDX-License-Identifier: Apache-2.0
"""Static C programs for the guest."""

load("//rules/private/build:static_binary.bzl", _static_binary = "static_binary")

static_binary = _static_binary
