# SPDX-License-Identifier: Apache-2.0
"""Everything that a BUILD file loads from ktstr."""

load(
    "//rules:initramfs.bzl",
    _initramfs = "initramfs",
    _initramfs_layer = "initramfs_layer",
)
load("//rules:test.bzl", _ktstr_test = "ktstr_test")

initramfs = _initramfs
initramfs_layer = _initramfs_layer
ktstr_test = _ktstr_test
