# SPDX-License-Identifier: Apache-2.0
"""A test function in the guest: its process, and what it may ask the agent for."""
