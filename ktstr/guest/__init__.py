# SPDX-License-Identifier: Apache-2.0
"""Runs inside the VM: carries out a plan and reports raw facts."""
