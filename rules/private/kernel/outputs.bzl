# SPDX-License-Identifier: Apache-2.0
"""What the build of a kernel leaves: its files, and what rules tell of them."""

load("//rules/private/build:arch.bzl", "NATIVE")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")

visibility("private")

# Name -> field of KernelImageInfo and output group, in the order in which actions have them, which is part
# of their keys: another order builds every kernel anew.
_OUTPUTS = {
    "Image": "image",
    "System.map": "system_map",
    "build_info.json": "build_info",
    "bzImage": "bzimage",
    "config": "config",
    "release": "release",
    "vmlinux": "vmlinux",
    "vmlinux.h": "vmlinux_h",
}

# What a machine boots, of which a kernel has one at most.
_IMAGES = ["Image", "bzImage"]

def kernel_outputs(ctx, image = None):
    """Declares the files of a kernel.

    Args:
      ctx: the rule's context.
      image: string, the image among them, `bzImage` or `Image`; None: there is none.

    Returns:
      dict of name to File
    """
    return {
        name: ctx.actions.declare_file("%s/%s" % (ctx.label.name, name))
        for name in _OUTPUTS
        if name not in _IMAGES or name == image
    }

def built_groups(configuration, dwarf):
    """The further output groups of a kernel that is built from its sources.

    Args:
      configuration: as of kernel_configuration.
      dwarf: File, the debug information of the same build.

    Returns:
      dict of name to File
    """
    return {
        "_validation": configuration.config,
        "configuration": configuration.config,
        "dwarf": dwarf,
    }

def kernel_providers(files, index, groups = {}, **kwargs):
    """What a rule that makes a kernel provides.

    Args:
      files: as of kernel_outputs.
      index: File, of the kernel's symbols and types; None of a kernel whose guests are not looked into.
      groups: dict of name to File, further output groups.
      **kwargs: the other fields of KernelImageInfo; `arch` is x86_64 where it is left out.

    Returns:
      list of providers
    """
    fields = {_OUTPUTS[name]: file for name, file in files.items()} | {"index": index}
    return [
        DefaultInfo(files = depset(files.values())),
        OutputGroupInfo(**{name: depset([file]) for name, file in (fields | groups).items() if file}),
        KernelImageInfo(**({"arch": NATIVE, "bzimage": None, "image": None} | fields | kwargs)),
    ]
