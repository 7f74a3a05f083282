# SPDX-License-Identifier: Apache-2.0
"""The index of a kernel's symbols and types, for programs that look into its guests."""

visibility("private")

INDEX_ATTRS = {
    "_index": attr.label(
        default = "//tools/kernel:index",
        executable = True,
        cfg = "exec",
    ),
}

def kernel_index(ctx, vmlinux):
    """Registers the action that makes the index of a kernel.

    It stands apart from the build of the kernel, which takes minutes.

    Args:
      ctx: context of a rule that has INDEX_ATTRS.
      vmlinux: File, the kernel.

    Returns:
      File: the index (ktstr/introspect/kernel/index.py).
    """
    index = ctx.actions.declare_file(ctx.label.name + "/vmlinux.index")
    args = ctx.actions.args()
    args.add("--vmlinux", vmlinux)
    args.add("--output", index)
    ctx.actions.run(
        executable = ctx.executable._index,
        arguments = [args],
        inputs = [vmlinux],
        outputs = [index],
        mnemonic = "KernelIndex",
        progress_message = "Indexing symbols and types of %{label}",
    )
    return index
