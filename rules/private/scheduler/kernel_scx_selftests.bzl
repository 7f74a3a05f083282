# SPDX-License-Identifier: Apache-2.0
"""The rule `kernel_scx_selftests`: a kernel's own tests of sched_ext, as tests of a ktstr_test."""

load("//rules/private/build:bpf_object.bzl", "BPF_FLAGS", "KERNELS_OWN_FLAGS")
load("//rules/private/build:guest_mode.bzl", "guest_mode")
load("//rules/private/build:root_action.bzl", "ROOT_ATTRS", "run_in_root")
load("//rules/private/providers:kernel_image_info.bzl", "KernelImageInfo")

visibility(["//rules"])

def _kernel_scx_selftests_impl(ctx):
    runner = ctx.actions.declare_file(ctx.label.name + "/scx_runner")
    tests = ctx.actions.declare_file(ctx.label.name + "/selftests.py")
    run_in_root(
        ctx,
        command = ["sh", "/build.sh", str(ctx.label)] + BPF_FLAGS + KERNELS_OWN_FLAGS,
        inputs = {
            "/build.sh": ctx.file._build,
            "/elf_search_tree.c": ctx.file._elf_search_tree,
            "/kernel/vmlinux.h": ctx.attr.kernel[KernelImageInfo].vmlinux_h,
            "/sched_ext.tar": ctx.file.source,
            "/selftest.py": ctx.file._selftest,
            "/selftest_named.c": ctx.file._named,
        },
        outputs = {"runner": runner, "tests": tests},
        scratch = ["/build"],
        mnemonic = "KernelScxSelftests",
        progress_message = "Compiling %{label}",
    )
    return [
        DefaultInfo(files = depset([runner]), executable = runner),
        OutputGroupInfo(tests = depset([tests])),
    ]

kernel_scx_selftests = rule(
    implementation = _kernel_scx_selftests_impl,
    cfg = guest_mode,
    doc = """The runner of a kernel's tools/testing/selftests/sched_ext, statically linked.

Its output group `tests` is a file for `ktstr_test(srcs = ...)` with one test for each of the runner's,
which run it as the payload "scx_selftests".""",
    attrs = {
        "kernel": attr.label(
            mandatory = True,
            providers = [KernelImageInfo],
            doc = "The kernel whose types they are compiled against.",
        ),
        "source": attr.label(
            allow_single_file = [".tar"],
            mandatory = True,
            doc = "A kernel_scx_source.",
        ),
        "_build": attr.label(default = "//tools/bpf:selftests.sh", allow_single_file = True),
        "_elf_search_tree": attr.label(
            default = "//sched/loader:elf_search_tree.c",
            allow_single_file = True,
        ),
        "_named": attr.label(default = "//tools/bpf:selftest_named.c", allow_single_file = True),
        "_selftest": attr.label(default = "//tools/bpf:selftest.py", allow_single_file = True),
    } | ROOT_ATTRS,
    executable = True,
)
