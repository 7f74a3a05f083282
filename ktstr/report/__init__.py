# SPDX-License-Identifier: Apache-2.0
"""Renderings of results, for people and for other programs; made of the result alone."""
