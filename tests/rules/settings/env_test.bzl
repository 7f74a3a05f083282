# SPDX-License-Identifier: Apache-2.0
"""Tests of the environment that a ktstr_test gives to its test modules."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

def _env_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    found = target[RunEnvironmentInfo]
    asserts.equals(env, ctx.attr.environment, found.environment)
    asserts.equals(env, ctx.attr.inherited, found.inherited_environment)
    (written,) = [
        json.decode(action.content)
        for action in analysistest.target_actions(env)
        if [file for file in action.outputs.to_list() if file.basename.endswith(".config.json")]
    ]
    names = sorted(ctx.attr.environment.keys() + ctx.attr.inherited)
    asserts.equals(env, names, written["passed_env"])
    return analysistest.end(env)

env_test = analysistest.make(
    _env_impl,
    attrs = {
        "environment": attr.string_dict(doc = "Variables that are set."),
        "inherited": attr.string_list(doc = "Variables of Bazel's client."),
    },
    doc = "Checks what of the environment is set, what is inherited, and what the guest is told.",
)
