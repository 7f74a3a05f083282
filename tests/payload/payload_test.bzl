# SPDX-License-Identifier: Apache-2.0
"""The test of what a payload tells the tests that run it."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:providers.bzl", "PayloadInfo")

def _payload_impl(ctx):
    env = analysistest.begin(ctx)
    found = analysistest.target_under_test(env)[PayloadInfo].payload
    asserts.equals(env, json.decode(ctx.attr.expected), json.decode(json.encode(found)))
    return analysistest.end(env)

payload_test = analysistest.make(
    _payload_impl,
    attrs = {"expected": attr.string(mandatory = True)},
    doc = "Checks what a payload tells the tests that run it.",
)
