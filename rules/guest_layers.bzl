# SPDX-License-Identifier: Apache-2.0
"""Layers of the guest that every test starts from; for ktstr's own guest."""

load(
    "//rules/private/initramfs:guest_layers.bzl",
    _guest_agent_layer = "guest_agent_layer",
    _guest_python_layer = "guest_python_layer",
)

visibility(["//ktstr/guest/...", "//tests/..."])

guest_agent_layer = _guest_agent_layer
guest_python_layer = _guest_python_layer
