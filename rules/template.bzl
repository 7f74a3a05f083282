# SPDX-License-Identifier: Apache-2.0
"""Saved guests, which tests are cloned from."""

load("//rules/private/test:template.bzl", _vm_template = "vm_template")

vm_template = _vm_template
