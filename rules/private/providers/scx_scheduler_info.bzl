# SPDX-License-Identifier: Apache-2.0
"""What a scheduler target gives to the tests that run it."""

visibility(["//rules", "//rules/private/scheduler", "//rules/private/test"])

ScxSchedulerInfo = provider(
    doc = "A sched_ext scheduler: the files it adds to a guest and how to start it there.",
    fields = {
        "argv": "list of string: the command in the guest.",
        "checks": "dict of string to string: thresholds of every test that runs it, see Checks.",
        "control": "bool: whether the command takes `set`, `stat` and `quit` on standard input.",
        "disable": "list of string: shell commands that switch it off, of one that has no program.",
        "enable": "list of string: shell commands that switch it on, of one that has no program.",
        "kargs": "list of string: what it wants on the kernel's command line.",
        "layer": "File: initramfs layer with /scheduler/NAME/.",
        "name": "string: the target's name.",
        "ops_name": "string: what /sys/kernel/sched_ext/root/ops says while it is attached; \"*\" stands for any text.",
        "places": "dict: where it looks in its guest; see places_of of rules/private/scheduler/places.bzl.",
        "stats_socket": "string: path in the guest of the socket that it tells its statistics at; empty: none.",
        "sysctls": "dict of string to string: sysctl name to value.",
    },
)
