# SPDX-License-Identifier: Apache-2.0
"""Two sets of results compared: what became better or worse, by how much, and how sure that is."""
