# SPDX-License-Identifier: Apache-2.0
"""Programs that tests run in their guests, and checks on what they print."""

load("//rules/private/kernel:file.bzl", _kernel_file = "kernel_file")
load(
    "//rules/private/payload:metrics.bzl",
    _exit_code = "exit_code",
    _exit_code_skip = "exit_code_skip",
    _metric = "metric",
    _metric_exists = "metric_exists",
    _metric_max = "metric_max",
    _metric_min = "metric_min",
    _metric_range = "metric_range",
)
load("//rules/private/payload:payload.bzl", _payload = "payload")

exit_code = _exit_code
exit_code_skip = _exit_code_skip
kernel_file = _kernel_file
metric = _metric
metric_exists = _metric_exists
metric_max = _metric_max
metric_min = _metric_min
metric_range = _metric_range
payload = _payload
