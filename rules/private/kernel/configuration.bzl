# SPDX-License-Identifier: Apache-2.0
"""A kernel's configuration by itself: made in half a minute, where the kernel takes many."""

load("//rules/private/build:arch.bzl", "CROSS", "NATIVE")
load("//rules/private/build:root_action.bzl", "run_in_root")

visibility("private")

# Merge into a rule's `attrs`, beside ROOT_ATTRS: what kernel_configuration needs.
CONFIGURATION_ATTRS = {
    "_configuration_tools": attr.label_list(
        allow_files = True,
        default = [
            "//tools/kernel:build.py",
            "//tools/kernel:config.py",
            "//tools/kernel:configure.py",
            "//tools/kernel:events.py",
            "//tools/kernel:versions.py",
        ],
    ),
}

def _cross(arch):
    # fetched where it is needed alone
    return None if arch == NATIVE else Label("@debian_cross//:root")

# The same: what cross_inputs needs, and a kernel for another architecture than the root's.
CROSS_ATTRS = {
    "_cross_tools": attr.label_list(
        allow_files = True,
        default = [
            "//tools/kernel:architecture.py",
            "//tools/kernel:cross.py",
        ],
    ),
    "_cross": attr.label(
        allow_single_file = True,
        default = _cross,
    ),
}

def cross_inputs(ctx):
    """What actions for another architecture than the root's have besides.

    Args:
      ctx: of a rule with CROSS_ATTRS and `arch`.

    Returns:
      dict of path inside to File
    """
    tools = {"/ktstr/tools/kernel/" + tool.basename: tool for tool in ctx.files._cross_tools}
    return tools | {CROSS: ctx.file._cross}

def kernel_configuration(ctx, source, fragments, versions, arch = NATIVE):
    """Registers the action that makes a kernel's configuration, and refuses what is wrong with it.

    Args:
      ctx: context of a rule that has ROOT_ATTRS, CONFIGURATION_ATTRS and `base`.
      source: File, the archive, with one top folder.
      fragments: list of Files.
      versions: File, or None: which options are in which versions.
      arch: string, of the kernel.

    Returns:
      struct: `config`, the final .config, and `fragments`, as they hold for this kernel's version
      and architecture.
    """
    folder = ctx.label.name + "/configuration/"
    config = ctx.actions.declare_file(folder + "config")
    resolved = [ctx.actions.declare_file("%s%d.config" % (folder, i)) for i in range(len(fragments))]
    inside = "/in/" + source.basename
    inputs = {inside: source} | {
        "/ktstr/tools/kernel/" + tool.basename: tool
        for tool in ctx.files._configuration_tools
    }
    command = ["python3", "-I", "/ktstr/tools/kernel/configure.py"]
    if arch != NATIVE:
        inputs |= cross_inputs(ctx)
        command = ["python3", "-I", "/ktstr/tools/kernel/cross.py", "configure", "--arch", arch]
    command += ["--source", inside, "--base", ctx.attr.base]
    command += ["--work", "/build", "--out", "/out"]
    for i, fragment in enumerate(fragments):
        inputs["/in/%d.config" % i] = fragment
        command += ["--fragment", "%s=/in/%d.config" % (fragment.short_path, i)]
    if versions:
        inputs["/in/versions"] = versions
        command += ["--versions", "%s=/in/versions" % versions.short_path]
    run_in_root(
        ctx,
        command = command,
        inputs = inputs,
        outputs = {"config": config} | {"%d.config" % i: file for i, file in enumerate(resolved)},
        scratch = ["/build"],
        mnemonic = "KernelConfiguration",
        progress_message = "Configuring kernel %{label}",
    )
    return struct(config = config, fragments = resolved)
