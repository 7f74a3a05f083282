# SPDX-License-Identifier: Apache-2.0
"""Machines of arm64: what QEMU's `virt` has to be told of CPUs that differ."""
