# SPDX-License-Identifier: Apache-2.0
"""Initramfs rules."""

load(
    "//rules/private/initramfs:initramfs.bzl",
    _initramfs = "initramfs",
    _initramfs_layer = "initramfs_layer",
)

initramfs = _initramfs
initramfs_layer = _initramfs_layer
