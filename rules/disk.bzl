# SPDX-License-Identifier: Apache-2.0
"""Disks of tests."""

load("//rules/private/disk:disk_template.bzl", _disk_template = "disk_template")
load("//rules/private/test:disks.bzl", _disk = "disk")

disk = _disk
disk_template = _disk_template
