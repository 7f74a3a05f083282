# SPDX-License-Identifier: Apache-2.0
"""What rules run with: QEMU and Python, each as one directory, and programs packed to start quickly."""

load("//rules/private/build:python_archive.bzl", _python_archive = "python_archive")
load("//rules/private/build:python_tree.bzl", _python_tree = "python_tree")
load("//rules/private/build:qemu_tree.bzl", _qemu_tree = "qemu_tree")

python_archive = _python_archive
python_tree = _python_tree
qemu_tree = _qemu_tree
