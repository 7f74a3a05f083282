# SPDX-License-Identifier: Apache-2.0
"""The payloads of a `ktstr_test`."""

load("//rules/private/build:label_text.bzl", "label_text")
load("//rules/private/providers:payload_info.bzl", "PayloadInfo")
load(":layers.bzl", "check_names", "layer_config", "layer_files")

visibility("private")

PAYLOAD_ATTRS = {
    "payloads": attr.label_list(
        providers = [PayloadInfo],
        doc = "Payloads that the tests may run, by their targets' names.",
    ),
    "_collisions": attr.label(
        default = "//tools/payload:collisions",
        executable = True,
        cfg = "exec",
    ),
}

def check_payloads(ctx):
    """Fails when two payloads have one name.

    Args:
      ctx: of a rule with PAYLOAD_ATTRS.
    """
    check_names(ctx, "payloads", ctx.attr.payloads, PayloadInfo)

def payloads_config(ctx, runfiles_path):
    """What the runner is told: a list of ktstr.machine.target.PayloadFiles as JSON has them.

    Args:
      ctx: of a rule with PAYLOAD_ATTRS.
      runfiles_path: function of ctx and a File.

    Returns:
      list of dict
    """
    return [
        layer_config(ctx, target, target[PayloadInfo].layer, runfiles_path) |
        {"payload": target[PayloadInfo].payload}
        for target in ctx.attr.payloads
    ]

def payload_files(ctx):
    """The layers.

    Args:
      ctx: of a rule with PAYLOAD_ATTRS.

    Returns:
      list of File
    """
    return layer_files(ctx.attr.payloads, PayloadInfo)

def validate_payloads(ctx):
    """Declares the action that sees whether payloads overwrite each other's files.

    Args:
      ctx: of a rule with PAYLOAD_ATTRS.

    Returns:
      depset of File for the output group _validation; empty where there is nothing to see.
    """
    indexes = [target[PayloadInfo].index for target in ctx.attr.payloads]
    if len(indexes) < 2:
        return depset()
    stamp = ctx.actions.declare_file(ctx.label.name + ".payloads_checked")
    arguments = ctx.actions.args()
    arguments.add("--owner", label_text(ctx.label))
    arguments.add("--stamp", stamp)
    arguments.add_all(indexes)
    ctx.actions.run(
        executable = ctx.executable._collisions,
        arguments = [arguments],
        inputs = indexes,
        outputs = [stamp],
        mnemonic = "PayloadCollisions",
        progress_message = "Comparing the payloads of %{label}",
    )
    return depset([stamp])
