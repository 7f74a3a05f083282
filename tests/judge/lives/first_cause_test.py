# SPDX-License-Identifier: Apache-2.0
"""The first cause of a scheduler that did not load, from what programs and kernels say."""

from __future__ import annotations

from absl.testing import absltest, parameterized

from ktstr.judge.lives.first_cause import causes, last_words

_KFUNC = """\
libbpf: extern (func ksym) 'scx_bpf_of_tomorrow': not found in kernel or module BTFs
libbpf: failed to load BPF skeleton 'mine': -22
libbpf: failed to load object 'mine.bpf.o'
scx-loader: the kernel did not load the scheduler: Invalid argument
"""
_POISONED = """\
libbpf: prog 'mine_init': BPF program load failed: Invalid argument
libbpf: prog 'mine_init': -- BEGIN PROG LOAD LOG --
0: R1=ctx() R10=fp0
4: <invalid kfunc call>
kfunc 'scx_bpf_of_tomorrow' is referenced but wasn't resolved
processed 5 insns (limit 1000000) max_states_per_insn 0 total_states 0
-- END PROG LOAD LOG --
libbpf: prog 'mine_init': failed to load: -22
"""
_RELOCATION = """\
libbpf: prog 'mine_enqueue': BPF program load failed: Invalid argument
libbpf: prog 'mine_enqueue': -- BEGIN PROG LOAD LOG --
2: <invalid CO-RE relocation>
failed to resolve CO-RE relocation <byte_off> [14] struct task_struct.later (0:3 @ offset 24)
processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0
-- END PROG LOAD LOG --
libbpf: prog 'mine_enqueue': failed to load: -22
"""
_VERIFIER = """\
libbpf: prog 'mine_enqueue': BPF program load failed: Permission denied
libbpf: prog 'mine_enqueue': -- BEGIN PROG LOAD LOG --
1: (79) r1 = *(u64 *)(r1 +0)
R1 invalid mem access 'scalar'
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0
-- END PROG LOAD LOG --
libbpf: prog 'mine_enqueue': failed to load: -13
"""
_EXPLAINED = """\
libbpf: prog 'mine_enqueue': BPF program load failed: Permission denied
libbpf: prog 'mine_enqueue': -- BEGIN PROG LOAD LOG --
7: (0f) r3 += r2                      ; R2=scalar() R3=map_value(map=mine.bss)
arithmetic on a map_value pointer with a number without bounds is not allowed

Verification failed: Pointer Arithmetic: The offset has no bounds

Reason:
  The program adds a number to a pointer that the verifier knows nothing of.

At:
  mine.bpf.c:31 | values[index] = 1;

Causal path:
  At instruction 5 a helper returned this number.

Suggestion:
  Compare the number with the size of what it is an offset
  into before the addition.

processed 8 insns (limit 1000000) max_states_per_insn 0 total_states 0
-- END PROG LOAD LOG --
libbpf: prog 'mine_enqueue': failed to load: -13
"""
_ONLY_EXPLAINED = """\
libbpf: prog 'mine_enqueue': -- BEGIN PROG LOAD LOG --
7: (95) exit

Verification failed: Execution Context Safety: A lock is held at the end

Reason:
  The path ends while it holds a lock.

processed 8 insns (limit 1000000) max_states_per_insn 0 total_states 0
-- END PROG LOAD LOG --
"""
_NO_STATISTICS = """\
libbpf: prog 'mine_yield': -- BEGIN PROG LOAD LOG --
attach to unsupported member mine_yield of struct sched_ext_ops
-- END PROG LOAD LOG --
"""
_SILENT = """\
libbpf: prog 'mine_init': BPF program load failed: Operation not permitted
libbpf: prog 'mine_init': -- BEGIN PROG LOAD LOG --
-- END PROG LOAD LOG --
"""
_ANYHOW = """\
11:02:03 [INFO] mine starts
Error: Failed to attach struct ops

Caused by:
    0: mine_ops
    1: bpf call "bpf_map__attach_struct_ops" returned NULL
    2: Argument list too long (os error 7)

Stack backtrace:
   0: anyhow::error
   1: main
"""
_PANIC = """\
thread 'main' (81) panicked at src/main.rs:40:9:
no CPU in LLC 3
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
"""
_OLD_PANIC = """\
thread 'main' panicked at 'no CPU in LLC 3', src/main.rs:40:9
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
"""
_BUG = """\
[SCX_BUG] scx_mine.c:71 (Argument list too long)
Failed to attach struct ops
"""
_CHAIN_OF_LINES = """\
Error: Failed to load

Caused by:
    0: the first
       0: with a line that looks like the next

       and one behind a blank one
    1: the cause
       a hint

Stack backtrace:
    2: not this
"""
_UNWRAPPED = """\
thread 'main' panicked at src/main.rs:40:9:
called `Result::unwrap()` on an `Err` value: Failed to attach

Caused by:
    Argument list too long (os error 7)
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
"""
_UNWRAPPED_LATER = """\
thread 'helper' panicked at src/main.rs:40:9:
no CPU in LLC 3
Error: a thread is gone

Caused by:
    nobody knows
"""
_OLD_PANIC_OF_LINES = """\
thread 'main' panicked at 'assertion failed: `(left == right)`
  left: `1`,
 right: `2`: no', src/main.rs:40:9
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
"""
_EYRE = """\
Error:
   0: \x1b[91mFailed to attach\x1b[0m
   1: \x1b[91mArgument list too long (os error 7)\x1b[0m

Location:
   src/main.rs:40
"""
_CLAP = """\
\x1b[1m\x1b[31merror:\x1b[0m unexpected argument '--slice' found

Usage: mine [OPTIONS]

For more information, try '--help'.
"""
_GETOPT = """\
mine: unrecognized option '--slice'
Usage: mine [-v]
  -h  shows this
"""
_TIMEOUT = "the kernel takes 30000 as ops.timeout_ms at most"


class FirstCauseTest(parameterized.TestCase):
    @parameterized.named_parameters(
        ("kfunc", _KFUNC, "the kernel has no kfunc scx_bpf_of_tomorrow"),
        ("weak kfunc", _POISONED, "the kernel has no kfunc scx_bpf_of_tomorrow"),
        ("kfunc of another kind",
         "libbpf: extern (func ksym) 'scx_bpf_x': func_proto [31] incompatible with vmlinux [9]\n",
         "the kernel's kfunc scx_bpf_x takes other arguments"),
        ("variable", "libbpf: extern (var ksym) 'later_cpu': not found in kernel BTF\n",
         "the kernel has no variable later_cpu"),
        ("field of the ops",
         "libbpf: struct_ops init_kern mine_ops: Cannot find member later in kernel BTF\n",
         "the kernel's struct sched_ext_ops has no field later"),
        ("no sched_ext",
         "libbpf: struct_ops init_kern: struct sched_ext_ops is not found in kernel BTF\n",
         "the kernel has no struct sched_ext_ops: was it built with CONFIG_SCHED_CLASS_EXT?"),
        ("other field",
         "libbpf: struct_ops init_kern mine_ops: Error in size of member flags: 8 != 4(kernel)\n",
         "does not fit mine_ops: Error in size of member flags: 8 != 4(kernel)"),
        ("relocation", _RELOCATION, "asks for: <byte_off> [14] struct task_struct.later (0:3"),
        ("map", "libbpf: map 'arena': failed to create: Invalid argument(-22)\n",
         "the kernel did not create map arena: Invalid argument(-22)"),
        ("no BTF", "libbpf: failed to find valid kernel BTF\n", "the kernel has no BTF"),
        ("verifier", _VERIFIER, "the verifier said: R1 invalid mem access 'scalar'"),
        (
            "verifier with lines",
            _VERIFIER.replace("1: (79)", "; p = *q; @ mine.bpf.c:7\n1: (79)"),
            "the verifier said: R1 invalid mem access 'scalar' (mine_enqueue, at mine.bpf.c:7: p = "
            "*q;)",
        ),
        ("verifier of 7.3", _EXPLAINED,
         "the verifier said: arithmetic on a map_value pointer with a number without bounds is"),
        ("verifier of 7.3 alone", _ONLY_EXPLAINED,
         "the verifier said: Execution Context Safety: A lock is held at the end"),
        ("unsupported", _NO_STATISTICS, "struct sched_ext_ops takes no program for mine_yield"),
        ("program", _SILENT, "did not load program mine_init: Operation not permitted"),
        ("chain", _ANYHOW,
         "it said: Failed to attach struct ops: Argument list too long (os error 7)"),
        ("single cause", "Error: cannot open\n\nCaused by:\n    no such file\n\nmore\n",
         "it said: cannot open: no such file"),
        ("error alone", "Error: cannot open\n", "it said: cannot open"),
        ("panic", _PANIC, "it panicked: no CPU in LLC 3"),
        ("older panic", _OLD_PANIC, "it panicked: no CPU in LLC 3"),
        ("panic of lines", _OLD_PANIC_OF_LINES, "it panicked: assertion failed: `(left == right)`"),
        ("panic in a log", f"11:02:03 [ERROR] {_PANIC}", "it panicked: no CPU in LLC 3"),
        ("panic without words", _PANIC.replace("no CPU in LLC 3", ""),
         "it panicked: without a message, at src/main.rs:40:9"),
        ("panic over an error", _UNWRAPPED,
         "Err` value: Failed to attach: Argument list too long (os error 7)"),
        ("panic of a thread", _UNWRAPPED_LATER, "it panicked: no CPU in LLC 3"),
        ("panic of Go", "panic: no CPU\n\ngoroutine 1 [running]:\nexit status 2\n",
         "it panicked: no CPU"),
        ("chain of lines", _CHAIN_OF_LINES, "it said: Failed to load: the cause"),
        ("chain in colours", _ANYHOW.replace("Error", "\x1b[31mError\x1b[0m"),
         "it said: Failed to attach struct ops: Argument list too long (os error 7)"),
        ("chain of a terminal", _ANYHOW.replace("\n", "\r\n"),
         "it said: Failed to attach struct ops: Argument list too long (os error 7)"),
        ("list alone", _EYRE, "it said: Failed to attach: Argument list too long (os error 7)"),
        ("option", _CLAP, "it said: unexpected argument '--slice' found"),
        ("option of a C program", _GETOPT, "it said: unrecognized option '--slice'"),
        ("macro of the kernel's tools", _BUG,
         "it said: Failed to attach struct ops (scx_mine.c:71, Argument list too long)"),
        ("another library", "starting\ngave up\n", "it last said: gave up"),
    )  # fmt: skip
    def test_is_named(self, said: str, cause: str) -> None:
        self.assertIn(cause, causes(said, ())[0])

    @parameterized.named_parameters(
        ("chain", _ANYHOW, _TIMEOUT),
        ("panic", _UNWRAPPED, _TIMEOUT),
        ("macro", _BUG, _TIMEOUT),
        ("loader", "scx-loader: the kernel did not attach x: Argument list too long\n", _TIMEOUT),
        ("suggestion", _EXPLAINED,
         "it suggests: Compare the number with the size of what it is an offset into before the"),
        ("permission", _SILENT, "a permission lacks: bpf(2) wants CAP_BPF and CAP_PERFMON"),
        ("busy", "scx-loader: the kernel did not attach x: Device or resource busy\n", "another"),
    )  # fmt: skip
    def test_is_explained(self, said: str, meaning: str) -> None:
        self.assertIn(meaning, causes(said, ())[1])

    def test_errors_of_other_things_are_not_explained(self) -> None:
        said = "cannot read /etc/mine.toml: Invalid argument\n"
        self.assertEqual(
            causes(said, ()), ("it last said: cannot read /etc/mine.toml: Invalid argument",)
        )

    def test_the_kernel_is_a_witness(self) -> None:
        line = 'sched_ext: Not compatible with "isolcpus=" domain isolation'
        told = causes("Failed to attach: Invalid argument\n", (line,))
        self.assertEqual(told[-1], f"the kernel's log says: {line}")
        self.assertEqual(causes("", (line,)), (f"the kernel's log says: {line}",))

    def test_silence_is_none(self) -> None:
        self.assertEqual(causes("\n", ()), ())
        self.assertEqual(last_words("\n"), "")

    def test_the_last_of_several_attempts_counts(self) -> None:
        first = _KFUNC.replace("tomorrow", "yesterday")
        self.assertIn("scx_bpf_of_tomorrow", causes(first + _KFUNC, ())[0])

    def test_a_log_that_repeats_itself_is_read_at_once(self) -> None:
        for line in ("thread 'a' panicked at ", "thread 'a' panicked at 'x\n", "thread 'a' "):
            self.assertLen(causes(line * 9000, ()), 1)

    def test_a_long_line_is_cut(self) -> None:
        self.assertLess(len(causes("x" * 9000, ())[0]), 400)


if __name__ == "__main__":
    absltest.main()
