# SPDX-License-Identifier: Apache-2.0
"""One build of a kernel makes all that a kernel_image offers; its debug information is asked for apart."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:defs.bzl", "kernel_image")

def _impl(ctx):
    env = analysistest.begin(ctx)
    builds = [a for a in analysistest.target_actions(env) if a.mnemonic == "KernelImage"]
    asserts.equals(env, 1, len(builds))
    target = analysistest.target_under_test(env)
    dwarf = target[OutputGroupInfo].dwarf.to_list()
    asserts.equals(env, ["vmlinux.dwarf"], [file.basename for file in dwarf])
    plain = target[DefaultInfo].files.to_list() + target[DefaultInfo].default_runfiles.files.to_list()
    asserts.true(env, plain and not [file for file in plain if file in dwarf])
    asserts.true(env, all([file in builds[0].outputs.to_list() for file in dwarf + plain]))
    return analysistest.end(env)

_outputs_test = analysistest.make(_impl)

def _versions_impl(ctx):
    env = analysistest.begin(ctx)
    actions = {a.mnemonic: a for a in analysistest.target_actions(env)}
    inputs = actions["KernelImage"].inputs.to_list()
    resolved = [f for f in inputs if f in actions["KernelConfiguration"].outputs.to_list()]
    asserts.equals(env, ["0.config"], [f.basename for f in resolved])
    asserts.false(env, [f for f in inputs if f.basename == "tiny.config"])

    # What is wrong with it ends the build of whatever needs the kernel.
    validation = analysistest.target_under_test(env)[OutputGroupInfo]._validation.to_list()
    asserts.equals(env, ["config"], [f.basename for f in validation])
    return analysistest.end(env)

_versions_test = analysistest.make(_versions_impl)

def kernel_outputs_test(name):
    """A test of what one kernel_image has, which nothing builds.

    Args:
      name: its name.
    """
    kernel_image(
        name = name + "_image",
        fragments = ["tiny.config"],
        source = "@linux_source_6_12//:file",
        tags = ["manual"],
    )
    _outputs_test(name = name, target_under_test = name + "_image")

def kernel_versions_test(name):
    """A test that a kernel with `versions` is built of what its configuration leaves of the fragments.

    Args:
      name: its name.
    """
    kernel_image(
        name = name + "_image",
        fragments = ["tiny.config"],
        source = "@linux_source_6_12//:file",
        tags = ["manual"],
        versions = "//sched/kernels:options.versions",
    )
    _versions_test(name = name, target_under_test = name + "_image")
