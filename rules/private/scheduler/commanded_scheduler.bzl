# SPDX-License-Identifier: Apache-2.0
"""The rule `commanded_scheduler`."""

load("//rules/private/providers:scx_scheduler_info.bzl", "ScxSchedulerInfo")
load(":layer.bzl", "LAYER_ATTRS", "scheduler_layer")
load(":places.bzl", "CGROUP_ATTRS", "NO_PLACES", "cgroups_problem")
load(":settings.bzl", "GUEST_SETTING_ATTRS", "check_guest_settings")

visibility(["//rules"])

def _check(ctx):
    for name in ["disable", "enable"]:
        commands = getattr(ctx.attr, name)
        if not commands:
            fail("%s: %s is empty; give the shell commands that switch the scheduler %s" % (
                ctx.label,
                name,
                "off" if name == "disable" else "on",
            ))
        for command in commands:
            if not command.strip() or "\0" in command:
                fail("%s: %s: %r is no command for a shell" % (ctx.label, name, command))
    problem = cgroups_problem(ctx.attr)
    if problem:
        fail("%s: %s" % (ctx.label, problem))
    check_guest_settings(ctx)

def _commanded_scheduler_impl(ctx):
    _check(ctx)
    layer = scheduler_layer(ctx)  # it brings no file
    return [
        DefaultInfo(files = depset()),
        OutputGroupInfo(layer = depset([layer])),
        ScxSchedulerInfo(
            name = ctx.label.name,
            layer = layer,
            argv = [],
            checks = ctx.attr.checks,
            ops_name = "",
            control = False,
            disable = ctx.attr.disable,
            enable = ctx.attr.enable,
            kargs = ctx.attr.kargs,
            places = NO_PLACES | {"workload_root_cgroup": ctx.attr.workload_root_cgroup},
            stats_socket = "",
            sysctls = ctx.attr.sysctls,
        ),
    ]

commanded_scheduler = rule(
    implementation = _commanded_scheduler_impl,
    doc = """A scheduler that is in the kernel and is switched on by commands, for tests to run.

E.g. a feature of EEVDF (/sys/kernel/debug/sched/features). sched_ext stays off. Each command is a
line for the guest's shell (busybox), as root; one that ends with another status than 0 fails the
test, so that a command such as `grep -qw NO_WAKEUP_PREEMPTION /sys/kernel/debug/sched/features` shows that
the one before had effect.""",
    attrs = {
        "disable": attr.string_list(
            mandatory = True,
            doc = "Commands that switch it off: at the end, wherever a test detaches it, and where one of `enable` fails.",
        ),
        "enable": attr.string_list(
            mandatory = True,
            doc = "Commands that switch it on, one after another.",
        ),
    } | CGROUP_ATTRS | GUEST_SETTING_ATTRS | LAYER_ATTRS,
    provides = [ScxSchedulerInfo],
)
