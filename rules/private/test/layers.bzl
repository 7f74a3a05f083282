# SPDX-License-Identifier: Apache-2.0
"""What a `ktstr_test` brings into its guest as layers, each under a name that tests go by."""

load("//rules/private/build:label_text.bzl", "label_text")

visibility("private")

def check_names(ctx, attribute, targets, provider, why = "and tests go by the name"):
    """Fails when two targets have one name.

    Args:
      ctx: of the test's rule.
      attribute: string, where a BUILD file lists the targets.
      targets: list of Target.
      provider: of each target, with a field `name`.
      why: string, why that cannot be.
    """
    seen = {}
    for target in targets:
        name = target[provider].name
        if name in seen:
            fail("%s: %s: %s and %s are both called %r, %s" % (
                ctx.label,
                attribute,
                label_text(seen[name]),
                label_text(target.label),
                name,
                why,
            ))
        seen[name] = target.label

def layer_config(ctx, target, layer, runfiles_path):
    """What the runner is told of every layer.

    Args:
      ctx: of the test's rule.
      target: Target that the layer is of.
      layer: File.
      runfiles_path: function of ctx and a File.

    Returns:
      dict of what the records of ktstr.machine.target have in common
    """
    return {"label": label_text(target.label), "layer": runfiles_path(ctx, layer)}

def layer_files(targets, provider):
    """The layers.

    Args:
      targets: list of Target.
      provider: of each target, with a field `layer`.

    Returns:
      list of File
    """
    return [target[provider].layer for target in targets]
