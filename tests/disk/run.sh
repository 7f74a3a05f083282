#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# On a disk of a test: shows that it is a program there.
echo hello
