# SPDX-License-Identifier: Apache-2.0
"""Snapshots of a guest at times, and when something happens in its kernel."""
