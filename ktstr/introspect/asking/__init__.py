# SPDX-License-Identifier: Apache-2.0
"""Answers what a program in the guest asks for, while its vCPU stands still for it."""
