# SPDX-License-Identifier: Apache-2.0
"""Kernels built from source."""

load("//rules/private:kernel_image.bzl", _kernel_image = "kernel_image")

kernel_image = _kernel_image
