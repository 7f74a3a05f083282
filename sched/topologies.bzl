# SPDX-License-Identifier: Apache-2.0
"""The topologies that every in-tree scheduler is tested on."""

# One LLC; two LLCs; two LLCs with SMT; two NUMA nodes.
TOPOLOGIES = [
    "1n1l2c1t",
    "1n2l2c1t",
    "1n2l2c2t",
    "2n2l2c1t",
]
