# SPDX-License-Identifier: Apache-2.0
"""Tests that a mistake in a payload is told in analysis, in words that help."""

load("//rules:payload.bzl", "payload")
load("//tests/rules:failure_test.bzl", "failure_test")

def refused(name, messages, **kwargs):
    """A payload that must fail in analysis.

    Args:
      name: name of the test.
      messages: texts that the error must contain.
      **kwargs: attributes of the payload; without a program it is fio.
    """
    subject = kwargs.pop("subject", name + ".subject")
    if "binary" not in kwargs:
        kwargs.setdefault("path", "usr/bin/fio")
    payload(name = subject, tags = ["manual"], **kwargs)
    failure_test(
        name = name,
        messages = messages,
        target_under_test = ":" + subject,
    )
