# SPDX-License-Identifier: Apache-2.0
"""What programs of a kernel's tools/sched_ext and of its selftests are built of alike."""

load("//rules/private/build:bpf_object.bzl", "KERNELS_OWN_FLAGS", "NATIVE_BPF_FLAGS")
load("//rules/private/build:root_action.bzl", "ROOT_ATTRS")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")

visibility("private")

# Merge into a rule's `attrs`: what kernel_scx_inputs needs, and run_in_root.
KERNEL_SCX_ATTRS = ROOT_ATTRS | {
    "kernel": attr.label(
        mandatory = True,
        providers = [KernelImageInfo],
        doc = "The kernel whose types it is compiled against.",
    ),
    "source": attr.label(
        allow_single_file = [".tar"],
        mandatory = True,
        doc = "A kernel_scx_source.",
    ),
    "_elf_search_tree": attr.label(
        default = "//sched/loader:elf_search_tree.c",
        allow_single_file = True,
    ),
}

# What their BPF C is compiled with.
KERNEL_SCX_FLAGS = NATIVE_BPF_FLAGS + KERNELS_OWN_FLAGS

def kernel_scx_inputs(ctx):
    """The files that all of them have.

    Args:
      ctx: of a rule with KERNEL_SCX_ATTRS.

    Returns:
      dict of path in the root to File
    """
    return {
        "/elf_search_tree.c": ctx.file._elf_search_tree,
        "/kernel/vmlinux.h": ctx.attr.kernel[KernelImageInfo].vmlinux_h,
        "/sched_ext.tar": ctx.file.source,
    }
