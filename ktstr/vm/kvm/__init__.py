# SPDX-License-Identifier: Apache-2.0
"""Whether KVM works here, found out by a guest."""
