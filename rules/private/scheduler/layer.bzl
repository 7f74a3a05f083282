# SPDX-License-Identifier: Apache-2.0
"""The layer of a guest's files that a scheduler brings."""

visibility("private")

# Merge into a rule's `attrs`: what scheduler_layer needs.
LAYER_ATTRS = {
    "_layer": attr.label(default = "//tools/initramfs:layer", executable = True, cfg = "exec"),
}

def scheduler_layer(ctx, folder = "", files = {}):
    """Declares the layer of a scheduler.

    Args:
      ctx: of a rule with LAYER_ATTRS.
      folder: string, the scheduler's own in the guest, without a slash in front.
      files: dict of name in that folder to (File, mode). A tree artifact has the name "", and no mode: what
        is in it lies in the folder itself.

    Returns:
      File
    """
    manifest = ctx.actions.declare_file(ctx.label.name + ".manifest.json")
    ctx.actions.write(manifest, json.encode_indent([
        {"kind": "file", "mode": mode, "path": folder + "/" + name, "source": file.path} if name else {"kind": "tree", "path": folder, "source": file.path}
        for name, (file, mode) in files.items()
    ]))
    layer = ctx.actions.declare_file(ctx.label.name + ".cpio")
    ctx.actions.run(
        executable = ctx.executable._layer,
        arguments = ["--manifest", manifest.path, "--output", layer.path],
        inputs = [file for file, _ in files.values()] + [manifest],
        outputs = [layer],
        mnemonic = "SchedulerLayer",
        progress_message = "Writing scheduler layer %{label}",
    )
    return layer
