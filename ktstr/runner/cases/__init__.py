# SPDX-License-Identifier: Apache-2.0
"""Which tests a target has and which of them run, and the plan of each."""
