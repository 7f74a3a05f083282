# SPDX-License-Identifier: Apache-2.0
"""Rules for sched_ext schedulers."""

load("//rules/private/scheduler:commanded_scheduler.bzl", _commanded_scheduler = "commanded_scheduler")
load("//rules/private/scheduler:kernel_scx_selftests.bzl", _kernel_scx_selftests = "kernel_scx_selftests")
load(
    "//rules/private/scheduler:kernel_scx_source.bzl",
    _kernel_scx_file = "kernel_scx_file",
    _kernel_scx_source = "kernel_scx_source",
)
load("//rules/private/scheduler:kernel_scx_tool.bzl", _kernel_scx_tool = "kernel_scx_tool")
load("//rules/private/scheduler:scx_scheduler.bzl", _scx_scheduler = "scx_scheduler")

commanded_scheduler = _commanded_scheduler
kernel_scx_file = _kernel_scx_file
kernel_scx_selftests = _kernel_scx_selftests
kernel_scx_source = _kernel_scx_source
kernel_scx_tool = _kernel_scx_tool
scx_scheduler = _scx_scheduler
