# SPDX-License-Identifier: Apache-2.0
"""NUMA nodes that differ from each other, for `ktstr_test(numa = ...)`."""

load("//rules/private/test:numa.bzl", _numa_node = "numa_node", _side_cache = "side_cache")

numa_node = _numa_node
side_cache = _side_cache
