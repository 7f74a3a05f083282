# SPDX-License-Identifier: Apache-2.0
"""QEMU as one directory that runs anywhere."""

load(":guest_mode.bzl", "guest_mode")
load(":root_action.bzl", "ROOT_ATTRS", "run_in_root")

visibility(["//rules"])

def _qemu_tree_impl(ctx):
    tree = ctx.actions.declare_directory(ctx.label.name)
    other = [ctx.file.packages] if ctx.attr.packages else []
    probes = {"/qemu/" + file.owner.name: file for file in ctx.files._probes}
    run_in_root(
        ctx,
        command = ["python3", "-I", "/collect.py", "/out/qemu"] + (["/packages"] if other else []),
        inputs = {"/collect.py": ctx.file._collect, "/turns.c": ctx.file._turns} | probes |
                 {"/packages": each for each in other},
        outputs = {"qemu": tree},
        mnemonic = "KtstrQemuTree",
        progress_message = "Collecting QEMU %{label}",
    )
    return [DefaultInfo(files = depset([tree]), runfiles = ctx.runfiles([tree]))]

qemu_tree = rule(
    implementation = _qemu_tree_impl,
    cfg = guest_mode,
    doc = "Copies QEMU, its libraries and firmware out of the Debian root into a directory with bin/, lib/ and share/.",
    attrs = ROOT_ATTRS | {
        "packages": attr.label(
            allow_single_file = True,
            doc = "A folder with another QEMU's packages (`debian.root`): qemu-system-x86 and qemu-system-data.",
        ),
        "_collect": attr.label(default = "//tools/qemu:collect.py", allow_single_file = True),
        "_probes": attr.label(default = "//tools/qemu:probes"),
        "_turns": attr.label(default = "//tools/qemu:turns.c", allow_single_file = True),
    },
)
