# SPDX-License-Identifier: Apache-2.0
"""The work types of a `ktstr_test`'s own."""

load("//rules/private/build:arch.bzl", "arch_transition")
load("//rules/private/providers:worker_info.bzl", "WorkerInfo")
load(":layers.bzl", "check_names", "layer_config", "layer_files")

visibility("private")

WORKER_ATTRS = {
    "workers": attr.label_list(
        cfg = arch_transition,
        providers = [WorkerInfo],
        doc = "Targets of ktstr_worker, which CustomWork calls by their names.",
    ),
}

def check_workers(ctx):
    """Fails when two work types have one name.

    Args:
      ctx: of a rule with WORKER_ATTRS.
    """
    check_names(ctx, "workers", ctx.attr.workers, WorkerInfo, "and CustomWork goes by the name")

def workers_config(ctx, runfiles_path):
    """What the runner is told: a list of ktstr.machine.target.WorkerFiles as JSON has them.

    Args:
      ctx: of a rule with WORKER_ATTRS.
      runfiles_path: function of ctx and a File.

    Returns:
      list of dict
    """
    return [
        layer_config(ctx, target, target[WorkerInfo].layer, runfiles_path) |
        {"name": target[WorkerInfo].name}
        for target in ctx.attr.workers
    ]

def worker_files(ctx):
    """The layers.

    Args:
      ctx: of a rule with WORKER_ATTRS.

    Returns:
      list of File
    """
    return layer_files(ctx.attr.workers, WorkerInfo)
