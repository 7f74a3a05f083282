# SPDX-License-Identifier: Apache-2.0
"""Patches of a kernel's sources."""

load("//rules/private/build:root_action.bzl", "run_in_root")

visibility(["//rules/private/kernel/origin"])

PATCHES = (".patch", ".diff")

# Merge into a rule's `attrs`, beside ROOT_ATTRS: what patched_source needs.
PATCHES_ATTRS = {
    "patches": attr.label_list(
        allow_files = list(PATCHES),
        doc = "Unified diffs (`patch -p1`), applied in this order; lines around a change may have moved, and may not differ.",
    ),
    "_patch_tools": attr.label_list(
        allow_files = True,
        default = [
            "//tools/kernel:patches.py",
            "//tools/kernel:patchfile.py",
        ],
    ),
}

def patched_source(ctx):
    """Registers the action that applies patches to a source archive, where there are any.

    Args:
      ctx: context of a rule that has ROOT_ATTRS, PATCHES_ATTRS and `archive`.

    Returns:
      File: the archive, with the patches applied.
    """
    archive = ctx.file.archive
    if not ctx.files.patches:
        return archive
    patched = ctx.actions.declare_file(ctx.label.name + "/patched.tar.zst")
    inside = "/in/" + archive.basename
    inputs = {inside: archive} | {
        "/ktstr/tools/kernel/" + tool.basename: tool
        for tool in ctx.files._patch_tools
    }
    command = ["python3", "-I", "/ktstr/tools/kernel/patches.py", "--kernel", str(ctx.label)]
    command += ["--source", inside, "--work", "/scratch", "--out", "/out/tar.zst"]
    for i, patch in enumerate(ctx.files.patches):
        if not patch.basename.endswith(PATCHES):
            fail("%s: patches: %s is no patch; its name must end in %s" % (
                ctx.label,
                patch.short_path,
                " or ".join(PATCHES),
            ))
        inputs["/in/%d.patch" % i] = patch
        command += ["--patch", "%s=/in/%d.patch" % (patch.short_path, i)]
    run_in_root(
        ctx,
        command = command,
        inputs = inputs,
        outputs = {"tar.zst": patched},
        scratch = ["/scratch"],
        mnemonic = "KernelPatches",
        progress_message = "Patching %{label}",
    )
    return patched
