# SPDX-License-Identifier: Apache-2.0
"""`NAME.shell`: the guest of a target, for a terminal or for one command."""
