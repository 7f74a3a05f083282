# SPDX-License-Identifier: Apache-2.0
"""Tests of what ktstr_test tells Bazel and the runner."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")

def _resources_impl(ctx):
    env = analysistest.begin(ctx)
    found = analysistest.target_under_test(env)[testing.ExecutionInfo].requirements
    asserts.equals(env, sorted(ctx.attr.resources), sorted(found))
    return analysistest.end(env)

resources_test = analysistest.make(
    _resources_impl,
    attrs = {"resources": attr.string_list(mandatory = True)},
    doc = "Checks the resources that a ktstr_test reserves on the host.",
)

_ACCEL = str(Label("//rules:accel"))

kvm_resources_test = analysistest.make(
    _resources_impl,
    attrs = {"resources": attr.string_list(mandatory = True)},
    config_settings = {_ACCEL: "kvm"},
    doc = "The same with --//rules:accel=kvm.",
)

virtual_resources_test = analysistest.make(
    _resources_impl,
    attrs = {"resources": attr.string_list(mandatory = True)},
    config_settings = {_ACCEL: "virtual"},
    doc = "The same with --//rules:accel=virtual.",
)

_KVM = str(Label("//rules:kvm"))

with_kvm_resources_test = analysistest.make(
    _resources_impl,
    attrs = {"resources": attr.string_list(mandatory = True)},
    config_settings = {_KVM: "yes"},
    doc = "The same with --//rules:kvm=yes.",
)

without_kvm_resources_test = analysistest.make(
    _resources_impl,
    attrs = {"resources": attr.string_list(mandatory = True)},
    config_settings = {_KVM: "no"},
    doc = "The same with --//rules:kvm=no.",
)

def _config_impl(ctx):
    env = analysistest.begin(ctx)
    written = None
    for action in analysistest.target_actions(env):
        if [file for file in action.outputs.to_list() if file.basename.endswith(".config.json")]:
            written = json.decode(action.content)
    for key, expected in json.decode(ctx.attr.expected).items():
        asserts.equals(env, expected, written[key])
    return analysistest.end(env)

config_test = analysistest.make(
    _config_impl,
    attrs = {"expected": attr.string(mandatory = True)},
    doc = "Checks keys of the configuration that the runner reads.",
)

tcg_config_test = analysistest.make(
    _config_impl,
    attrs = {"expected": attr.string(mandatory = True)},
    config_settings = {_ACCEL: "tcg"},
    doc = "The same with --//rules:accel=tcg.",
)

kvm_config_test = analysistest.make(
    _config_impl,
    attrs = {"expected": attr.string(mandatory = True)},
    config_settings = {_ACCEL: "kvm"},
    doc = "The same with --//rules:accel=kvm.",
)

seeded_config_test = analysistest.make(
    _config_impl,
    attrs = {"expected": attr.string(mandatory = True)},
    config_settings = {str(Label("//rules:seed")): 42},
    doc = "The same with --//rules:seed=42.",
)

same_seed_config_test = analysistest.make(
    _config_impl,
    attrs = {"expected": attr.string(mandatory = True)},
    config_settings = {str(Label("//rules:same_seed")): True},
    doc = "The same with --//rules:same_seed.",
)
