#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Says what the runner of the kernel's selftests says (tools/testing/selftests/sched_ext/runner.c of
# 6.12): -t NAME. Like that one it ends with 0 whatever came of a test.
name=$2 passed=0 skipped=0 failed=0
case $name in
  passes) passed=1 ;;
  is_skipped) skipped=1 ;;
  fails) failed=1 ;;
  runs_two) passed=2 ;;
esac
printf '===== START =====\nTEST: %s\nOUTPUT:\n=====  END  =====\n' "$name"
printf '\n\n=============================\n\nRESULTS:\n\n'
printf 'PASSED:  %d\nSKIPPED: %d\nFAILED:  %d\n' "$passed" "$skipped" "$failed"
