# SPDX-License-Identifier: Apache-2.0
"""Tests that a mistake in a BUILD file is told in analysis, in words that help."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:test.bzl", "ktstr_test")

def _impl(ctx):
    env = analysistest.begin(ctx)
    for text in ctx.attr.messages:
        asserts.expect_failure(env, text)
    return analysistest.end(env)

failure_test = analysistest.make(
    _impl,
    attrs = {"messages": attr.string_list(mandatory = True, allow_empty = False)},
    doc = "Checks that a target fails in analysis, and what it says.",
    expect_failure = True,
)

def refused(name, messages, **kwargs):
    """A ktstr_test that must fail in analysis.

    Args:
      name: name of the test.
      messages: texts that the error must contain.
      **kwargs: attributes of the ktstr_test; srcs and tags have defaults.
    """
    subject = name + ".subject"
    kwargs.setdefault("srcs", ["scenario.py"])
    ktstr_test(name = subject, tags = ["manual"], **kwargs)
    failure_test(
        name = name,
        messages = messages,
        target_under_test = ":" + subject,
    )
