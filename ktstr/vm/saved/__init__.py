# SPDX-License-Identifier: Apache-2.0
"""A saved guest's state: its memory, its devices, its clock."""
