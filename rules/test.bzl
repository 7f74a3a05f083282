# SPDX-License-Identifier: Apache-2.0
"""Tests of schedulers in virtual machines."""

load("//rules/private/test:test.bzl", _ktstr_test = "ktstr_test")
load("//rules/private/test:verify.bzl", _scx_verify_test = "scx_verify_test")

ktstr_test = _ktstr_test
scx_verify_test = _scx_verify_test
