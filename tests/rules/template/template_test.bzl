# SPDX-License-Identifier: Apache-2.0
"""Tests of which saved guest a ktstr_test is given."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:test.bzl", "ktstr_test")

_ACCEL = str(Label("//rules:accel"))

def _templates(target):
    return [file.basename for file in target[OutputGroupInfo].template.to_list()]

def _configured(env):
    return [
        json.decode(action.content)["template"]
        for action in analysistest.target_actions(env)
        if [file for file in action.outputs.to_list() if file.basename.endswith(".config.json")]
    ]

def _shared_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    own, others = _templates(target), _templates(ctx.attr.other)
    asserts.equals(env, 1, len(own))
    asserts.equals(env, ctx.attr.shared, own == others)
    asserts.equals(env, [own[0]], [each.rpartition("/")[2] for each in _configured(env)])
    runfiles = [file.basename for file in target[DefaultInfo].default_runfiles.files.to_list()]
    asserts.true(env, own[0] in runfiles, "%s is not in the runfiles" % own[0])
    return analysistest.end(env)

shared_template_test = analysistest.make(
    _shared_impl,
    attrs = {
        "other": attr.label(mandatory = True),
        "shared": attr.bool(default = True),
    },
    # a program of one's own is in no guest saved for another mode
    config_settings = {"//command_line_option:compilation_mode": "fastbuild"},
    doc = "Checks whether two tests are cloned from one guest.",
)

def _none_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.equals(env, [], _templates(analysistest.target_under_test(env)))
    asserts.equals(env, [""], _configured(env))
    return analysistest.end(env)

no_template_test = analysistest.make(
    _none_impl,
    doc = "Checks that the build saves no guest for a test.",
)

kvm_no_template_test = analysistest.make(
    _none_impl,
    config_settings = {_ACCEL: "kvm"},
    doc = "The same with --//rules:accel=kvm.",
)

tcg_no_template_test = analysistest.make(
    _none_impl,
    config_settings = {_ACCEL: "tcg"},
    doc = "The same with --//rules:accel=tcg.",
)

def _fresh_impl(ctx):
    env = analysistest.begin(ctx)
    written = [
        json.decode(action.content)
        for action in analysistest.target_actions(env)
        if [file for file in action.outputs.to_list() if file.basename.endswith(".config.json")]
    ]
    asserts.equals(env, [[True, ""]], [[each["fresh_boot"], each["template"]] for each in written])
    asserts.equals(env, [], _templates(analysistest.target_under_test(env)))
    return analysistest.end(env)

fresh_boot_test = analysistest.make(
    _fresh_impl,
    config_settings = {str(Label("//rules:fresh_boot")): True},
    doc = "Checks that --//rules:fresh_boot has a test boot cold.",
)

def _inputs_impl(ctx):
    env = analysistest.begin(ctx)
    (written,) = [
        json.decode(action.content)
        for action in analysistest.target_actions(env)
        if action.mnemonic == "FileWrite"
    ]
    for key, value in written["scheduler"].items():
        told = key in ["kargs", "label", "layer", "name", "sysctls"]
        asserts.true(env, told or not value, "a template knows %s = %r" % (key, value))
    for payload in written["payloads"]:
        for key, value in payload["payload"].items():
            told = key in ["name", "path", "program"] or [key, value] in [["output", "exit_code"], ["repeats", "all"]]
            asserts.true(env, told or not value, "a template knows %s = %r" % (key, value))
    return analysistest.end(env)

template_inputs_test = analysistest.make(
    _inputs_impl,
    doc = "Checks that a template is not made anew for what its bytes do not depend on.",
)

def other_machine(name, scheduler = "//sched/fifo", **kwargs):
    """A test whose machine differs from that of :same_machine in one thing, and the test of that.

    Args:
      name: what differs.
      scheduler: of the test.
      **kwargs: further attributes of the ktstr_test.
    """
    subject = "machine_with_other_" + name
    ktstr_test(
        name = subject,
        srcs = ["//tests/support:analysed.py"],
        accel = "virtual",
        kernel = "//sched/kernels:linux_6_12",
        scheduler = scheduler,
        tags = ["manual"],
        **kwargs
    )
    shared_template_test(
        name = "other_%s_has_another_template_test" % name,
        other = ":" + subject,
        shared = False,
        target_under_test = ":same_machine",
    )
