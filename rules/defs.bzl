# SPDX-License-Identifier: Apache-2.0
"""Everything that a BUILD file loads from ktstr."""

load("//rules:disk.bzl", _disk = "disk", _disk_template = "disk_template")
load(
    "//rules:initramfs.bzl",
    _initramfs = "initramfs",
    _initramfs_layer = "initramfs_layer",
)
load("//rules:kernel.bzl", _kernel_image = "kernel_image")
load("//rules:scheduler.bzl", _scx_scheduler = "scx_scheduler")
load("//rules:test.bzl", _ktstr_test = "ktstr_test")

disk = _disk
disk_template = _disk_template
initramfs = _initramfs
initramfs_layer = _initramfs_layer
kernel_image = _kernel_image
ktstr_test = _ktstr_test
scx_scheduler = _scx_scheduler
