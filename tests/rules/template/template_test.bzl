# SPDX-License-Identifier: Apache-2.0
"""Tests of which saved guest a ktstr_test is given."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:test.bzl", "ktstr_test")

_ACCEL = str(Label("//rules:accel"))

def _templates(target):
    return target[OutputGroupInfo].template.to_list()

def _configured(env, key):
    return [
        json.decode(action.content)[key]
        for action in analysistest.target_actions(env)
        if [file for file in action.outputs.to_list() if file.basename.endswith(".config.json")]
    ]

def _shared_impl(ctx):
    env = analysistest.begin(ctx)
    target = analysistest.target_under_test(env)
    own, others = _templates(target), _templates(ctx.attr.other)
    asserts.equals(env, 1, len(own))
    asserts.equals(env, ctx.attr.shared, own == others)
    asserts.equals(env, ["_main/" + own[0].short_path], _configured(env, "template"))
    asserts.equals(env, [""], _configured(env, "no_template"))
    runfiles = target[DefaultInfo].default_runfiles.files.to_list()
    asserts.true(env, own[0] in runfiles, "%s is not in the runfiles" % own[0])
    return analysistest.end(env)

shared_template_test = analysistest.make(
    _shared_impl,
    attrs = {
        "other": attr.label(mandatory = True),
        "shared": attr.bool(default = True),
    },
    # `other` has that mode
    config_settings = {"//command_line_option:compilation_mode": "fastbuild"},
    doc = "Checks whether two tests are cloned from one guest, the file of one action.",
)

def _none_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.equals(env, [], _templates(analysistest.target_under_test(env)))
    asserts.equals(env, [""], _configured(env, "template"))
    asserts.equals(env, [ctx.attr.reason], _configured(env, "no_template"))
    return analysistest.end(env)

_REASON = {"reason": attr.string(doc = "Why, as the runner is told; empty where it knows.")}

no_template_test = analysistest.make(
    _none_impl,
    attrs = _REASON,
    doc = "Checks that the build saves no guest for a test.",
)

kvm_no_template_test = analysistest.make(
    _none_impl,
    attrs = _REASON,
    config_settings = {_ACCEL: "kvm"},
    doc = "The same with --//rules:accel=kvm.",
)

tcg_no_template_test = analysistest.make(
    _none_impl,
    attrs = _REASON,
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

_GuestInfo = provider(
    doc = "What a saved guest is made of.",
    fields = {"inputs": "list of File", "written": "dict: its configuration"},
)

def _guest_impl(_target, ctx):
    if not hasattr(ctx.rule.attr, "_saver"):
        guests = getattr(ctx.rule.attr, "_saved_guest", [])
        return [each[_GuestInfo] for each in guests]
    (saving,) = [action for action in _target.actions if action.mnemonic == "VmTemplate"]
    (writing,) = [action for action in _target.actions if action.mnemonic == "FileWrite"]
    return [_GuestInfo(inputs = saving.inputs.to_list(), written = json.decode(writing.content))]

_guest = aspect(implementation = _guest_impl, attr_aspects = ["_saved_guest"])

def _inputs_impl(ctx):
    env = analysistest.begin(ctx)
    info = analysistest.target_under_test(env)[_GuestInfo]
    for key in ["payloads", "scheduler", "staged", "workers", "disks", "sources"]:
        asserts.false(env, info.written[key], "a saved guest knows %s" % key)
    layers = [file.basename for file in info.inputs if file.extension == "cpio"]
    asserts.equals(env, ["agent.cpio", "layer.cpio", "python.cpio"], sorted(layers))

    # the kernel, QEMU and layers that tests have, too, and not such as were made for one shape
    for file in info.inputs:
        shaped = "-ST-" in file.root.path and "-exec" not in file.root.path
        own = file.basename.endswith(".config.json")
        asserts.equals(env, own, shaped, file.path)
    return analysistest.end(env)

template_inputs_test = analysistest.make(
    _inputs_impl,
    doc = "Checks that a saved guest is not made anew for what its bytes do not depend on.",
    extra_target_under_test_aspects = [_guest],
)

def _compared(name, shared, scheduler = "//sched/fifo", **kwargs):
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
        name = "other_%s_has_%s_template_test" % (name, "the_same" if shared else "another"),
        other = ":" + subject,
        shared = shared,
        target_under_test = ":same_machine",
    )

def other_machine(name, **kwargs):
    """A test whose machine differs from that of :same_machine in one thing, and the test of that.

    Args:
      name: what differs.
      **kwargs: attributes of the ktstr_test.
    """
    _compared(name, False, **kwargs)

def same_machine(name, **kwargs):
    """A test that differs from :same_machine in what comes into a clone, and the test of that.

    Args:
      name: what differs.
      **kwargs: attributes of the ktstr_test.
    """
    _compared(name, True, **kwargs)
