# SPDX-License-Identifier: Apache-2.0
"""The rules `initramfs_layer` and `initramfs`."""

load("//rules/private/build:guest_mode.bzl", "guest_mode")
load("//rules/private/providers:initramfs_info.bzl", "InitramfsInfo")

visibility(["//rules", "//rules/private/..."])

def guest_path_problem(path):
    """Says what is wrong with a path in the guest.

    Args:
      path: a path relative to the guest's root, as a layer's attributes have it.

    Returns:
      A clause to put after the path, or None when it is right.
    """
    if path.startswith("/"):
        return "is absolute; paths in a layer are relative to the guest's root"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return "has an empty, \".\" or \"..\" component"
    return None

def _mode_problem(mode):
    if len(mode) not in (3, 4) or not mode.isdigit() or "8" in mode or "9" in mode:
        return "is no file mode; expected three or four octal digits, e.g. \"0755\""
    return None

def _check_paths(ctx):
    seen = {}
    attributes = [
        ("files", ctx.attr.files.values()),
        ("symlinks", ctx.attr.symlinks.keys()),
        ("directories", ctx.attr.directories.keys()),
    ]
    for attribute, paths in attributes:
        for path in paths:
            problem = guest_path_problem(path)
            if problem:
                fail("%s: %s: guest path %r %s" % (ctx.label, attribute, path, problem))
            if path in seen:
                fail("%s: guest path %r is given twice, in %s and in %s" % (
                    ctx.label,
                    path,
                    seen[path],
                    attribute,
                ))
            seen[path] = attribute
    for path, mode in ctx.attr.modes.items() + ctx.attr.directories.items():
        problem = _mode_problem(mode)
        if problem:
            fail("%s: mode %r of %r %s" % (ctx.label, mode, path, problem))
    for path in ctx.attr.modes:
        if seen.get(path) != "files":
            fail("%s: modes: %r is no path of files; those are %s" % (
                ctx.label,
                path,
                sorted(ctx.attr.files.values()),
            ))
    if not seen:
        fail("%s: the layer is empty; give it files, symlinks or directories" % ctx.label)

def _one_file(ctx, target, path):
    files = target[DefaultInfo].files.to_list()
    if len(files) != 1:
        fail("%s: files: %s gives %d files, %r is the path of one" % (
            ctx.label,
            target.label,
            len(files),
            path,
        ))
    return files[0]

def _layer_impl(ctx):
    _check_paths(ctx)
    inputs = []
    manifest = []
    for target, path in ctx.attr.files.items():
        source = _one_file(ctx, target, path)
        inputs.append(source)
        kind = "tree" if source.is_directory else "file"
        item = {"kind": kind, "path": path, "source": source.path}
        if path in ctx.attr.modes:
            item["mode"] = ctx.attr.modes[path]
        manifest.append(item)
    for path, target in ctx.attr.symlinks.items():
        manifest.append({"kind": "symlink", "path": path, "target": target})
    for path, mode in ctx.attr.directories.items():
        manifest.append({"kind": "dir", "path": path, "mode": mode})

    manifest_file = ctx.actions.declare_file(ctx.label.name + ".manifest.json")
    ctx.actions.write(manifest_file, json.encode_indent(manifest))
    layer = ctx.actions.declare_file(ctx.label.name + ".cpio")
    ctx.actions.run(
        executable = ctx.executable._tool,
        arguments = ["--manifest", manifest_file.path, "--output", layer.path],
        inputs = inputs + [manifest_file],
        outputs = [layer],
        mnemonic = "InitramfsLayer",
        progress_message = "Writing initramfs layer %{label}",
    )
    return [
        DefaultInfo(files = depset([layer])),
        InitramfsInfo(layers = [layer]),
    ]

initramfs_layer = rule(
    implementation = _layer_impl,
    cfg = guest_mode,
    doc = "One layer of an initramfs: files of the build at paths of the guest.",
    attrs = {
        "directories": attr.string_dict(
            doc = "Directory in the guest -> its mode in octal, e.g. {\"var/tmp\": \"1777\"}.",
        ),
        "files": attr.label_keyed_string_dict(
            allow_files = True,
            doc = "File or directory of the build -> its path in the guest, e.g. \"bin/tool\". Of a directory comes what is in it; where nothing lies, no directory: name it in `directories`.",
        ),
        "modes": attr.string_dict(
            doc = "Path of `files` -> mode in octal; default: 0755 for programs and " +
                  "scripts (ELF, #!), else 0644, whatever the files themselves have.",
        ),
        "symlinks": attr.string_dict(
            doc = "Path in the guest -> what the symbolic link points to.",
        ),
        "_tool": attr.label(
            default = "//tools/initramfs:layer",
            cfg = "exec",
            executable = True,
        ),
    },
    provides = [InitramfsInfo],
)

def _initramfs_impl(ctx):
    layers = []
    owners = {}
    for target in ctx.attr.layers:
        for layer in target[InitramfsInfo].layers:
            if layer in owners:
                fail("%s: layers: %s comes twice, from %s and from %s" % (
                    ctx.label,
                    layer.short_path,
                    owners[layer],
                    target.label,
                ))
            owners[layer] = target.label
            layers.append(layer)
    return [
        DefaultInfo(
            files = depset(layers, order = "preorder"),
            runfiles = ctx.runfiles(files = layers),
        ),
        InitramfsInfo(layers = layers),
    ]

initramfs = rule(
    implementation = _initramfs_impl,
    cfg = guest_mode,
    doc = "An initramfs made of layers, in order; where two hold a file, the later one wins.",
    attrs = {
        "layers": attr.label_list(
            mandatory = True,
            allow_empty = False,
            providers = [InitramfsInfo],
            doc = "Targets of initramfs_layer, initramfs, or anything else with InitramfsInfo.",
        ),
    },
    provides = [InitramfsInfo],
)
