# SPDX-License-Identifier: Apache-2.0
"""What rules run with: QEMU as one directory."""

load("//rules/private/build:qemu_tree.bzl", _qemu_tree = "qemu_tree")

qemu_tree = _qemu_tree
