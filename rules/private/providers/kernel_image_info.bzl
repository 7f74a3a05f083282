# SPDX-License-Identifier: Apache-2.0
"""What a kernel gives to those that boot it or build against it."""

visibility(["//rules", "//rules/private/kernel", "//rules/private/scheduler", "//rules/private/test"])

KernelImageInfo = provider(
    doc = "A built kernel.",
    fields = {
        "arch": "string: its architecture, `x86_64` or `arm64`.",
        "build_info": "File: JSON record of how it was built.",
        "bzimage": "File: bzImage; None of a kernel that has a vmlinux alone.",
        "config": "File: the final .config.",
        "image": "File: Image, which machines of arm64 boot; None of x86_64.",
        "index": "File: index of vmlinux's symbols and types (ktstr/introspect/kernel); None but of x86_64.",
        "patches": "list of Files: the patches of its sources, in their order.",
        "release": "File: the release string.",
        "scx_headers": "File: a tar of include/ of the tree's tools/sched_ext; None of a prebuilt kernel without sources.",
        "source": "File: the archive of its sources; None of a prebuilt kernel without.",
        "system_map": "File: System.map.",
        "vmlinux": "File: ELF with symbols and BTF, without DWARF; PVH-bootable on x86_64.",
        "vmlinux_h": "File: vmlinux.h, the kernel's types for BPF programs.",
    },
)
