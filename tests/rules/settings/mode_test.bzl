# SPDX-License-Identifier: Apache-2.0
"""Tests of what `-c` changes: nothing of a guest but users' own programs."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

_MODE = "//command_line_option:compilation_mode"

def _mode_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    group = ctx.attr.group
    files = target[OutputGroupInfo][group] if group else target[DefaultInfo].files
    asserts.true(env, bool(files.to_list()), "it has no files")
    for file in files.to_list():
        # bazel-out/k8-fastbuild/bin, perhaps with a hash for what else the test's settings are
        words = file.root.path.split("/")[1].split("-")
        asserts.true(env, ctx.attr.mode in words, "%s is not of %s" % (file.path, ctx.attr.mode))
    return analysistest.end(env)

_ATTRS = {
    "group": attr.string(doc = "The output group to look at; empty: what it builds by default."),
    "mode": attr.string(default = "fastbuild", doc = "The compilation mode of its files."),
}

opt_mode_test = analysistest.make(
    _mode_impl,
    attrs = _ATTRS,
    config_settings = {_MODE: "opt"},
    doc = "Checks the compilation mode of what is built with -c opt.",
)

dbg_mode_test = analysistest.make(
    _mode_impl,
    attrs = _ATTRS,
    config_settings = {_MODE: "dbg"},
    doc = "The same with -c dbg.",
)

def same_in_all_modes(name, target, group = ""):
    """Tests that neither -c opt nor -c dbg builds a target anew.

    Args:
      name: what the target is.
      target: its label.
      group: of its outputs.
    """
    opt_mode_test(name = name + "_opt_mode_test", group = group, target_under_test = target)
    dbg_mode_test(name = name + "_dbg_mode_test", group = group, target_under_test = target)
