# SPDX-License-Identifier: Apache-2.0
"""QEMU as one directory that runs anywhere."""

load("//rules/private/providers:qemu_info.bzl", "QemuInfo")
load(":arch.bzl", "ARCHITECTURES", "NATIVE")
load(":guest_mode.bzl", "native_guest_mode")
load(":root_action.bzl", "ROOT_ATTRS", "run_in_root")

visibility(["//rules"])

def _qemu_tree_impl(ctx):
    tree = ctx.actions.declare_directory(ctx.label.name)
    other = [ctx.file.packages] if ctx.attr.packages else []
    if ctx.attr.arch != NATIVE and not other:
        fail("%s: arch is %s, and the Debian root has the QEMU of %s alone; name its packages" % (
            ctx.label,
            ctx.attr.arch,
            NATIVE,
        ))
    probes = {"/qemu/" + file.owner.name: file for file in ctx.files._probes}
    run_in_root(
        ctx,
        command = ["python3", "-I", "/collect.py", "/out/qemu"] + (["/packages"] if other else []) +
                  ([ctx.attr.arch] if ctx.attr.arch != NATIVE else []),
        inputs = {"/collect.py": ctx.file._collect, "/turns.c": ctx.file._turns} | probes |
                 {"/packages": each for each in other},
        outputs = {"qemu": tree},
        mnemonic = "KtstrQemuTree",
        progress_message = "Collecting QEMU %{label}",
    )
    return [
        DefaultInfo(files = depset([tree]), runfiles = ctx.runfiles([tree])),
        QemuInfo(arch = ctx.attr.arch),
    ]

qemu_tree = rule(
    implementation = _qemu_tree_impl,
    cfg = native_guest_mode,
    doc = "Copies QEMU, its libraries and firmware out of the Debian root into a directory with bin/, lib/ and share/.",
    attrs = ROOT_ATTRS | {
        "arch": attr.string(
            default = NATIVE,
            doc = "The architecture of the machines that it runs. Of another than x86_64 it comes without the " +
                  "plugin that looks into guests.",
            values = ARCHITECTURES,
        ),
        "packages": attr.label(
            allow_single_file = True,
            doc = "A folder with another QEMU's packages (`debian.root`): qemu-system-x86 or qemu-system-arm, and qemu-system-data.",
        ),
        "_collect": attr.label(default = "//tools/qemu:collect.py", allow_single_file = True),
        "_probes": attr.label(default = "//tools/qemu:probes"),
        "_turns": attr.label(default = "//tools/qemu:turns.c", allow_single_file = True),
    },
)
