# SPDX-License-Identifier: Apache-2.0
"""The rule behind `scx_crate`: a scheduler in Rust, built offline in a Debian root with Rust."""

load("//rules/private/build:guest_mode.bzl", "guest_mode")
load("//rules/private/build:root_action.bzl", "run_in_root")

visibility(["//rules"])

_CrateBuildInfo = provider(
    doc = "What a crate's build leaves for the next one.",
    fields = {"built": "File, cargo's target directory as an archive."},
)

def _scx_crate_impl(ctx):
    attr = ctx.attr
    program = attr.program or attr.crate

    # In a folder of its own: the file's name is the program's name in the guest.
    binary = ctx.actions.declare_file("{}/{}".format(ctx.label.name, program))
    built = ctx.actions.declare_file(ctx.label.name + ".built.tar.zst")
    inputs = {
        "/build.sh": ctx.file._build,
        "/elf_search_tree.c": ctx.file._elf_search_tree,
        "/sources.tar": ctx.file.sources,
    }
    if attr.base:
        inputs["/base.tar.zst"] = attr.base[_CrateBuildInfo].built
    run_in_root(
        ctx,
        command = ["bash", "/build.sh", str(ctx.label), program, ",".join(attr.crate_features)],
        inputs = inputs,
        outputs = {"binary": binary, "built": built},
        scratch = ["/build"],
        env = {"HOME": "/build"},
        mnemonic = "ScxCrate",
        progress_message = "Building %{label} with cargo",
        resource_set = _resources,
    )
    return [
        DefaultInfo(files = depset([binary]), executable = binary),
        _CrateBuildInfo(built = built),
    ]

def _resources(_os, _inputs):
    """What cargo's two jobs take; the largest crates want some 1 GiB each."""
    return {"cpu": 2, "memory": 2048}

scx_crate = rule(
    implementation = _scx_crate_impl,
    cfg = guest_mode,
    doc = """Builds a scheduler from a crate, with the crates of its Cargo.lock, linked statically.

The program is `NAME/PROGRAM`. Nothing is fetched: the action has the crates as the extension `crates`
got them, and the compilers of a Debian root of their own (`@debian_rust`).
""",
    executable = True,
    attrs = {
        "base": attr.label(
            providers = [_CrateBuildInfo],
            doc = "Another scx_crate: what both are built of alike is not built again.",
        ),
        "crate": attr.string(mandatory = True, doc = "The crate's name."),
        "crate_features": attr.string_list(doc = "Of the crate, beside its defaults."),
        "program": attr.string(doc = "Which program of the crate; left out: the one with its name."),
        "sources": attr.label(
            allow_single_file = [".tar"],
            mandatory = True,
            doc = "What `crates.scheduler` fetched.",
        ),
        "_build": attr.label(default = "//tools/crates:build.sh", allow_single_file = True),
        "_elf_search_tree": attr.label(default = "//sched/loader:elf_search_tree.c", allow_single_file = True),
        "_enter": attr.label(default = "//tools/root:enter", executable = True, cfg = "exec"),
        "_root": attr.label(default = "@debian_rust//:root", allow_single_file = True),
    },
)
