# SPDX-License-Identifier: Apache-2.0
"""Schedulers that are none: a command of the guest's busybox in a scheduler's place."""

load("//rules:providers.bzl", "InitramfsInfo", "ScxSchedulerInfo")

def _impl(ctx):
    return [ScxSchedulerInfo(
        argv = ctx.attr.argv,
        checks = {},
        control = False,
        disable = [],
        enable = [],
        kargs = ctx.attr.kargs,
        layer = ctx.attr.layer[InitramfsInfo].layers[0],
        name = ctx.label.name,
        ops_name = ctx.label.name,
        places = {
            "cgroup_parent": "",
            "config": "",
            "config_text": "",
            "data": "",
            "workload_root_cgroup": "",
        },
        stats_socket = "",
        sysctls = {},
    )]

command_scheduler = rule(
    implementation = _impl,
    doc = "A scheduler that is just a command: it never attaches anything.",
    attrs = {
        "argv": attr.string_list(mandatory = True),
        "kargs": attr.string_list(),
        "layer": attr.label(mandatory = True, providers = [InitramfsInfo]),
    },
    provides = [ScxSchedulerInfo],
)
