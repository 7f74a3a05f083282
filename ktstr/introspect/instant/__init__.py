# SPDX-License-Identifier: Apache-2.0
"""A guest that stands at any instant of its run, for as long as somebody looks."""
