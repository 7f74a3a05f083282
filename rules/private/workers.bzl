# SPDX-License-Identifier: Apache-2.0
"""The work types of a `ktstr_test`'s own."""

load("//rules/private/providers:worker_info.bzl", "WorkerInfo")
load(":label_text.bzl", "label_text")

visibility(["//rules/..."])

WORKER_ATTRS = {
    "workers": attr.label_list(
        providers = [WorkerInfo],
        doc = "Targets of ktstr_worker, which CustomWork calls by their names.",
    ),
}

def check_workers(ctx):
    """Fails when two work types have one name.

    Args:
      ctx: of a rule with WORKER_ATTRS.
    """
    seen = {}
    for target in ctx.attr.workers:
        name = target[WorkerInfo].name
        if name in seen:
            fail("%s: workers: %s and %s are both called %r, and CustomWork goes by the name" % (
                ctx.label,
                label_text(seen[name]),
                label_text(target.label),
                name,
            ))
        seen[name] = target.label

def workers_config(ctx, runfiles_path):
    """What the runner is told: a list of ktstr.model.target.WorkerFiles as JSON has them.

    Args:
      ctx: of a rule with WORKER_ATTRS.
      runfiles_path: function of ctx and a File.

    Returns:
      list of dict
    """
    return [
        {
            "label": label_text(target.label),
            "layer": runfiles_path(ctx, target[WorkerInfo].layer),
            "name": target[WorkerInfo].name,
        }
        for target in ctx.attr.workers
    ]

def worker_files(ctx):
    """The layers.

    Args:
      ctx: of a rule with WORKER_ATTRS.

    Returns:
      list of File
    """
    return [target[WorkerInfo].layer for target in ctx.attr.workers]
