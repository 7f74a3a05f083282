# SPDX-License-Identifier: Apache-2.0
"""`--play`: trials of `ktstr fuzz` on a target's machine."""
