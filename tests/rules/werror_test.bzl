# SPDX-License-Identifier: Apache-2.0
"""Warnings end the builds that ask for it, and no others."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:bpf_object.bzl", "bpf_object")
load("//rules:scheduler.bzl", "scx_scheduler")
load("//rules:static_binary.bzl", "static_binary")

_COMPILERS = ["BpfCompile", "StaticBinary"]

def _impl(ctx):
    env = analysistest.begin(ctx)
    actions = [a for a in analysistest.target_actions(env) if a.mnemonic in _COMPILERS]
    asserts.equals(env, 1, len(actions))
    for action in actions:
        asserts.true(env, "-Wall" in action.argv, str(action.argv))
        asserts.equals(env, ctx.attr.ends, "-Werror" in action.argv, str(action.argv))
    return analysistest.end(env)

_ATTRS = {"ends": attr.bool()}
_asked_test = analysistest.make(_impl, attrs = _ATTRS, config_settings = {str(Label("//rules:werror")): True})
_plain_test = analysistest.make(_impl, attrs = _ATTRS, config_settings = {str(Label("//rules:werror")): False})

def werror_tests(name):
    """Declares all tests.

    Args:
      name: of the suite.
    """
    static_binary(name = "warned_program", srcs = ["warned.c"], tags = ["manual"])
    bpf_object(name = "warned_object", src = "warned.c", tags = ["manual"])
    scx_scheduler(name = "warned_scheduler", src = "warned.bpf.c", tags = ["manual"])
    tests = []
    for target in ["warned_program", "warned_object", "warned_scheduler"]:
        for kind, test in {"asked": _asked_test, "plain": _plain_test}.items():
            tests.append("%s_%s_test" % (target, kind))
            test(name = tests[-1], ends = kind == "asked", target_under_test = target)
    native.test_suite(name = name, tests = tests)
