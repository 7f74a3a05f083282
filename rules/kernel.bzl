# SPDX-License-Identifier: Apache-2.0
"""Kernels: built from source, or by somebody else."""

load("//rules/private/kernel:image.bzl", _kernel_image = "kernel_image")
load("//rules/private/kernel:incremental.bzl", _incremental_kernel = "incremental_kernel")
load("//rules/private/kernel:prebuilt.bzl", _prebuilt_kernel = "prebuilt_kernel")
load("//rules/private/kernel:source.bzl", _kernel_source = "kernel_source")

incremental_kernel = _incremental_kernel
kernel_image = _kernel_image
kernel_source = _kernel_source
prebuilt_kernel = _prebuilt_kernel
