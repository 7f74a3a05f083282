# SPDX-License-Identifier: Apache-2.0
"""Tests that a mistake in a disk, or in a test's disks, is told in analysis."""

load("//rules:disk.bzl", "disk_template")
load("//rules:test.bzl", "ktstr_test")
load("//tests/rules:failure_test.bzl", "failure_test")

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
    failure_test(name = name, messages = messages, target_under_test = ":" + subject)

def refused_disks(name, messages, disks):
    """A ktstr_test whose disks must fail in analysis.

    Args:
      name: name of the test.
      messages: texts that the error must contain.
      disks: the test's disks.
    """
    subject = name + ".subject"
    ktstr_test(name = subject, srcs = ["//tests/disk:fresh.py"], disks = disks, tags = ["manual"])
    failure_test(name = name, messages = messages, target_under_test = ":" + subject)
