#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# QEMU 7.2 (Debian 12, 1:7.2+dfsg-7+deb12u18+b3), seen on x86-64: under -icount with sleep=off, a guest
# that falls idle does not always find the same time when it wakes, even with one vCPU and nothing from
# outside. The main loop, which each timer wakes, too, lets the clock jump once it sees all vCPUs
# halted; it may see that before the vCPU's thread has added what that vCPU ran since it last read the
# clock, and then the clock comes too far by just that. While QEMU records a run (rr=record), its main
# loop and its vCPUs exclude each other, and guests run alike.
#
# The guest below is all of the machine's firmware. It waits for a timer, reads the clock, works for as
# long as that says, and waits again; what it has read goes to the debug console now and then.
#
# Seen: 5 outputs of 6 guests; 1 output of 6 guests while QEMU recorded. Exit status: 0 as seen, 1
# anything else, 2 packages not to be had.
set -euo pipefail

tmp=$(mktemp -d)
loads=()
finish() {
  ((${#loads[@]} == 0)) || kill "${loads[@]}" 2>/dev/null || true
  rm -rf "$tmp"
}
trap finish EXIT
cd "$tmp"

# The packages with all that they need, libc too, as if nothing was installed here.
mkdir -p archives/partial root
: >status
timeout 300 apt-get -qq -y --no-install-recommends --download-only -o Debug::NoLocking=1 \
  -o APT::Sandbox::User=root -o Dir::State::status="$tmp/status" \
  -o Dir::Cache::archives="$tmp/archives" install \
  qemu-system-x86=1:7.2+dfsg-7+deb12u18+b3 binutils=2.40-2 || exit 2
for package in archives/*.deb; do dpkg -x "$package" root; done
libraries=$tmp/root/lib/x86_64-linux-gnu
usr_libraries=$tmp/root/usr/lib/x86_64-linux-gnu
run() {
  local program=$1
  shift
  timeout 120 "$libraries/ld-linux-x86-64.so.2" \
    --library-path "$libraries:$usr_libraries:$usr_libraries/pulseaudio" \
    "root/usr/bin/$program" "$@"
}

cat >guest.s <<'END'
        .code16
_start:
        cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $0x7000, %sp
        movw    $tick, 0x20             # vector 8
        movw    $0xf000, 0x22
        movb    $0x11, %al              # the interrupt controller: vectors 8 on,
        outb    %al, $0x20
        movb    $8, %al
        outb    %al, $0x21
        movb    $4, %al
        outb    %al, $0x21
        movb    $1, %al
        outb    %al, $0x21
        movb    $0xfe, %al              # and none but the PIT,
        outb    %al, $0x21
        movb    $0x34, %al              # which ticks each millisecond (1193 of its own ticks)
        outb    %al, $0x43
        movb    $0xa9, %al
        outb    %al, $0x40
        movb    $0x04, %al
        outb    %al, $0x40
        xorl    %edi, %edi
        movl    $1, %esi
round:
        sti
        hlt
        cli
        rdtsc
        imull   $1103515245, %esi, %esi
        addl    %eax, %esi
        addl    $12345, %esi
        movl    %esi, %ecx
        shrl    $16, %ecx
        andl    $0x7fff, %ecx
        incl    %ecx
work:
        decl    %ecx
        jnz     work
        incl    %edi
        testl   $0x3ff, %edi
        jnz     round
        movl    %esi, %edx
        movb    $8, %cl
digit:
        roll    $4, %edx
        movb    %dl, %al
        andb    $15, %al
        addb    $'a', %al
        outb    %al, $0xe9
        decb    %cl
        jnz     digit
        movb    $'\n', %al
        outb    %al, $0xe9
        cmpl    $(40 << 10), %edi
        jb      round
        outb    %al, $0xf4              # isa-debug-exit: the end
        hlt
tick:
        pushw   %ax
        movb    $0x20, %al
        outb    %al, $0x20
        popw    %ax
        iretw
        .org    0xfff0
        jmp     _start
        .org    0x10000
END
run as --32 -o guest.o guest.s
run ld -m elf_i386 -e 0 -Ttext 0 --oformat binary -o firmware guest.o

export QEMU_MODULE_DIR=$usr_libraries/qemu
# finished OUTPUT ICOUNT: a guest that runs to its end (newline, doubled and one more: 21).
finished() {
  local output=$1 code=0
  run qemu-system-x86_64 -L "$tmp/root/usr/share/qemu" -M pc -cpu qemu64,-apic -m 2 \
    -nodefaults -no-user-config -display none -bios firmware \
    -accel tcg,thread=single -icount "shift=3,sleep=off$2" -seed 1 -rtc base=2026-01-01,clock=vm \
    -device isa-debug-exit,iobase=0xf4 -debugcon "file:$output" || code=$?
  if ((code != 21)); then
    echo "a guest ended with $code, expected 21" >&2
    exit 1
  fi
}
outputs() { sha256sum "$@" | cut -d ' ' -f 1 | sort -u | wc -l; }

# Beside a load on each CPU of the host, which virtual time is to hide, and without.
for round in 1 2; do
  for i in 1 2 3; do
    finished "plain$round$i" ''
    finished "recorded$round$i" ,rr=record,rrfile=/dev/null
  done
  for ((cpu = 0; cpu < $(nproc) && round == 1; cpu++)); do
    timeout 600 bash -c 'while :; do :; done' &
    loads+=($!)
  done
done

plain=$(outputs plain??) recorded=$(outputs recorded??)
run qemu-system-x86_64 --version | head -n 1
echo "different outputs: $plain of 6 guests, $recorded of 6 while QEMU recorded"
((plain > 1 && recorded == 1)) || { echo "not as seen before" >&2; exit 1; }
