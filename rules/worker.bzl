# SPDX-License-Identifier: Apache-2.0
"""Work types of one's own, in C."""

load("//rules/private/worker:worker.bzl", _ktstr_worker = "ktstr_worker")

ktstr_worker = _ktstr_worker
