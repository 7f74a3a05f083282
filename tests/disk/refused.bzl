# SPDX-License-Identifier: Apache-2.0
"""Tests that a mistake in a disk, or in a test's disks, is told in analysis."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts")
load("//rules:disk.bzl", "disk_template")
load("//rules:test.bzl", "ktstr_test")

def _impl(ctx):
    env = analysistest.begin(ctx)
    for text in ctx.attr.messages:
        asserts.expect_failure(env, text)
    return analysistest.end(env)

_failure_test = analysistest.make(
    _impl,
    attrs = {"messages": attr.string_list(mandatory = True, allow_empty = False)},
    expect_failure = True,
)

def refused_template(name, messages, **kwargs):
    """A disk_template that must fail in analysis.

    Args:
      name: name of the test.
      messages: texts that the error must contain.
      **kwargs: attributes of the disk_template; filesystem and size have defaults.
    """
    subject = name + ".subject"
    kwargs.setdefault("filesystem", "ext4")
    kwargs.setdefault("size", "64M")
    disk_template(name = subject, tags = ["manual"], **kwargs)
    _failure_test(name = name, messages = messages, target_under_test = ":" + subject)

def refused_disks(name, messages, disks):
    """A ktstr_test whose disks must fail in analysis.

    Args:
      name: name of the test.
      messages: texts that the error must contain.
      disks: the test's disks.
    """
    subject = name + ".subject"
    ktstr_test(name = subject, srcs = ["fresh.py"], disks = disks, tags = ["manual"])
    _failure_test(name = name, messages = messages, target_under_test = ":" + subject)
