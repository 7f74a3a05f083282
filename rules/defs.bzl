# SPDX-License-Identifier: Apache-2.0
"""Everything that a BUILD file loads from ktstr."""

load("//rules:crate.bzl", _scx_crate = "scx_crate")
load("//rules:disk.bzl", _disk = "disk", _disk_template = "disk_template")
load(
    "//rules:gauntlet.bzl",
    _flag = "flag",
    _ktstr_gauntlet = "ktstr_gauntlet",
    _preset = "preset",
    _scheduler_defaults = "scheduler_defaults",
)
load(
    "//rules:initramfs.bzl",
    _initramfs = "initramfs",
    _initramfs_layer = "initramfs_layer",
)
load(
    "//rules:kernel.bzl",
    _kernel_image = "kernel_image",
    _kernel_source = "kernel_source",
    _prebuilt_kernel = "prebuilt_kernel",
)
load("//rules:numa.bzl", _numa_node = "numa_node", _side_cache = "side_cache")
load(
    "//rules:payload.bzl",
    _exit_code = "exit_code",
    _exit_code_skip = "exit_code_skip",
    _kernel_file = "kernel_file",
    _metric = "metric",
    _metric_exists = "metric_exists",
    _metric_max = "metric_max",
    _metric_min = "metric_min",
    _metric_range = "metric_range",
    _payload = "payload",
)
load(
    "//rules:scheduler.bzl",
    _commanded_scheduler = "commanded_scheduler",
    _scx_scheduler = "scx_scheduler",
)
load("//rules:test.bzl", _ktstr_test = "ktstr_test", _scx_verify_test = "scx_verify_test")
load("//rules:worker.bzl", _ktstr_worker = "ktstr_worker")

commanded_scheduler = _commanded_scheduler
disk = _disk
disk_template = _disk_template
exit_code = _exit_code
exit_code_skip = _exit_code_skip
flag = _flag
initramfs = _initramfs
initramfs_layer = _initramfs_layer
kernel_file = _kernel_file
kernel_image = _kernel_image
kernel_source = _kernel_source
ktstr_gauntlet = _ktstr_gauntlet
ktstr_test = _ktstr_test
ktstr_worker = _ktstr_worker
metric = _metric
metric_exists = _metric_exists
metric_max = _metric_max
metric_min = _metric_min
metric_range = _metric_range
numa_node = _numa_node
payload = _payload
prebuilt_kernel = _prebuilt_kernel
preset = _preset
scheduler_defaults = _scheduler_defaults
scx_crate = _scx_crate
scx_scheduler = _scx_scheduler
scx_verify_test = _scx_verify_test
side_cache = _side_cache
