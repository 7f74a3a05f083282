# SPDX-License-Identifier: Apache-2.0
"""The rule `bpf_object`."""

load("//rules/private/build:bpf_object.bzl", _bpf_object = "bpf_object")

bpf_object = _bpf_object
