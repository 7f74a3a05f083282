# SPDX-License-Identifier: Apache-2.0
"""Tests of schedulers in virtual machines."""

load("//rules/private/test:test.bzl", _ktstr_test = "ktstr_test")

ktstr_test = _ktstr_test
