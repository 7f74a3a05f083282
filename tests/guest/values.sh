#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints its options, --key=value, as key=value.
for option; do
  echo "${option#--}"
done
