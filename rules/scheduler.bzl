# SPDX-License-Identifier: Apache-2.0
"""Rules for sched_ext schedulers."""

load(
    "//rules/private/scheduler:kernel_scx_tool.bzl",
    _kernel_scx_source = "kernel_scx_source",
    _kernel_scx_tool = "kernel_scx_tool",
)
load("//rules/private/scheduler:scx_scheduler.bzl", _scx_scheduler = "scx_scheduler")

kernel_scx_source = _kernel_scx_source
kernel_scx_tool = _kernel_scx_tool
scx_scheduler = _scx_scheduler
