# SPDX-License-Identifier: Apache-2.0
"""What a PASS rests on, and what a failure that was asked for comes to."""
