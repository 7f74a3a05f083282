# SPDX-License-Identifier: Apache-2.0
"""What the host saw of a run: vCPU threads' times, how the machine ended, and its own state.

All of it may differ between two identical runs; nothing of it enters a result outside `host`,
but for the ending of a machine.
"""
