# SPDX-License-Identifier: Apache-2.0
"""The program `ktstr`: a file for each of its commands.

A command's module has `HELP`, a line on it, `add`, which declares its arguments, and `run`, which
does it and returns the exit code: 0, 1 for what the command is there to find, 2 where data are
missing. 3 is `main`'s, for mistakes of the user's and of ours.
"""
