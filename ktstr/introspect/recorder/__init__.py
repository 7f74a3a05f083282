# SPDX-License-Identifier: Apache-2.0
"""What led to a failure in real time, recorded by BPF programs in a second guest."""
