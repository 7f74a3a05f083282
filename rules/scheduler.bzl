# SPDX-License-Identifier: Apache-2.0
"""Rules for sched_ext schedulers."""

load("//rules/private:scx_scheduler.bzl", _scx_scheduler = "scx_scheduler")

scx_scheduler = _scx_scheduler
