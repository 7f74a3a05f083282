# SPDX-License-Identifier: Apache-2.0
"""Tests of what ktstr_test does with payloads."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:providers.bzl", "PayloadInfo")

def _wiring_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    infos = [each[PayloadInfo] for each in ctx.attr.payloads]

    config = None
    compared = None
    for action in analysistest.target_actions(env):
        if [file for file in action.outputs.to_list() if file.basename.endswith(".config.json")]:
            config = json.decode(action.content)
        if action.mnemonic == "PayloadCollisions":
            compared = action
    asserts.equals(
        env,
        [(info.name, "_main/" + info.layer.short_path) for info in infos],
        [(each["payload"]["name"], each["layer"]) for each in config["payloads"]],
    )

    runfiles = target[DefaultInfo].default_runfiles.files.to_list()
    for info in infos:
        asserts.true(env, info.layer in runfiles, "%s is in the runfiles" % info.layer.short_path)
        asserts.true(env, info.index in compared.inputs.to_list(), "%s is compared" % info.name)

    # Bazel runs what is in this group whenever it builds the target.

    # Bazel adds those of what it is made of, such as the kernel's configuration.
    own = [
        each
        for each in target[OutputGroupInfo]._validation.to_list()
        if each.owner.package == ctx.label.package
    ]
    asserts.equals(env, compared.outputs.to_list(), own)
    return analysistest.end(env)

wiring_test = analysistest.make(
    _wiring_impl,
    attrs = {"payloads": attr.label_list(mandatory = True, providers = [PayloadInfo])},
    doc = "Checks that payloads of a ktstr_test reach its runner and are compared with each other.",
)
