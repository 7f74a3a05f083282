# SPDX-License-Identifier: Apache-2.0
"""The configuration of kernels that the extension `kernels` is told none for."""

DEFAULT_FRAGMENTS = [
    Label("//sched/kernels:disk.config"),
    Label("//sched/kernels:guest.config"),
    Label("//sched/kernels:sched.config"),
]

DEFAULT_VERSIONS = Label("//sched/kernels:options.versions")
