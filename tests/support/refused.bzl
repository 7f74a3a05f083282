# SPDX-License-Identifier: Apache-2.0
"""`refused`: a mistake in a BUILD file is told in analysis, in words that help."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:defs.bzl", "disk_template", "ktstr_gauntlet", "ktstr_test", "payload")

visibility("//tests/...")

# By the rule or macro, what a test of another attribute need not say.
_LEAST = [
    (disk_template, {"filesystem": "ext4", "size": "64M"}),
    (ktstr_gauntlet, {"srcs": ["//tests/support:analysed.py"]}),
    (ktstr_test, {"srcs": ["//tests/support:analysed.py"]}),
    (payload, {"path": "usr/bin/fio"}),
]

def _impl(ctx):
    env = analysistest.begin(ctx)
    for text in ctx.attr.messages:
        asserts.expect_failure(env, text)
    return analysistest.end(env)

_failure_test = analysistest.make(
    _impl,
    attrs = {"messages": attr.string_list(mandatory = True, allow_empty = False)},
    doc = "Checks that a target fails in analysis, and what it says.",
    expect_failure = True,
)

def refused(name, messages, rule = ktstr_test, subject = None, **kwargs):
    """A target that must fail in analysis, and the test that it does.

    Args:
      name: name of the test.
      messages: texts that the error must contain.
      rule: the rule or macro that makes the target.
      subject: the target's name; left out: NAME.subject.
      **kwargs: attributes of the target. What it cannot do without has a value, which None takes
        away.

    Returns:
      The name, for a suite.
    """
    subject = subject or name + ".subject"
    for other, least in _LEAST:
        if rule == other:
            kwargs = least | kwargs
    rule(name = subject, tags = ["manual"], **kwargs)
    _failure_test(
        name = name,
        messages = messages,
        target_under_test = ":" + subject,
    )
    return name
